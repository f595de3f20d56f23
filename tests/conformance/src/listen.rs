//! `subscriptions/listen`: a request that stays open and tells what changes.

use crate::rpc::{Failure, meta};
use crate::server::Call;
use serde_json::{Map, Value, json};

/// What a client may ask to hear, and the notification that tells it.
const KINDS: [(&str, &str); 3] = [
    ("toolsListChanged", "notifications/tools/list_changed"),
    ("promptsListChanged", "notifications/prompts/list_changed"),
    ("resourcesListChanged", "notifications/resources/list_changed"),
];

/// Tells of changes until the client has heard enough.
pub async fn listen(call: Call) -> Result<Value, Failure> {
    let mut changes = call.house.changes.subscribe();
    let wanted: Vec<_> =
        KINDS.into_iter().filter(|(kind, _)| call.params["notifications"][kind] == true).collect();
    let honoured: Map<String, Value> =
        wanted.iter().map(|(kind, _)| ((*kind).to_owned(), true.into())).collect();
    let mark = json!({meta::SUBSCRIPTION: call.id});
    let greeting = json!({"notifications": honoured, "_meta": mark});
    call.notify("notifications/subscriptions/acknowledged", greeting);
    while let Ok(changed) = changes.recv().await {
        if wanted.iter().any(|(_, method)| *method == changed) {
            call.notify(changed, json!({"_meta": mark}));
        }
    }
    Ok(json!({"_meta": mark}))
}
