// A delegation being written: what is chosen for each tool, under which limits, until when.

import type { Approval, Draft, DraftTool, Prompt, Resource, Tool } from "../ipc/bindings";
import type { Allowed } from "../text";

export type Choice = "never" | "ask" | "allow";
export type Preset = "read" | "ask" | "most" | "pick";
export type Span = "hour" | "day" | "tomorrow" | "week" | "month" | "quarter";

const HOUR = 3_600_000;
const HOURS: Record<Span, number> = {
  hour: 1,
  day: 8,
  tomorrow: 24,
  week: 7 * 24,
  month: 30 * 24,
  quarter: 90 * 24,
};
// The longest a delegation lives is 90 days from signing; a minute is left for the human to read.
const LONGEST = 90 * 24 * HOUR - 60_000;

export class Drafting {
  agent = $state("");
  server = $state("");
  tools = $state.raw<Tool[]>([]);
  resources = $state.raw<Resource[]>([]);
  prompts = $state.raw<Prompt[]>([]);
  choices = $state<Record<string, Choice>>({});
  /** Resources that are granted, by URI or prefix. */
  read = $state<string[]>([]);
  /** Prompts that are granted, by name. */
  prompted = $state<string[]>([]);
  preset = $state<Preset>("pick");
  asks = $state<Exclude<Approval, "never">>("always");
  calls = $state("");
  perMinute = $state("");
  span = $state<Span>("week");

  /** Other things are offered: nothing that was chosen of the old ones is carried over. */
  offer(tools: Tool[], resources: Resource[] = [], prompts: Prompt[] = []): void {
    [this.resources, this.read] = [resources, []];
    [this.prompts, this.prompted] = [prompts, []];
    this.tools = [...tools].sort((a, b) => Number(a.risk === "reads") - Number(b.risk === "reads"));
    this.start("pick");
  }

  start(preset: Preset): void {
    this.preset = preset;
    this.choices = Object.fromEntries(this.tools.map((tool) => [tool.name, chosen(preset, tool)]));
  }

  choose(tool: string, choice: Choice): void {
    this.choices[tool] = choice;
    this.preset = "pick";
  }

  get granted(): Tool[] {
    return this.tools.filter((tool) => this.choices[tool.name] !== "never");
  }

  get offersNothing(): boolean {
    return this.tools.length + this.resources.length + this.prompts.length === 0;
  }

  get grantsNothing(): boolean {
    return this.granted.length + this.read.length + this.prompted.length === 0;
  }

  /** How many tools each preset is about. */
  get counts() {
    const reads = this.tools.filter((tool) => tool.risk === "reads").length;
    const most = this.tools.filter((tool) => tool.risk !== "destroys").length;
    return { reads, others: this.tools.length - reads, most };
  }

  get limitsHold(): boolean {
    return whole(this.calls) !== undefined && whole(this.perMinute) !== undefined;
  }

  get ready(): boolean {
    return this.agent !== "" && this.server !== "" && !this.grantsNothing && this.limitsHold;
  }

  /** What the deed's clauses speak of. */
  get allowed(): Allowed[] {
    return this.granted.map((tool) => ({ ...this.#terms(tool), risk: tool.risk }));
  }

  until(now: number): number {
    return now + Math.min(HOURS[this.span] * HOUR, LONGEST);
  }

  draft(now: number): Draft {
    return {
      agent: this.agent,
      server: this.server,
      tools: this.granted.map((tool) => ({ ...this.#terms(tool), definition: tool.definition })),
      resources: [...this.read],
      prompts: [...this.prompted],
      until: new Date(this.until(now)).toISOString(),
      replaces: true,
    };
  }

  #terms({ name, risk }: Tool): Omit<DraftTool, "definition"> {
    return {
      name,
      approval: this.choices[name] === "ask" ? this.asks : "never",
      calls: risk === "reads" ? null : (whole(this.calls) ?? null),
      perMinute: whole(this.perMinute) ?? null,
    };
  }
}

function chosen(preset: Preset, { risk }: Tool): Choice {
  if (preset === "pick") return "never";
  if (risk === "reads") return "allow";
  if (preset === "ask") return "ask";
  return preset === "most" && risk !== "destroys" ? "allow" : "never";
}

/** A whole number above 0; `null` for nothing, `undefined` for anything else. */
function whole(text: string): number | null | undefined {
  if (text.trim() === "") return null;
  const value = Number(text);
  return Number.isSafeInteger(value) && value > 0 ? value : undefined;
}
