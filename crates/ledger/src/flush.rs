//! One thread that makes what was written durable. Receipts gather for a moment and go to the disk together, for a flush
//! holds up whoever writes meanwhile; one that somebody waits for goes at once.

use crate::LedgerError;
use std::fs::File;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::sync::watch;

/// How long receipts gather: what a power cut can take, of calls that nobody waited for.
const GATHER: Duration = Duration::from_millis(20);

/// Handle on the thread. Dropping it flushes what is left and waits.
pub(crate) struct Flusher {
    shared: Arc<Shared>,
    done: watch::Receiver<Durable>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    wanted: Mutex<Wanted>,
    wake: Condvar,
}

/// What should be on the disk.
struct Wanted {
    file: Arc<File>,
    size: u64,
    /// The thread has nothing to do and must be woken; otherwise it comes by itself.
    idle: bool,
    /// Somebody waits.
    urgent: bool,
    stop: bool,
}

/// What is on the disk.
#[derive(Clone)]
enum Durable {
    /// The first `n` receipts.
    UpTo(u64),
    /// Nobody knows: a failed flush may have dropped what it was to write, and the next would not say so.
    Failed(String),
}

impl Flusher {
    /// Starts the thread; the first `size` receipts are taken to be durable.
    pub(crate) fn start(file: Arc<File>, size: u64) -> Result<Self, LedgerError> {
        let shared = Arc::new(Shared {
            wanted: Mutex::new(Wanted { file, size, idle: false, urgent: false, stop: false }),
            wake: Condvar::new(),
        });
        let (done_tx, done) = watch::channel(Durable::UpTo(size));
        let theirs = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("ledger-flush".to_owned())
            .spawn(move || flush_until_stopped(&theirs, &done_tx))
            .map_err(|cause| LedgerError::Disk(cause.to_string()))?;
        Ok(Self { shared, done, thread: Some(thread) })
    }

    /// Asks for the first `size` receipts, the last of them in `file`, to be made durable soon. Files before it are already.
    pub(crate) fn wake(&self, file: Arc<File>, size: u64) {
        let mut wanted = self.shared.wanted();
        wanted.file = file;
        wanted.size = size;
        let wake = std::mem::take(&mut wanted.idle);
        drop(wanted);
        if wake {
            self.shared.wake.notify_one();
        }
    }

    /// Whether the disk still keeps what it is given.
    pub(crate) fn check(&self) -> Result<(), LedgerError> {
        match &*self.done.borrow() {
            Durable::UpTo(_) => Ok(()),
            Durable::Failed(cause) => Err(LedgerError::Disk(cause.clone())),
        }
    }

    /// Waits until receipt `seq` is durable.
    pub(crate) async fn durable(&self, seq: u64) -> Result<(), LedgerError> {
        let settled = |durable: &Durable| match durable {
            Durable::UpTo(size) => *size > seq,
            Durable::Failed(_) => true,
        };
        if !settled(&self.done.borrow()) {
            self.shared.wanted().urgent = true;
            self.shared.wake.notify_one();
        }
        // An error would mean that the thread is gone; then the last state stands.
        let _ = self.done.clone().wait_for(settled).await;
        match &*self.done.borrow() {
            Durable::UpTo(size) if *size > seq => Ok(()),
            Durable::UpTo(_) => Err(LedgerError::Disk("its thread has ended".to_owned())),
            Durable::Failed(cause) => Err(LedgerError::Disk(cause.clone())),
        }
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.shared.wanted().stop = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic there has left the files as the operating system has them.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for more than `flushed` receipts, and a moment longer for those that come with them. `None` when there is
    /// nothing left to do, ever.
    fn next(&self, flushed: u64) -> Option<(Arc<File>, u64)> {
        let idle = |wanted: &mut Wanted| {
            wanted.idle = wanted.size <= flushed && !wanted.stop;
            wanted.idle
        };
        let wanted = self.wake.wait_while(self.wanted(), idle).unwrap_or_else(PoisonError::into_inner);
        let gathers = |wanted: &mut Wanted| !wanted.urgent && !wanted.stop;
        let gathered = self.wake.wait_timeout_while(wanted, GATHER, gathers);
        let mut wanted = gathered.unwrap_or_else(PoisonError::into_inner).0;
        wanted.urgent = false;
        (wanted.size > flushed).then(|| (Arc::clone(&wanted.file), wanted.size))
    }
}

fn flush_until_stopped(shared: &Shared, done: &watch::Sender<Durable>) {
    let Durable::UpTo(mut flushed) = done.borrow().clone() else { return };
    while let Some((file, size)) = shared.next(flushed) {
        if let Err(cause) = file.sync_data() {
            tracing::error!(%cause, "the disk failed to keep the ledger; no call leaves any more");
            done.send_replace(Durable::Failed(cause.to_string()));
            return;
        }
        flushed = size;
        done.send_replace(Durable::UpTo(flushed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_asked_for_becomes_durable() {
        let dir = tempfile::tempdir().unwrap();
        let file = Arc::new(File::create(dir.path().join("f")).unwrap());
        let flusher = Flusher::start(Arc::clone(&file), 0).unwrap();
        flusher.wake(file, 3);
        flusher.durable(2).await.unwrap();
    }

    #[tokio::test]
    async fn a_disk_that_fails_to_keep_a_receipt_stops_the_ledger_for_good() {
        // A character device can't be flushed: fdatasync answers EINVAL.
        let device = Arc::new(File::open("/dev/null").unwrap());
        let flusher = Flusher::start(Arc::clone(&device), 0).unwrap();
        flusher.check().unwrap();
        flusher.wake(device, 1);
        assert!(matches!(flusher.durable(0).await, Err(LedgerError::Disk(_))));
        assert!(matches!(flusher.check(), Err(LedgerError::Disk(_))));
    }
}
