// Where the human is: `#agents/claude-code`. Links are plain links, so going back works.

export const views = ["home", "approvals", "agents", "servers", "delegate", "activity", "settings"] as const;
export type View = (typeof views)[number];

export class Route {
  view = $state<View>("home");
  item = $state<string | null>(null);

  constructor() {
    this.#read();
    addEventListener("hashchange", () => this.#read());
  }

  go(view: View, item?: string): void {
    location.hash = link(view, item);
  }

  #read(): void {
    const [view = "", item] = location.hash.slice(1).split("/");
    this.view = views.find((known) => known === view) ?? "home";
    this.item = item ? decodeURIComponent(item) : null;
  }
}

/** The address of a view, for `href`. */
export function link(view: View, item?: string): string {
  return item === undefined ? `#${view}` : `#${view}/${encodeURIComponent(item)}`;
}
