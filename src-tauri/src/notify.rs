//! Notifications: what should reach the human when no window is in sight. Never arguments, which others may read over a
//! shoulder or in a log of notifications.

use broker::Event;
use tauri::{AppHandle, Runtime};
use tauri_plugin_notification::NotificationExt;

/// One notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// In a few words.
    pub(crate) title: String,
    /// What to do.
    pub(crate) body: String,
}

impl Note {
    /// What an event is worth telling the human outside the window. Questions are announced by the controller.
    pub(crate) fn about(event: &Event) -> Option<Self> {
        match event {
            Event::LoginNeeded { server, wants } => Some(Self {
                title: match wants {
                    Some(_) => format!("{server} wants more than your login gives"),
                    None => format!("{server} wants you to log in"),
                },
                body: "Open Countersign and log in. Calls to it are refused until then.".into(),
            }),
            Event::Notice { sentence } => Some(Self { title: "Countersign".into(), body: sentence.clone() }),
            Event::Status
            | Event::Agents
            | Event::Servers
            | Event::Delegations
            | Event::Asked { .. }
            | Event::Ended { .. }
            | Event::CallOpened { .. }
            | Event::CallClosed { .. }
            | Event::CallDenied { .. } => None,
        }
    }

    /// Shows it. A desktop without notifications is no error: the tray and the window say the same.
    pub(crate) fn show<R: Runtime>(&self, app: &AppHandle<R>) {
        if let Err(error) = app.notification().builder().title(&self.title).body(&self.body).show() {
            tracing::warn!(%error, "no notification");
        }
    }
}
