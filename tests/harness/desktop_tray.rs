//! The tray's host: takes the app's icon, reads its menu, clicks its items, all over D-Bus as a real panel does.

use crate::desktop::PATIENCE;
use anyhow::{Context, Result};
use futures_util::StreamExt;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;
use zbus::fdo::DBusProxy;
use zbus::message::Header;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, interface, proxy};

/// The session's tray.
pub struct TrayHost {
    bus: Connection,
    registered: Mutex<mpsc::UnboundedReceiver<Registered>>,
}

/// The icon of one app.
pub struct TrayIcon {
    item: ItemProxy<'static>,
    menu: MenuProxy<'static>,
}

/// A menu item as a human sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuItem {
    id: i32,
    /// Its words, with those of the menus it is in before it.
    pub path: Vec<String>,
}

impl TrayHost {
    /// Becomes the tray of the session bus at `address`.
    ///
    /// # Errors
    /// When the bus refuses.
    pub async fn serve(address: &str) -> Result<Self> {
        let (sender, registered) = mpsc::unbounded_channel();
        let bus = zbus::connection::Builder::address(address)?
            .name("org.kde.StatusNotifierWatcher")?
            .serve_at("/StatusNotifierWatcher", Watcher { items: vec![], sender })?
            .build()
            .await?;
        Ok(Self { bus, registered: Mutex::new(registered) })
    }

    /// Waits for the next app to put an icon here.
    ///
    /// # Errors
    /// When none does.
    pub async fn icon(&self) -> Result<TrayIcon> {
        let shown = async {
            loop {
                let next = self.registered.lock().await.recv().await.context("the tray is gone")?;
                // An app that is gone may have left more than one.
                if let Ok(icon) = self.at(next).await {
                    return anyhow::Ok(icon);
                }
            }
        };
        timeout(PATIENCE, shown).await.context("no app put an icon in the tray")?
    }

    async fn at(&self, Registered { name, path }: Registered) -> Result<TrayIcon> {
        let item = ItemProxy::builder(&self.bus).destination(name.clone())?.path(path)?.build().await?;
        let menu = MenuProxy::builder(&self.bus).destination(name)?.path(item.menu().await?)?.build().await?;
        Ok(TrayIcon { item, menu })
    }

    /// Waits until somebody owns `name` on the bus.
    ///
    /// # Errors
    /// When nobody does.
    pub async fn await_name(&self, name: &str) -> Result<()> {
        let bus = DBusProxy::new(&self.bus).await?;
        let mut changes = bus.receive_name_owner_changed_with_args(&[(0, name)]).await?;
        if bus.name_has_owner(name.try_into()?).await? {
            return Ok(());
        }
        let owned = async {
            while let Some(change) = changes.next().await {
                if change.args()?.new_owner().is_some() {
                    return Ok(());
                }
            }
            anyhow::bail!("the bus is gone")
        };
        timeout(PATIENCE, owned).await.with_context(|| format!("nobody took the name {name}"))?
    }
}

impl TrayIcon {
    /// Every item of the menu, those of inner menus too.
    ///
    /// # Errors
    /// When the app does not answer.
    pub async fn items(&self) -> Result<Vec<MenuItem>> {
        let (_, root) = self.menu.get_layout(0, -1, &[]).await?;
        let mut items = vec![];
        flatten(root, &[], &mut items)?;
        Ok(items)
    }

    /// Waits for an item with exactly these words, menus first, then clicks it. A menu's words may go on after its name, as in
    /// "claude – working". Gives the moment of the click.
    ///
    /// # Errors
    /// When there is none.
    pub async fn click(&self, path: &[&str]) -> Result<Instant> {
        let clicked = async {
            loop {
                let item = self.await_item(path).await?;
                let moment = Instant::now();
                // A menu that was drawn anew since has another item with the same words.
                if self.menu.event(item.id, "clicked", &Value::from(0_i32), 0).await.is_ok() {
                    return anyhow::Ok(moment);
                }
            }
        };
        timeout(PATIENCE, clicked).await.with_context(|| format!("the tray takes no click on {path:?}"))?
    }

    /// Waits for an item with these words.
    ///
    /// # Errors
    /// When none comes.
    pub async fn await_item(&self, path: &[&str]) -> Result<MenuItem> {
        self.until(|items| items.iter().find(|item| item.is(path)).cloned())
            .await
            .with_context(|| format!("the tray menu has no {path:?}"))
    }

    /// Waits until no item has these words.
    ///
    /// # Errors
    /// When one stays.
    pub async fn await_gone(&self, path: &[&str]) -> Result<()> {
        self.until(|items| (!items.iter().any(|item| item.is(path))).then_some(()))
            .await
            .with_context(|| format!("the tray menu still has {path:?}"))
    }

    /// Waits until the menu, read anew after each change, has what is looked for.
    async fn until<T>(&self, look: impl Fn(&[MenuItem]) -> Option<T>) -> Result<T> {
        let mut changes = self.menu.receive_layout_updated().await?;
        let found = async {
            loop {
                if let Some(found) = look(&self.items().await?) {
                    return anyhow::Ok(found);
                }
                changes.next().await.context("the app is gone")?;
            }
        };
        match timeout(PATIENCE, found).await {
            Ok(found) => found,
            Err(_) => anyhow::bail!("it has {:?}", self.items().await?),
        }
    }

    /// Ends the app by its menu, and waits until it has left the tray.
    ///
    /// # Errors
    /// When it stays.
    pub async fn quit(&self) -> Result<()> {
        let quit = self.await_item(&["Quit"]).await?;
        // The app may be gone before it answers.
        let _ = self.menu.event(quit.id, "clicked", &Value::from(0_i32), 0).await;
        let gone = async {
            while self.items().await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, gone).await.context("the app does not quit")
    }

    /// The file name of the icon shown now.
    ///
    /// # Errors
    /// When the app does not answer.
    pub async fn icon_name(&self) -> Result<String> {
        Ok(self.item.icon_name().await?)
    }
}

impl MenuItem {
    fn is(&self, path: &[&str]) -> bool {
        self.path.len() == path.len()
            && self.path.iter().zip(path).all(|(words, wanted)| {
                words == wanted || words.strip_prefix(wanted).is_some_and(|rest| rest.starts_with(" – "))
            })
    }
}

fn flatten((id, properties, children): Layout, above: &[String], items: &mut Vec<MenuItem>) -> Result<()> {
    let label = properties.get("label").and_then(|label| String::try_from(label.clone()).ok());
    let mut path = above.to_vec();
    if let Some(label) = label {
        // A single underscore marks a mnemonic, a double one is an underscore.
        path.push(label.replace("__", "\0").replace('_', "").replace('\0', "_"));
        items.push(MenuItem { id, path: path.clone() });
    }
    children.into_iter().try_for_each(|child| flatten(child.try_into()?, &path, items))
}

struct Registered {
    name: String,
    path: String,
}

struct Watcher {
    items: Vec<String>,
    sender: mpsc::UnboundedSender<Registered>,
}

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&mut self, service: &str, #[zbus(header)] header: Header<'_>) {
        // Ayatana's library gives an object path, KDE's a bus name.
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        let (name, path) = if service.starts_with('/') {
            (sender, service.to_owned())
        } else {
            (service.to_owned(), "/StatusNotifierItem".to_owned())
        };
        self.items.push(format!("{name}{path}"));
        let _ = self.sender.send(Registered { name, path });
    }

    fn register_status_notifier_host(&self, _service: &str) {}

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        self.items.clone()
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

type Layout = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

#[proxy(interface = "org.kde.StatusNotifierItem", assume_defaults = false)]
trait Item {
    #[zbus(property(emits_changed_signal = "false"))]
    fn icon_name(&self) -> zbus::Result<String>;
    #[zbus(property)]
    fn menu(&self) -> zbus::Result<OwnedObjectPath>;
}

#[proxy(interface = "com.canonical.dbusmenu", assume_defaults = false)]
trait Menu {
    fn get_layout(&self, parent: i32, depth: i32, properties: &[&str]) -> zbus::Result<(u32, Layout)>;
    fn event(&self, id: i32, event: &str, data: &Value<'_>, timestamp: u32) -> zbus::Result<()>;
    #[zbus(signal)]
    fn layout_updated(&self, revision: u32, parent: i32) -> zbus::Result<()>;
}
