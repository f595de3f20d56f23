//! Ways from a client to the server: straight, or through something in between. Blocking, so that what is measured is the way
//! and not the one who measures.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// One way to the server, open.
pub(crate) struct Route {
    tool: String,
    calls: u64,
    line: Line,
}

enum Line {
    Stdio { child: Child, input: ChildStdin, output: BufReader<ChildStdout> },
    Http { stream: BufReader<TcpStream>, head: String },
}

impl Route {
    /// Starts `command`, which speaks JSON lines, shakes hands, and tells how long that took.
    pub(crate) fn stdio(command: &mut Command, tool: &str) -> (Self, Duration) {
        let began = Instant::now();
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self::open(Line::Stdio { child, input, output }, tool, began)
    }

    /// Connects straight to the server at `url`.
    pub(crate) fn http(url: &str, tool: &str) -> (Self, Duration) {
        let began = Instant::now();
        let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let stream = TcpStream::connect(host).unwrap();
        stream.set_nodelay(true).unwrap();
        let head = format!(
            "POST /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2025-11-25\r\nContent-Length: "
        );
        Self::open(Line::Http { stream: BufReader::new(stream), head }, tool, began)
    }

    fn open(line: Line, tool: &str, began: Instant) -> (Self, Duration) {
        let mut route = Self { tool: tool.to_owned(), calls: 0, line };
        let hello = json!({
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1.0.0"},
        });
        let answer = route
            .exchange(&json!({"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": hello}));
        assert!(answer["result"].is_object(), "{answer}");
        let ready = began.elapsed();
        route.tell(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        (route, ready)
    }

    /// Calls the tool once and waits for its answer.
    pub(crate) fn call(&mut self) -> Duration {
        self.calls += 1;
        let message = format!("hello {}", self.calls);
        let params = json!({"name": self.tool, "arguments": {"message": message}});
        let request = json!({"jsonrpc": "2.0", "id": self.calls, "method": "tools/call", "params": params});
        let began = Instant::now();
        let answer = self.exchange(&request);
        let took = began.elapsed();
        assert_eq!(answer["result"]["content"][0]["text"], json!(message), "{answer}");
        took
    }

    /// The process that was started, if one was.
    pub(crate) fn pid(&self) -> Option<u32> {
        match &self.line {
            Line::Stdio { child, .. } => Some(child.id()),
            Line::Http { .. } => None,
        }
    }

    fn exchange(&mut self, request: &Value) -> Value {
        self.tell(request);
        loop {
            let message: Value = match &mut self.line {
                Line::Stdio { output, .. } => {
                    let mut line = String::new();
                    assert!(output.read_line(&mut line).unwrap() > 0, "the way is closed");
                    serde_json::from_str(&line).unwrap()
                }
                Line::Http { stream, .. } => serde_json::from_slice(&http_body(stream)).unwrap(),
            };
            if message["id"] == request["id"] && message.get("method").is_none() {
                return message;
            }
        }
    }

    fn tell(&mut self, message: &Value) {
        match &mut self.line {
            Line::Stdio { input, .. } => input.write_all(format!("{message}\n").as_bytes()).unwrap(),
            Line::Http { stream, head } => {
                let body = message.to_string();
                let request = format!("{head}{}\r\n\r\n{body}", body.len());
                stream.get_mut().write_all(request.as_bytes()).unwrap();
                if message.get("id").is_none() {
                    http_body(stream);
                }
            }
        }
    }
}

impl Drop for Route {
    fn drop(&mut self) {
        if let Line::Stdio { child, .. } = &mut self.line {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn http_body(stream: &mut BufReader<TcpStream>) -> Vec<u8> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        assert!(stream.read_line(&mut line).unwrap() > 0, "the server closed");
        if line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    body
}
