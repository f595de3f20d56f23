//! Checks that the UI is built, and tells Tauri which commands exist, so that each window gets only its own.

/// Every command of the app; `capabilities/` says which window may use which.
#[rustfmt::skip]
const COMMANDS: &[&str] = &[
    "snapshot", "create_wallet", "unlock", "lock", "emergency_stop", "pause_all", "resume_all",
    "start_playground", "add_server", "remove_server", "server", "login", "cancel_login", "logout",
    "add_agent", "agent", "pause_agent", "resume_agent", "revoke_agent", "delegate", "revoke_delegation", "review",
    "activity", "receipt", "verify_record", "export_record", "change_settings", "theme",
    "questions", "shown", "grow", "answer",
];

fn main() {
    let index = std::path::Path::new("../ui/dist/index.html");
    println!("cargo::rerun-if-changed={}", index.display());
    if !index.is_file() {
        println!(
            "cargo::error=ui/dist is missing: build the interface first with `npm --prefix ui ci && npm --prefix ui run build`"
        );
        return;
    }
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    if let Err(error) = tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest)) {
        println!("cargo::error=tauri: {error:#}");
    }
}
