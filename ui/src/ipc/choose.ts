// Tauri, or the wallet in memory when the page is opened in a browser with `?fake`. A production build holds no fake.

import type { Host, WindowKind } from "./contract";
import { tauri } from "./host";

export async function host(window: WindowKind): Promise<Host> {
  if (import.meta.env.MODE !== "production") {
    const scene = new URLSearchParams(location.search).get("fake");
    if (scene !== null) return (await import("./fake")).fake(window, scene);
  }
  return tauri(window);
}
