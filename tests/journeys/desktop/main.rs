//! Stories at a real desktop: windows driven over WebDriver, the tray's menu clicked over D-Bus, a real keyring.

mod ask;
mod automation;
mod desk;
mod first_run;
mod grants;
mod login;
mod record;
mod settings;
mod tray;
mod window;
