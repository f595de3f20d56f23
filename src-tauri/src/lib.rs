//! Windows, tray, notifications, commands, view models. Nothing is decided here.

pub mod view;
