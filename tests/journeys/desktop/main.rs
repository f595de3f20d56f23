//! Stories at a real desktop: windows driven over WebDriver, the tray's menu clicked over D-Bus, a real keyring.

mod automation;
mod desk;
mod first_run;
mod login;
mod record;
mod tray;
mod window;
