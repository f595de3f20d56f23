// The wallet as it is now: one snapshot, then every event applied to it. The wallet itself owns the truth; each event
// carries its whole subject, so one that was already in the snapshot changes nothing.

import type { Event, Open, Entry, Wallet } from "../ipc/bindings";
import type { Host } from "../ipc/contract";

const HOUR = 3_600_000;

export class WalletState {
  current = $state<Wallet | null>(null);
  #host: Host;
  #early: Event[] | null = [];

  constructor(host: Host) {
    this.#host = host;
  }

  /** Listens first, then asks: nothing that happens in between is missed. */
  async start(): Promise<void> {
    await this.#host.listen((event) => this.apply(event));
    await this.refresh();
  }

  async refresh(): Promise<void> {
    this.current = await this.#host.call("snapshot", {});
    const early = this.#early ?? [];
    this.#early = null;
    early.forEach((event) => this.apply(event));
  }

  apply(event: Event): void {
    if (this.#early) {
      this.#early.push(event);
    } else if (event.kind === "wallet") {
      this.current = event.wallet;
    } else if (this.current?.phase === "open") {
      applyOpen(this.current, event);
    }
  }
}

function applyOpen(open: Open, event: Exclude<Event, { kind: "wallet" }>): void {
  switch (event.kind) {
    case "agent":
      return put(open.agents, event.agent, (agent) => agent.name);
    case "servers":
      open.servers = event.servers;
      return;
    case "asked":
      return put(open.questions, event.question, (question) => question.id);
    case "answered":
      return take(open.questions, (question) => question.id === event.id);
    case "started":
      return put(open.work, event.work, (work) => work.call);
    case "ended":
      return take(open.work, (work) => work.call === event.call);
    case "recorded":
      return record(open, event.entry);
    case "settings":
      open.settings = event.settings;
      return;
    case "theme":
      return;
  }
}

/** Replaces the one with the same key, or adds it at the end: the list does not move under the pointer. */
function put<T>(list: T[], item: T, key: (item: T) => string): void {
  const at = list.findIndex((other) => key(other) === key(item));
  if (at < 0) list.push(item);
  else list[at] = item;
}

function take<T>(list: T[], gone: (item: T) => boolean): void {
  const at = list.findIndex(gone);
  if (at >= 0) list.splice(at, 1);
}

/** A receipt: one notch more, and today's figures with it. */
function record(open: Open, entry: Entry): void {
  if (open.newest !== null && entry.seq <= open.newest) return;
  open.newest = entry.seq;
  open.about.receipts += 1;
  const { outcome, agent, asked } = entry;
  if (!agent || (entry.kind !== "call.closed" && entry.kind !== "call.denied")) return;
  const refused = outcome.result === "refused";
  while (open.hour[0] && Date.parse(entry.at) - Date.parse(open.hour[0].at) >= HOUR) open.hour.shift();
  open.hour.push({ agent, at: entry.at, asked, refused });
  open.today.calls += 1;
  open.today.asked += asked ? 1 : 0;
  open.today.refused += refused ? 1 : 0;
}
