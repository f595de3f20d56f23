//! The session's notification server: keeps what it is told.

use crate::desktop::PATIENCE;
use anyhow::{Context, Result};
use std::collections::HashMap;
use tokio::sync::{Mutex, mpsc};
use zbus::zvariant::OwnedValue;
use zbus::{Connection, interface};

/// The notifications of this session.
pub struct Notes {
    _bus: Connection,
    shown: Mutex<mpsc::UnboundedReceiver<Note>>,
}

/// One notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
}

impl Notes {
    /// Becomes the notification server of the session bus at `address`.
    ///
    /// # Errors
    /// When the bus refuses.
    pub async fn serve(address: &str) -> Result<Self> {
        let (sender, shown) = mpsc::unbounded_channel();
        let bus = zbus::connection::Builder::address(address)?
            .name("org.freedesktop.Notifications")?
            .serve_at("/org/freedesktop/Notifications", Server { sender })?
            .build()
            .await?;
        Ok(Self { _bus: bus, shown: Mutex::new(shown) })
    }

    /// Waits for the next notification.
    ///
    /// # Errors
    /// When none comes.
    pub async fn next(&self) -> Result<Note> {
        let next = async { self.shown.lock().await.recv().await };
        tokio::time::timeout(PATIENCE, next).await.context("no notification came")?.context("the bus is gone")
    }
}

struct Server {
    sender: mpsc::UnboundedSender<Note>,
}

#[interface(name = "org.freedesktop.Notifications")]
impl Server {
    #[expect(clippy::too_many_arguments, reason = "the specification has eight")]
    fn notify(
        &self,
        _app: &str,
        _replaces: u32,
        _icon: &str,
        summary: String,
        body: String,
        _actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _expires: i32,
    ) -> u32 {
        let _ = self.sender.send(Note { title: summary, body });
        1
    }

    fn get_capabilities(&self) -> Vec<String> {
        vec!["body".into(), "actions".into()]
    }

    fn close_notification(&self, _id: u32) {}

    fn get_server_information(&self) -> (String, String, String, String) {
        ("journeys".into(), "countersign".into(), "1".into(), "1.2".into())
    }
}
