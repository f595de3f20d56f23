// The keys of the main window: Ctrl 1…6 for the views, Ctrl F to search, Ctrl L to lock, Ctrl Alt . to stop.

import type { App } from "./app.svelte";
import type { View } from "./route.svelte";

const VIEWS: View[] = ["home", "approvals", "agents", "servers", "activity", "settings"];

export function keys(event: KeyboardEvent, app: App): void {
  if (!(event.ctrlKey || event.metaKey)) return;
  if (event.altKey && event.key === ".") return act(event, () => void app.attempt("emergency_stop", {}));
  if (event.altKey || app.wallet.current?.phase !== "open") return;
  const view = VIEWS[Number(event.key) - 1];
  if (view) return act(event, () => app.route.go(view));
  if (event.key === "l") return act(event, () => void app.attempt("lock", {}));
  if (event.key === "f") return act(event, () => search(app));
}

function act(event: KeyboardEvent, then: () => void): void {
  event.preventDefault();
  then();
}

/** The search field of this view, or else the one of Activity. */
function search(app: App): void {
  const field = document.querySelector<HTMLInputElement>("input[type=search]");
  if (field) field.focus();
  else app.route.go("activity");
}
