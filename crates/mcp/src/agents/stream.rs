//! One stream of events to a legacy agent, which may lose its connection and take the stream up again (resumability,
//! 2025-11-25). What was sent is kept for that, within bounds; an agent that reads slowly holds up who writes.

use crate::flow::{BrokeOff, Speech};
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The most events that are kept of a stream.
const EVENTS: usize = 256;
/// The most bytes of them; one larger message is kept alone.
const BYTES: usize = 1 << 20;

/// A stream.
#[derive(Debug, Default)]
pub(super) struct Stream {
    state: Mutex<State>,
    written: Notify,
    read: Notify,
}

#[derive(Debug, Default)]
struct State {
    events: VecDeque<(u64, Bytes)>,
    bytes: usize,
    /// The number of the last event written; the first is 1.
    last: u64,
    /// Nothing more will be written.
    over: bool,
    /// Who reads: the newest reader alone, and how far it has come.
    reader: Option<u64>,
    seen: u64,
    readers: u64,
}

/// A connection that reads a stream.
#[derive(Debug)]
pub(super) struct Reader {
    stream: Arc<Stream>,
    number: u64,
}

impl Stream {
    /// Writes one event. Waits for a reader that is behind; without a reader the oldest events make room.
    pub(super) async fn write(&self, event: Bytes) {
        loop {
            let waits = self.read.notified();
            {
                let mut state = self.lock();
                if state.make_room(event.len()) {
                    state.last += 1;
                    let number = state.last;
                    state.bytes += event.len();
                    state.events.push_back((number, event));
                    break;
                }
            }
            waits.await;
        }
        self.written.notify_waiters();
    }

    /// Says something as one event; false when it broke off, for then something else follows.
    pub(super) async fn say(&self, speech: Speech) -> bool {
        match speech.whole().await {
            Ok(message) => self.write(message.into_bytes()).await,
            Err(BrokeOff) => return false,
        }
        true
    }

    /// Nothing more comes.
    pub(super) fn close(&self) {
        self.lock().over = true;
        self.written.notify_waiters();
    }

    /// Where a reader begins that names no event: after what the last one saw, or at the oldest that is kept.
    pub(super) fn position(&self) -> u64 {
        let state = self.lock();
        state.seen.max(state.events.front().map_or(state.last, |(number, _)| number - 1))
    }

    /// Whether someone reads it now.
    pub(super) fn is_read(&self) -> bool {
        self.lock().reader.is_some()
    }

    /// Whether nothing more comes, and nobody reads.
    pub(super) fn is_done(&self) -> bool {
        let state = self.lock();
        state.over && state.reader.is_none()
    }

    /// Reads what comes after event `seen`; `None` when some of that is no longer kept. Whoever read before is cut off.
    pub(super) fn read(self: &Arc<Self>, seen: u64) -> Option<Reader> {
        let mut state = self.lock();
        let oldest = state.events.front().map_or(state.last + 1, |(number, _)| *number);
        if seen > state.last || seen + 1 < oldest {
            return None;
        }
        state.readers += 1;
        state.seen = seen;
        let number = state.readers;
        state.reader = Some(number);
        drop(state);
        self.written.notify_waiters();
        Some(Reader { stream: Arc::clone(self), number })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Lets go of the oldest events, but none that the reader has yet to see.
    fn make_room(&mut self, size: usize) -> bool {
        while self.events.len() >= EVENTS || (self.bytes + size > BYTES && !self.events.is_empty()) {
            let unread = |number: u64| self.reader.is_some() && number > self.seen;
            match self.events.front() {
                Some((number, _)) if unread(*number) => return false,
                _ => {}
            }
            if let Some((_, event)) = self.events.pop_front() {
                self.bytes -= event.len();
            }
        }
        true
    }
}

impl Reader {
    /// The next event and its number; `None` at the end, and when another connection reads.
    pub(super) async fn next(&mut self) -> Option<(u64, Bytes)> {
        loop {
            let stream = Arc::clone(&self.stream);
            let waits = stream.written.notified();
            {
                let mut state = self.stream.lock();
                if state.reader != Some(self.number) {
                    return None;
                }
                let next = state.seen + 1;
                let found = state.events.iter().find(|(number, _)| *number == next).cloned();
                if let Some(found) = found {
                    state.seen = next;
                    drop(state);
                    self.stream.read.notify_waiters();
                    return Some(found);
                }
                if state.over {
                    return None;
                }
            }
            waits.await;
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.stream.lock();
        if state.reader == Some(self.number) {
            state.reader = None;
            drop(state);
            // Who waits to write waits for nobody any more.
            self.stream.read.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    fn event(number: u64) -> Bytes {
        number.to_string().into()
    }

    async fn written(events: u64) -> Arc<Stream> {
        let stream = Arc::new(Stream::default());
        for number in 1..=events {
            stream.write(event(number)).await;
        }
        stream
    }

    #[tokio::test]
    async fn a_stream_is_taken_up_after_the_last_event_seen() {
        let stream = written(3).await;
        stream.close();
        let mut reader = stream.read(1).unwrap();
        assert_eq!(reader.next().await, Some((2, event(2))));
        drop(reader);
        let mut again = stream.read(1).unwrap();
        assert_eq!(again.next().await, Some((2, event(2))));
        assert_eq!(again.next().await, Some((3, event(3))));
        assert_eq!(again.next().await, None);
        drop(again);
        assert!(stream.is_done());
    }

    #[tokio::test]
    async fn what_is_no_longer_kept_can_t_be_taken_up_and_nothing_is_left_out_in_silence() {
        let stream = written(EVENTS as u64 + 10).await;
        assert!(stream.read(0).is_none());
        assert!(stream.read(9).is_none());
        assert_eq!(stream.read(10).unwrap().next().await, Some((11, event(11))));
        assert!(stream.read(EVENTS as u64 + 11).is_none(), "from the future");
    }

    #[tokio::test]
    async fn a_slow_reader_holds_up_the_writer_and_one_that_leaves_does_not() {
        let stream = written(0).await;
        let mut reader = stream.read(0).unwrap();
        let writer = tokio::spawn({
            let stream = stream.clone();
            async move {
                for number in 1..=EVENTS as u64 + 5 {
                    stream.write(event(number)).await;
                }
            }
        });
        tokio::task::yield_now().await;
        assert!(
            timeout(Duration::from_millis(50), async {
                while !writer.is_finished() {
                    tokio::task::yield_now().await;
                }
            })
            .await
            .is_err()
        );
        assert_eq!(reader.next().await, Some((1, event(1))));
        drop(reader);
        writer.await.unwrap();
    }

    #[tokio::test]
    async fn the_newest_connection_alone_reads() {
        let stream = written(1).await;
        let mut first = stream.read(0).unwrap();
        let mut second = stream.read(0).unwrap();
        assert_eq!(first.next().await, None);
        assert_eq!(second.next().await, Some((1, event(1))));
        drop(first);
        assert!(stream.is_read(), "the first one's end cuts off nobody");
    }
}
