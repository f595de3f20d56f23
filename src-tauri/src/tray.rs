//! The tray: one shape for the state of everything, one menu to stop it.
//!
//! Any program of the same user can click a tray menu over D-Bus. So the menu offers only what takes authority away or
//! shows a window; letting an agent work again is done in the window.

use crate::windows;
use domain::AgentName;
use tauri::image::Image;
use tauri::menu::{Menu, MenuBuilder, SubmenuBuilder};
use tauri::{AppHandle, Runtime, Theme, include_image};

/// The id of the one tray icon.
const TRAY: &str = "countersign";

/// What the tray shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tray {
    /// The shape.
    pub(crate) shape: Shape,
    /// How many questions wait.
    pub(crate) questions: usize,
    /// The agents that are not revoked. What each is doing just now is not told here: a menu that changes with every call
    /// can't be clicked.
    pub(crate) agents: Vec<TrayAgent>,
}

/// One agent in the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrayAgent {
    /// Its name.
    pub(crate) name: AgentName,
    /// Whether the human has paused it, by itself or with all others.
    pub(crate) paused: bool,
}

/// The five shapes, the first that holds wins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    /// The wallet is locked.
    Locked,
    /// Everything is paused.
    Paused,
    /// A question waits.
    Question,
    /// A call is under way.
    Working,
    /// Nothing to do.
    #[default]
    Idle,
}

/// What a human can click in the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Click {
    /// Show the main window.
    Open,
    /// Show the questions that wait.
    Questions,
    /// Stop one agent for now.
    Pause(AgentName),
    /// End one agent for good.
    Revoke(AgentName),
    /// Stop all agents for now.
    PauseAll,
    /// Lock the wallet.
    Lock,
    /// End the app, and with it the wallet.
    Quit,
}

impl Click {
    /// Parses the id of a menu item, made by [`Click::id`].
    pub(crate) fn parse(id: &str) -> Option<Self> {
        if let Some(agent) = id.strip_prefix("pause:") {
            return AgentName::parse(agent).ok().map(Self::Pause);
        }
        if let Some(agent) = id.strip_prefix("revoke:") {
            return AgentName::parse(agent).ok().map(Self::Revoke);
        }
        [Self::Open, Self::Questions, Self::PauseAll, Self::Lock, Self::Quit]
            .into_iter()
            .find(|click| click.id() == id)
    }

    fn id(&self) -> String {
        match self {
            Self::Open => "open".into(),
            Self::Questions => "questions".into(),
            Self::Pause(agent) => format!("pause:{agent}"),
            Self::Revoke(agent) => format!("revoke:{agent}"),
            Self::PauseAll => "pause-all".into(),
            Self::Lock => "lock".into(),
            Self::Quit => "quit".into(),
        }
    }
}

impl Tray {
    /// Draws this for the first time.
    ///
    /// # Errors
    /// When the desktop takes no tray icon; the app works without.
    pub(crate) fn build<R: Runtime>(
        &self,
        app: &AppHandle<R>,
        icons: &std::path::Path,
        clicked: impl Fn(Click) + Send + Sync + 'static,
    ) -> tauri::Result<()> {
        tauri::tray::TrayIconBuilder::with_id(TRAY)
            .temp_dir_path(icons)
            .icon(self.shape.icon(windows::theme(app)))
            .menu(&self.menu(app)?)
            .on_menu_event(move |_, event| {
                if let Some(click) = Click::parse(event.id().as_ref()) {
                    clicked(click);
                }
            })
            .build(app)?;
        Ok(())
    }

    /// Draws this in place of `before`, and touches only what differs.
    ///
    /// # Errors
    /// When the desktop refuses.
    pub(crate) fn redraw<R: Runtime>(&self, before: &Self, app: &AppHandle<R>) -> tauri::Result<()> {
        let Some(tray) = app.tray_by_id(TRAY) else { return Ok(()) };
        if self.shape != before.shape {
            tray.set_icon(Some(self.shape.icon(windows::theme(app))))?;
        }
        if (self.questions, &self.agents, self.shape == Shape::Locked)
            != (before.questions, &before.agents, before.shape == Shape::Locked)
        {
            tray.set_menu(Some(self.menu(app)?))?;
        }
        Ok(())
    }

    fn menu<R: Runtime>(&self, app: &AppHandle<R>) -> tauri::Result<Menu<R>> {
        let mut menu = MenuBuilder::new(app);
        if let Some(words) = self.question_words() {
            menu = menu.text(Click::Questions.id(), words).separator();
        }
        for agent in &self.agents {
            let mut verbs = SubmenuBuilder::new(app, agent.words());
            if !agent.paused {
                verbs = verbs.text(Click::Pause(agent.name.clone()).id(), "Pause");
            }
            menu = menu.item(&verbs.text(Click::Revoke(agent.name.clone()).id(), "Revoke").build()?);
        }
        if !self.agents.is_empty() {
            menu = menu.separator();
        }
        menu = menu.text(Click::PauseAll.id(), "Pause all agents").separator();
        menu = menu.text(Click::Open.id(), "Open Countersign");
        if self.shape != Shape::Locked {
            menu = menu.text(Click::Lock.id(), "Lock");
        }
        menu.text(Click::Quit.id(), "Quit").build()
    }

    fn question_words(&self) -> Option<String> {
        match self.questions {
            0 => None,
            1 => Some("1 question waits for you".into()),
            n => Some(format!("{n} questions wait for you")),
        }
    }
}

impl TrayAgent {
    fn words(&self) -> String {
        if self.paused { format!("{} – paused", self.name) } else { self.name.to_string() }
    }
}

impl Shape {
    /// Light ink on a dark panel, dark ink on a light one.
    fn icon(self, panel: Theme) -> Image<'static> {
        let dark = panel == Theme::Dark;
        match self {
            Self::Idle if dark => include_image!("../icons/tray/idle-dark-32.png"),
            Self::Idle => include_image!("../icons/tray/idle-light-32.png"),
            Self::Working if dark => include_image!("../icons/tray/working-dark-32.png"),
            Self::Working => include_image!("../icons/tray/working-light-32.png"),
            Self::Question if dark => include_image!("../icons/tray/question-dark-32.png"),
            Self::Question => include_image!("../icons/tray/question-light-32.png"),
            Self::Paused if dark => include_image!("../icons/tray/paused-dark-32.png"),
            Self::Paused => include_image!("../icons/tray/paused-light-32.png"),
            Self::Locked if dark => include_image!("../icons/tray/locked-dark-32.png"),
            Self::Locked => include_image!("../icons/tray/locked-light-32.png"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claude() -> AgentName {
        AgentName::parse("claude").unwrap()
    }

    #[test]
    fn every_click_is_read_back_from_its_menu_item() {
        for click in [
            Click::Open,
            Click::Questions,
            Click::Pause(claude()),
            Click::Revoke(claude()),
            Click::PauseAll,
            Click::Lock,
            Click::Quit,
        ] {
            assert_eq!(Click::parse(&click.id()), Some(click));
        }
    }

    #[test]
    fn threat_22_no_menu_item_gives_authority() {
        for id in ["resume:claude", "allow:q", "unlock", "approve", "pause:../x", ""] {
            assert_eq!(Click::parse(id), None, "{id}");
        }
    }
}
