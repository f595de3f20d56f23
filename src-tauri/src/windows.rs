//! The two windows. Each has a label, and with it its own capability: only `approval` may answer.

use crate::view;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tauri::window::Color;
use tauri::{
    AppHandle, LogicalSize, Manager, Runtime, Theme, WebviewUrl, WebviewWindow, WebviewWindowBuilder,
};

/// The label of the main window.
pub(crate) const MAIN: &str = "main";
/// The label of the window that asks.
pub(crate) const APPROVAL: &str = "approval";

/// How high the window that asks is for a longer choice.
const GROWN: f64 = 640.0;

/// The page's ground before the page is there, so that nothing flashes: `--paper-25` and `--paper-950`.
const PAPER: Color = Color(0xfb, 0xfc, 0xfb, 0xff);
const NIGHT: Color = Color(0x12, 0x17, 0x15, 0xff);

/// Where the web view keeps what it must keep; managed by the app.
pub(crate) struct WebDir(pub(crate) PathBuf);

/// The window that asks goes in its own time. Until it has gone its label is taken, so a question that comes
/// meanwhile waits for that; managed by the app.
#[derive(Default)]
pub(crate) struct Asker(Mutex<Leave>);

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Leave {
    /// It is here, or there is none.
    #[default]
    Taken,
    /// It is on its way out.
    Taking,
    /// It is on its way out, and is wanted again.
    Returning,
}

/// Shows the main window and gives it the focus: a human asked for it.
///
/// # Errors
/// When the window can't be made.
pub(crate) fn open_main<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    let window = match app.get_webview_window(MAIN) {
        Some(window) => window,
        None => build(app, MAIN, "index.html")
            .title("Countersign")
            .inner_size(1120.0, 760.0)
            .min_inner_size(880.0, 600.0)
            .build()?,
    };
    window.unminimize()?;
    reveal(&window)?;
    window.set_focus()
}

/// Shows the window that asks, above others, without taking the focus from where the human types.
///
/// # Errors
/// When the window can't be made.
pub(crate) fn open_approval<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    {
        let mut leave = leave(app);
        if *leave != Leave::Taken {
            *leave = Leave::Returning;
            return Ok(());
        }
    }
    if app.get_webview_window(APPROVAL).is_some() {
        return Ok(());
    }
    let window = build(app, APPROVAL, "approval.html")
        .title("Countersign asks")
        .inner_size(460.0, 560.0)
        .min_inner_size(460.0, 560.0)
        .always_on_top(true)
        .visible_on_all_workspaces(true)
        .focused(false)
        .build()?;
    reveal(&window)
}

/// Makes the window that asks tall enough for a longer choice. It never shrinks under the human's hand.
///
/// # Errors
/// When the window can't be measured.
pub(crate) fn grow<R: Runtime>(window: &WebviewWindow<R>) -> tauri::Result<()> {
    let size = window.inner_size()?.to_logical::<f64>(window.scale_factor()?);
    if size.height < GROWN {
        window.set_size(LogicalSize::new(size.width, GROWN))?;
    }
    Ok(())
}

/// Takes the window that asks away. It is made anew for the next question, so nothing of this one lingers.
///
/// # Errors
/// When the window can't be closed.
pub(crate) fn close_approval<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    let Some(window) = app.get_webview_window(APPROVAL) else { return Ok(()) };
    *leave(app) = Leave::Taking;
    window.destroy()
}

/// The window that asks has gone; whether it is wanted again.
pub(crate) fn approval_gone<R: Runtime>(app: &AppHandle<R>) -> bool {
    std::mem::take(&mut *leave(app)) == Leave::Returning
}

fn leave<R: Runtime>(app: &AppHandle<R>) -> MutexGuard<'_, Leave> {
    app.state::<Asker>().inner().0.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The desktop's theme, as the first window sees it.
pub(crate) fn theme<R: Runtime>(app: &AppHandle<R>) -> Theme {
    let any = app.webview_windows().into_values().next();
    any.and_then(|window| window.theme().ok()).unwrap_or(Theme::Light)
}

/// Makes the desktop's own parts of the windows follow the theme the human set.
pub(crate) fn dress<R: Runtime>(app: &AppHandle<R>, theme: view::Theme) {
    app.set_theme(match theme {
        view::Theme::System => None,
        view::Theme::Light => Some(Theme::Light),
        view::Theme::Dark => Some(Theme::Dark),
    });
}

fn reveal<R: Runtime>(window: &WebviewWindow<R>) -> tauri::Result<()> {
    let ground = if window.theme()? == Theme::Dark { NIGHT } else { PAPER };
    window.set_background_color(Some(ground))?;
    window.show()
}

fn build<'a, R: Runtime>(
    app: &'a AppHandle<R>,
    label: &str,
    page: &str,
) -> WebviewWindowBuilder<'a, R, AppHandle<R>> {
    WebviewWindowBuilder::new(app, label, WebviewUrl::App(page.into()))
        .visible(false)
        .data_directory(app.state::<WebDir>().0.clone())
        .disable_drag_drop_handler()
        .on_navigation(|url| url.scheme() == "tauri")
        .on_new_window(|_, _| tauri::webview::NewWindowResponse::Deny)
}
