//! Ways from a client to the server: straight, or through something in between. Blocking, so that what is measured is the way
//! and not the one who measures.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
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

    /// Connects to the endpoint at `url`, with a token where it wants one.
    pub(crate) fn http(url: &str, token: Option<&str>, tool: &str) -> (Self, Duration) {
        let began = Instant::now();
        let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut head = format!(
            "POST /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2025-11-25\r\n"
        );
        if let Some(token) = token {
            head.push_str(&format!("Authorization: Bearer {token}\r\n"));
        }
        Self::open(Line::Http { stream: connect(host), head }, tool, began)
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
        let request = self.next_call();
        let began = Instant::now();
        let answer = self.exchange(&request);
        let took = began.elapsed();
        let message = &request["params"]["arguments"]["message"];
        assert_eq!(&answer["result"]["content"][0]["text"], message, "{answer}");
        took
    }

    /// Keeps so many calls under way over `routes`, in turns, until `calls` are answered: how many a second that is.
    pub(crate) fn calls_a_second(routes: &mut [&mut Self], at_once: usize, calls: usize) -> f64 {
        let count = routes.len();
        let began = Instant::now();
        for number in 0..calls + at_once {
            let route = &mut routes[number % count];
            if number >= at_once {
                let answer = route.hear();
                assert!(answer["result"]["content"].is_array(), "{answer}");
            }
            if number < calls {
                let request = route.next_call();
                route.tell(&request);
            }
        }
        calls as f64 / began.elapsed().as_secs_f64()
    }

    fn next_call(&mut self) -> Value {
        self.calls += 1;
        let message = format!("hello {}", self.calls);
        let params = json!({"name": self.tool, "arguments": {"message": message}});
        json!({"jsonrpc": "2.0", "id": self.calls, "method": "tools/call", "params": params})
    }

    /// Another connection to the same end, in the same session; none where one line takes all calls.
    pub(crate) fn beside(&self, number: usize) -> Option<Self> {
        let Line::Http { stream, head } = &self.line else { return None };
        let line = Line::Http { stream: connect(stream.get_ref().peer_addr().unwrap()), head: head.clone() };
        // Requests of one session have different ids.
        let mut beside = Self { tool: self.tool.clone(), calls: number as u64 * 1_000_000, line };
        beside.call();
        Some(beside)
    }

    /// Makes it ready for its turn: a server may have hung up on a connection that was quiet for so long.
    pub(crate) fn take_turn(&mut self) {
        if let Line::Http { stream, .. } = &mut self.line {
            *stream = connect(stream.get_ref().peer_addr().unwrap());
        }
        self.call();
    }

    /// Lists the tools once; how long that took, and how many bytes came.
    pub(crate) fn list(&mut self) -> (Duration, usize) {
        self.calls += 1;
        let request = json!({"jsonrpc": "2.0", "id": self.calls, "method": "tools/list", "params": {}});
        let began = Instant::now();
        self.tell(&request);
        loop {
            let bytes = self.next();
            if !bytes.starts_with(br#"{"jsonrpc":"2.0","method""#) {
                return (began.elapsed(), bytes.len());
            }
        }
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
        let answer = self.hear();
        assert_eq!(answer["id"], request["id"], "{answer}");
        answer
    }

    /// The next answer.
    fn hear(&mut self) -> Value {
        loop {
            let message: Value = match &mut self.line {
                Line::Stdio { output, .. } => {
                    let mut line = String::new();
                    assert!(output.read_line(&mut line).unwrap() > 0, "the way is closed");
                    serde_json::from_str(&line).unwrap()
                }
                Line::Http { stream, head } => {
                    let answer = Answer::read(stream);
                    if let Some(session) =
                        answer.session.as_ref().filter(|_| !head.contains("Mcp-Session-Id"))
                    {
                        head.push_str(&format!("Mcp-Session-Id: {session}\r\n"));
                    }
                    answer.message()
                }
            };
            if message.get("method").is_none() {
                return message;
            }
        }
    }

    /// The bytes of what comes next, not read any further.
    fn next(&mut self) -> Vec<u8> {
        match &mut self.line {
            Line::Stdio { output, .. } => {
                let mut line = vec![];
                assert!(output.read_until(b'\n', &mut line).unwrap() > 0, "the way is closed");
                line
            }
            Line::Http { stream, .. } => Answer::read(stream).body,
        }
    }

    fn tell(&mut self, message: &Value) {
        match &mut self.line {
            Line::Stdio { input, .. } => input.write_all(format!("{message}\n").as_bytes()).unwrap(),
            Line::Http { stream, head } => {
                let body = message.to_string();
                let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
                stream.get_mut().write_all(request.as_bytes()).unwrap();
                if message.get("id").is_none() {
                    Answer::read(stream);
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

fn connect(to: impl ToSocketAddrs) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_nodelay(true).unwrap();
    BufReader::new(stream)
}

/// What came back over HTTP.
struct Answer {
    session: Option<String>,
    body: Vec<u8>,
}

impl Answer {
    fn read(stream: &mut BufReader<TcpStream>) -> Self {
        let (mut length, mut session) = (Some(0), None);
        loop {
            let line = line(stream);
            let Some((name, value)) = line.split_once(':') else {
                if line.is_empty() {
                    break;
                }
                continue;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().ok(),
                "transfer-encoding" => length = None,
                "mcp-session-id" => session = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        let mut body = Vec::new();
        match length {
            Some(length) => take(stream, length, &mut body),
            None => loop {
                let length = usize::from_str_radix(&line(stream), 16).unwrap();
                take(stream, length, &mut body);
                line(stream);
                if length == 0 {
                    break;
                }
            },
        }
        Self { session, body }
    }

    /// The message itself, or the last of a stream.
    fn message(&self) -> Value {
        let last = self.body.split(|byte| *byte == b'\n').rfind(|line| line.starts_with(b"data: {"));
        serde_json::from_slice(last.map_or(&self.body, |line| &line[6..])).unwrap()
    }
}

fn line(stream: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    assert!(stream.read_line(&mut line).unwrap() > 0, "the server closed");
    line.trim_end().to_owned()
}

fn take(stream: &mut BufReader<TcpStream>, length: usize, body: &mut Vec<u8>) {
    let known = body.len();
    body.resize(known + length, 0);
    stream.read_exact(&mut body[known..]).unwrap();
}
