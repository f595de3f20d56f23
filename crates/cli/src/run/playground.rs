//! A server and a login to try the wallet with.

use crate::args::Playground;
use crate::page::Tone;
use crate::{Failure, Out};
use playground::PlaygroundOptions;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

/// `countersign playground`: until ended.
pub(super) fn run(out: &Out, Playground { port, auto_approve }: Playground) -> Result<(), Failure> {
    super::runtime()?.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let options = PlaygroundOptions { port, auto_approve, ..PlaygroundOptions::default() };
        let playground = playground::start(options).await?;
        let url = &playground.mcp_url;
        out.show(&json!({ "ready": true, "url": url, "issuer": playground.issuer }), |page| {
            page.toned(Tone::Good, format!("The playground answers at {url}. Ctrl-C ends it."));
            page.gap();
            page.line("In another terminal:");
            page.line(format!("  countersign server add playground --url {url}"));
            page.line("  countersign login playground");
            page.line("  countersign server show playground");
        })?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        playground.stop().await;
        Ok(())
    })
}
