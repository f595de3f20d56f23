// The contract kept with Tauri. The only file that knows of it.

import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { Event } from "./bindings";
import type { Host, WindowKind } from "./contract";

const EVENT = "wallet";

export function tauri(window: WindowKind): Host {
  return {
    window,
    call: (command, args) => invoke(command, args),
    listen: async (apply) => {
      await listen<Event>(EVENT, (event) => apply(event.payload));
    },
  };
}
