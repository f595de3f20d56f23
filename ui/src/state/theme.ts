// Light or dark, as the wallet says: the system's theme does not reach every web view by itself.

import type { Theme } from "../ipc/bindings";
import type { Host } from "../ipc/contract";

export class Theming {
  #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  start(): void {
    void this.#host.listen((event) => {
      if (event.kind === "theme") wear(event.theme);
      if (event.kind === "settings" && event.settings.theme !== "system") wear(event.settings.theme);
    });
    this.#host.call("theme", {}).then(wear, () => wear("system"));
  }
}

function wear(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
