//! The puppet over stdio: each connection is one process that a relay stands in for.

use super::{Act, Heard, Mind};
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;

pub(super) async fn serve(mind: Arc<Mind>, listener: TcpListener) {
    let mut processes = JoinSet::new();
    loop {
        tokio::select! {
            Ok((process, _)) = listener.accept() => drop(processes.spawn(attend(mind.clone(), process))),
            Some(_) = processes.join_next() => {}
        }
    }
}

/// Listens to one process until it ends or is ended; with it ends all that is being done for it.
async fn attend(mind: Arc<Mind>, process: TcpStream) {
    let _ = process.set_nodelay(true);
    let (read, write) = process.into_split();
    let (mut lines, write) = (BufReader::new(read).lines(), Arc::new(Mutex::new(write)));
    let (end, mut ended) = watch::channel(());
    let (line, mut requests) = (mind.next_line(), JoinSet::new());
    loop {
        tokio::select! {
            heard = lines.next_line() => {
                let Ok(Some(text)) = heard else { return };
                let acts = mind.acts(Heard::new(text, line));
                requests.spawn(perform(acts, write.clone(), end.clone()));
            }
            Some(_) = requests.join_next() => {}
            _ = ended.changed() => return,
        }
    }
}

async fn perform(acts: Vec<Act>, write: Arc<Mutex<OwnedWriteHalf>>, end: watch::Sender<()>) {
    for act in acts {
        match act {
            Act::Say(message) => put(&write, format!("{message}\n").as_bytes()).await,
            Act::Trickle(message) => trickle(&write, format!("{message}\n").as_bytes()).await,
            Act::Bytes(bytes) => put(&write, &bytes).await,
            Act::Wait(time) => tokio::time::sleep(time).await,
            Act::HangUp => drop(end.send(())),
            Act::Never => std::future::pending().await,
        }
    }
}

async fn put(write: &Mutex<OwnedWriteHalf>, bytes: &[u8]) {
    // A process that has ended hears nothing.
    let _ = write.lock().await.write_all(bytes).await;
}

async fn trickle(write: &Mutex<OwnedWriteHalf>, bytes: &[u8]) {
    let mut write = write.lock().await;
    for piece in bytes.chunks(super::http::PIECE) {
        let _ = write.write_all(piece).await;
        tokio::time::sleep(super::http::PAUSE).await;
    }
}
