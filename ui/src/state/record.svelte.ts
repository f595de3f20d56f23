// The log as it is looked at: filters, the lines found, the receipt that is open.

import type { Entry, Filter, Receipt, ResultKind, Verdict } from "../ipc/bindings";
import { asFailure, type App } from "./app.svelte";
import { Detail } from "./detail.svelte";

export type Span = "hour" | "day" | "week" | "all";

const MS: Record<Exclude<Span, "all">, number> = { hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000 };
const PAGE = 200;

export class RecordView {
  text = $state("");
  agent = $state("");
  server = $state("");
  result = $state<ResultKind | "">("");
  span = $state<Span>("day");

  entries = $state.raw<Entry[]>([]);
  more = $state(false);
  total = $state(0);
  loaded = $state(false);
  receipt = new Detail<Receipt>();
  picked = $state<number | null>(null);
  verdict = $state<Verdict | null>(null);
  exported = $state<string | null>(null);

  #app: App;
  #asked = 0;

  constructor(app: App) {
    this.#app = app;
  }

  get filtered(): boolean {
    return (
      this.text !== "" || this.agent !== "" || this.server !== "" || this.result !== "" || this.span !== "all"
    );
  }

  filter(now: number): Filter {
    return {
      limit: PAGE,
      ...(this.text.trim() && { text: this.text.trim() }),
      ...(this.agent && { agent: this.agent }),
      ...(this.server && { server: this.server }),
      ...(this.result && { result: this.result }),
      ...(this.span !== "all" && { since: new Date(now - MS[this.span]).toISOString() }),
    };
  }

  async find(): Promise<void> {
    await this.#read(this.filter(Date.now()), []);
  }

  async older(): Promise<void> {
    const last = this.entries.at(-1);
    if (last) await this.#read({ ...this.filter(Date.now()), before: last.seq }, this.entries);
  }

  async #read(filter: Filter, known: Entry[]): Promise<void> {
    const turn = ++this.#asked;
    try {
      const page = await this.#app.host.call("activity", { filter });
      if (turn !== this.#asked) return;
      this.entries = [...known, ...page.entries];
      [this.more, this.total, this.loaded] = [page.more, page.total, true];
    } catch (failure) {
      this.#app.problem = asFailure(failure);
    }
  }

  pick(seq: number | null): void {
    this.picked = seq;
    if (seq === null) this.receipt.clear();
    else void this.receipt.load(() => this.#app.host.call("receipt", { seq }));
  }

  async verify(): Promise<void> {
    this.verdict = await this.#app.attempt("verify_record", {});
  }

  async export(): Promise<void> {
    this.exported = await this.#app.attempt("export_record", {});
  }
}
