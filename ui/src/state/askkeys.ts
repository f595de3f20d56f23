// The keys of the approval window: Esc denies, Ctrl or Cmd Enter approves, 1 to 4 say how long. Plain Enter is left to
// the focused button. A key held down answers nothing.

import type { Asking } from "./asking.svelte";

export function askKeys(event: KeyboardEvent, asking: Asking): void {
  if (event.key === "Escape") return answer(event, () => asking.deny());
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return answer(event, () => asking.allow());
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const reach = asking.offered[Number(event.key) - 1];
  if (reach && asking.offered.length > 1) {
    event.preventDefault();
    asking.pick(reach);
  }
}

function answer(event: KeyboardEvent, give: () => void): void {
  event.preventDefault();
  if (!event.repeat) give();
}
