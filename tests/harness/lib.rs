//! What every journey needs: a home of its own, real servers and clients, a desktop without a screen.

pub mod desktop;
pub mod desktop_app;
pub mod desktop_browser;
pub mod desktop_notes;
pub mod desktop_tray;
