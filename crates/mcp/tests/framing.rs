//! Lines: the same messages however the bytes are cut, and a stream that goes on after a line that is too long.

use bytes::Bytes;
use mcp::RawId;
use mcp::flow::{BrokeOff, Spoken};
use mcp::framing::{Line, LineError, LineReader, LineWriter, one_line};
use proptest::prelude::*;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

/// Gives its bytes in the given cuts.
struct Chunks(Vec<Vec<u8>>);

impl AsyncRead for Chunks {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(chunk) = self.0.first_mut() {
            let rest = chunk.split_off(chunk.len().min(out.remaining()));
            out.put_slice(chunk);
            *chunk = rest;
        }
        self.0.retain(|chunk| !chunk.is_empty());
        Poll::Ready(Ok(()))
    }
}

/// What a reader gives: lines, and `None` where one was too long.
async fn read_all(chunks: Vec<Vec<u8>>, limit: usize) -> Vec<Option<Bytes>> {
    let chunks = chunks.into_iter().filter(|chunk| !chunk.is_empty()).collect();
    let mut reader = LineReader::new(Chunks(chunks), limit);
    let mut lines = Vec::new();
    loop {
        match reader.next().await {
            Ok(Some(line)) => lines.push(Some(line)),
            Ok(None) => return lines,
            Err(LineError::TooLong { .. }) => lines.push(None),
            Err(LineError::Io(error)) => panic!("{error}"),
        }
    }
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_lines(
        lines in prop::collection::vec("[ -~]{0,40}", 0..12),
        cuts in prop::collection::vec(1_usize..30, 0..60),
        ended: bool,
    ) {
        let mut text = lines.join("\n");
        if ended && !lines.is_empty() {
            text.push('\n');
        }
        let mut rest = text.as_bytes();
        let mut chunks = Vec::new();
        for cut in cuts {
            let (chunk, tail) = rest.split_at(cut.min(rest.len()));
            chunks.push(chunk.to_vec());
            rest = tail;
        }
        chunks.push(rest.to_vec());
        let limit = 20;
        let expected: Vec<_> = lines
            .iter()
            .filter(|line| line.len() > limit || !line.trim().is_empty())
            .map(|line| (line.len() <= limit).then(|| Bytes::copy_from_slice(line.as_bytes())))
            .collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        prop_assert_eq!(runtime.block_on(read_all(chunks, limit)), expected);
    }
}

#[tokio::test]
async fn a_line_that_is_too_long_is_refused_and_the_stream_goes_on() {
    let long = vec![b'x'; 100_000];
    let chunks = vec![b"one\n".to_vec(), long.clone(), long, b"\ntwo\n".to_vec()];
    let lines = read_all(chunks, 1000).await;
    assert_eq!(lines, [Some(Bytes::from("one")), None, Some(Bytes::from("two"))]);
}

#[tokio::test]
async fn a_line_begun_and_abandoned_is_finished_before_the_next_one() {
    let (ours, mut theirs) = tokio::io::duplex(4);
    let mut writer = LineWriter::new(ours);
    tokio::select! {
        biased;
        _ = writer.send(Bytes::from("a long first line")) => panic!("nobody reads, so it can't be sent"),
        () = std::future::ready(()) => {}
    }
    let sending = async {
        writer.send(Bytes::from("second")).await.unwrap();
        writer.close().await.unwrap();
    };
    let mut received = String::new();
    let (_, read) = tokio::join!(sending, theirs.read_to_string(&mut received));
    read.unwrap();
    assert_eq!(received, "a long first line\nsecond\n");
}

#[test]
fn line_breaks_between_tokens_become_spaces_and_nothing_else_changes() {
    let pretty = Bytes::from("{\r\n  \"a\": \"x\\n\"\n}");
    assert_eq!(one_line(pretty), Bytes::from("{    \"a\": \"x\\n\" }"));
}

#[tokio::test]
async fn a_long_line_is_begun_read_on_and_followed_by_the_next() {
    let long = "x".repeat(300_000);
    let text = format!("{{}}\n{long}\n{long}\n[]\n");
    let mut lines = LineReader::new(text.as_bytes(), 1 << 20);
    assert_eq!(lines.next_or_begun(100_000).await.unwrap(), Some(Line::Whole("{}".into())));
    let Some(Line::Begun(first)) = lines.next_or_begun(100_000).await.unwrap() else { panic!() };
    let mut length = first.len();
    while let Some(piece) = lines.more().await.unwrap() {
        length += piece.len();
    }
    assert_eq!(length, long.len());
    let Some(Line::Begun(first)) = lines.next_or_begun(100_000).await.unwrap() else { panic!() };
    assert_eq!(lines.rest_of(first).await.unwrap(), long);
    assert_eq!(lines.next_or_begun(100_000).await.unwrap(), Some(Line::Whole("[]".into())));
    assert_eq!(lines.next_or_begun(100_000).await.unwrap(), None);
}

#[tokio::test]
async fn an_answer_in_pieces_is_one_line_and_one_that_breaks_off_ends_its_own() {
    let (ours, mut theirs) = tokio::io::duplex(1 << 16);
    let mut writer = LineWriter::new(ours);
    for breaks in [false, true] {
        let (say, pieces) = tokio::sync::mpsc::channel(4);
        say.send(Ok("{\"a\":".into())).await.unwrap();
        let last = if breaks { Err(BrokeOff) } else { Ok("1}".into()) };
        say.send(last).await.unwrap();
        drop(say);
        writer.send_pieces(Spoken { id: RawId::number(1), pieces }).await.unwrap();
    }
    writer.close().await.unwrap();
    drop(writer);
    let mut written = String::new();
    theirs.read_to_string(&mut written).await.unwrap();
    let lines: Vec<_> = written.lines().collect();
    assert_eq!(lines, ["{\"a\":1}", "{\"a\":"]);
}
