// Sentences a human signs or has signed, built from what they say. A sentence is a list of stretches: ours as plain
// text, names and foreign words apart, so that they are drawn as what they are.

import type { Entry, Grant, GrantedTool, Approval, Receipt, Risk } from "../ipc/bindings";
import { count, number } from "./common";
import { whyRefused } from "./record";

/** A stretch of a sentence: our own words, a name in bold, exact bytes. */
export type Stretch = string | { b: string } | { code: string };
export type Sentence = Stretch[];

/** What of a tool a clause speaks of; a granted tool and a drafted one alike. */
export interface Allowed {
  name: string;
  risk: Risk;
  approval: Approval;
  calls: number | null;
  perMinute: number | null;
}

/** A sentence as plain text, for those who hear it. */
export function said(sentence: Sentence): string {
  return sentence
    .map((part) => (typeof part === "string" ? part : "b" in part ? part.b : part.code))
    .join("");
}

const SHOWN = 6;

/** The clauses of a deed: tools that hold under the same terms share one. What is not asked about comes first. */
export function clauses(tools: readonly Allowed[]): Sentence[] {
  const groups = new Map<string, Allowed[]>();
  for (const tool of [...tools].sort((a, b) => rank(a) - rank(b))) {
    const terms = [tool.approval, tool.risk === "reads", tool.calls, tool.perMinute].join();
    groups.set(terms, [...(groups.get(terms) ?? []), tool]);
  }
  return [...groups.values()].map((group) => clause(group));
}

/** The clauses about what is no tool. */
export function otherClauses(resources: readonly string[], prompts: readonly string[]): Sentence[] {
  const clause = (verb: string, names: readonly string[]): Sentence[] =>
    names.length > 0 ? [[verb, ...quoted(names)]] : [];
  return [
    ...clause("read ", resources),
    ...clause(prompts.length === 1 ? "use the prompt " : "use the prompts ", prompts),
  ];
}

function rank({ approval, risk }: Allowed): number {
  return (approval === "never" ? 0 : 2) + (risk === "reads" ? 0 : 1);
}

function clause(group: readonly Allowed[]): Sentence {
  const [first] = group;
  if (!first) return [];
  const verb = first.risk === "reads" ? "read with " : "use ";
  return [verb, ...names(group), terms(first, group.length)];
}

/** Every tool that may write is named. Of many that only read, six are, and their number follows. */
function names(group: readonly Allowed[]): Sentence {
  const reads = group.every((tool) => tool.risk === "reads");
  const shown = reads && group.length > SHOWN + 1 ? group.slice(0, SHOWN) : group;
  const rest = group.length - shown.length;
  const words: Sentence = shown.flatMap((tool, at) => [separator(at, shown.length, rest), { b: tool.name }]);
  return rest > 0 ? [...words, ` and ${rest} more`] : words;
}

function separator(at: number, length: number, rest: number): string {
  if (at === 0) return "";
  return at === length - 1 && rest === 0 ? " and " : ", ";
}

function terms(tool: Allowed, tools: number): string {
  const each = tools > 1 ? " each" : "";
  const budget = [
    tool.calls === null ? "" : `, up to ${count(tool.calls, "call", "calls")} in all${each}`,
    tool.perMinute === null ? "" : `, no more than ${number(tool.perMinute)} a minute${each}`,
  ].join("");
  return budget + ASKS[tool.approval];
}

const ASKS: Record<Approval, string> = {
  never: "",
  once: ", if I agree the first time it calls with the same arguments",
  session: ", if I agree once a session",
  always: ", if I agree each time",
};

/** `claude-code may, on github:` */
export function deedOpening(agent: string, server: string): Sentence {
  return [{ b: agent }, " may, on ", { b: server }, ":"];
}

export function deedClosing(until: string): Sentence {
  return ["Everything else is refused. This ends on ", { b: until }, "."];
}

/** A grant's tools, one sentence per set of terms: what the Agents view shows beside the meters. */
export function grantSentences(grant: Grant): { sentence: Sentence; tools: GrantedTool[] }[] {
  const byTerms = new Map<string, GrantedTool[]>();
  for (const tool of [...grant.tools].sort((a, b) => rank(a) - rank(b))) {
    const key =
      tool.calls !== null || tool.perMinute !== null
        ? tool.name
        : `${tool.approval} ${tool.risk === "reads"}`;
    byTerms.set(key, [...(byTerms.get(key) ?? []), tool]);
  }
  const said = [...byTerms.values()].map((tools) => ({
    sentence: capital(clause(tools.map(withoutBudget))),
    tools,
  }));
  const others = otherClauses(grant.resources, grant.prompts);
  return [...said, ...others.map((clause) => ({ sentence: capital(clause), tools: [] }))];
}

/** The meter beside the sentence says the budget. */
const withoutBudget = (tool: GrantedTool): Allowed => ({ ...tool, calls: null, perMinute: null });

function quoted(words: readonly string[]): Sentence {
  return words.flatMap((word, at) => [separator(at, words.length, 0), { code: word }]);
}

function capital(sentence: Sentence): Sentence {
  const [first, ...rest] = sentence;
  if (typeof first !== "string") return sentence;
  return [first.charAt(0).toUpperCase() + first.slice(1), ...rest, "."];
}

/** What a receipt says happened. */
export function receiptSentence({ entry }: Receipt): Sentence {
  return isCall(entry) && entry.tool && entry.agent
    ? callSentence(entry, entry.agent, entry.tool)
    : notedSentence(entry);
}

function callSentence({ outcome, server, asked }: Entry, agent: string, tool: string): Sentence {
  const it = server ? { b: server } : "It";
  const call: Sentence = [{ b: tool }, ...(server ? [" on ", { b: server }] : [])];
  switch (outcome.result) {
    case "allowed":
      return [
        "You let ",
        { b: agent },
        " call ",
        ...call,
        asked ? ", when it asked. " : ". ",
        it,
        " did it.",
      ];
    case "failed":
      return ["You let ", { b: agent }, " call ", ...call, ". ", it, " refused it: ", { code: outcome.why }];
    case "refused":
      return [{ b: agent }, " wanted to call ", ...call, ". It was not sent: ", because(outcome), "."];
    case "unknown":
      return [
        { b: agent },
        " called ",
        ...call,
        ". It was sent, and ",
        it,
        " had not answered, so look there.",
      ];
    case "noted":
      return [{ b: agent }, ", ", ...call, "."];
  }
}

/** Our words for a reason we know; any other as it stands in the receipt. */
function because(refused: Parameters<typeof whyRefused>[0]): Stretch {
  const why = whyRefused(refused);
  return why === refused.why ? { code: why } : why;
}

/** Receipts that are not calls, by their kind in the record. */
const NOTED: Record<string, string> = {
  "approval.asked": "You were asked",
  "approval.granted": "You approved",
  "approval.refused": "You denied",
  "approval.expired": "A question ended unanswered",
  "approval.withdrawn": "An approval was taken back",
  "agent.added": "An agent was added",
  "agent.enrolled": "You accepted its program",
  "agent.connected": "Connected",
  "agent.refused": "Its connection was refused",
  "agent.disconnected": "Disconnected",
  "agent.paused": "Paused",
  "agent.resumed": "Went on",
  "agent.revoked": "Revoked",
  "delegation.issued": "You signed a delegation",
  "delegation.revoked": "You revoked a delegation",
  "server.added": "A server was added",
  "server.changed": "A server was changed",
  "server.removed": "A server was removed",
  "server.looked": "Its tools were looked at",
  "server.tool_changed": "A tool changed",
  "login.started": "The browser was opened for a login",
  "login.completed": "You logged in",
  "login.failed": "A login did not come through",
  "login.refreshed": "A login was renewed",
  "login.needed": "The server wants a login",
  "login.ended": "You logged out",
  "vault.created": "The wallet was made",
  "vault.unlocked": "The wallet was unlocked",
  "vault.locked": "The wallet was locked",
  "vault.set_aside": "A damaged store was set aside",
  "vault.all_paused": "All agents were paused",
  "vault.all_resumed": "All agents went on",
};

export function notedTitle(kind: string): string {
  return NOTED[kind] ?? kind;
}

/** Whether a line of the log is a call, rather than something noted beside one. */
export function isCall({ kind, tool }: Entry): boolean {
  return tool !== null && kind.startsWith("call.");
}

function notedSentence({ kind, agent, server, tool }: Entry): Sentence {
  const names = [agent, tool, server].filter((name) => name !== null);
  const about: Sentence = names.flatMap((name, at) => [at === 0 ? ": " : ", ", { b: name }]);
  return [notedTitle(kind), ...about, "."];
}

export function revokeSentence(agent: string, delegations: number): Sentence {
  const all = delegations === 1 ? "the delegation" : `all ${number(delegations)} delegations`;
  return ["I revoke ", ...(delegations > 0 ? [`${all} to `] : []), { b: agent }, ", from now."];
}
