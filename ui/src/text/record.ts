// Approvals and Activity: what was asked and what happened.

import type { Check, Outcome } from "../ipc/bindings";
import { count, number, some } from "./common";

export const approvals = {
  title: "Approvals",
  lead: (n: number) =>
    n === 0
      ? "No question waits. When one does, a window opens, and it is listed here."
      : `${some(n, "question waits", "questions wait")}. An answer counts until its question ends, even if the agent stopped waiting.`,
  waiting: "Waiting",
  answered: "Answered lately",
  all: "All in Activity",
  until: (time: string) => `until ${time}`,
  call: (title: string) => title,
  connect: "Connects for the first time",
  confirm: "A typed command asks",
  empty: "Nothing was asked yet",
  emptyHint: "A delegation says which tools ask you first. Those calls wait here and in their own window.",
  answers: { approved: "Approved", denied: "Denied", unanswered: "Ended unanswered" },
  columns: { time: "Time", question: "Question", answer: "Your answer" },
};

export const activity = {
  title: "Activity",
  verify: "Verify all",
  export: "Export…",
  whole: (n: number) => `All ${number(n)} receipts are whole, signed and in order.`,
  broken: (n: number) => `The record of ${number(n)} receipts is not whole`,
  exported: (folder: string) => `Exported to ${folder}`,
  search: "Search receipts",
  searchIn: (n: number) => `Search ${count(n, "receipt", "receipts")}`,
  everyAgent: "Every agent",
  everyServer: "Every server",
  everyResult: "Every result",
  filters: { agent: "Agent", server: "Server", result: "Result", time: "Time" },
  results: {
    allowed: "Allowed",
    asked: "Asked you",
    refused: "Refused",
    failed: "Failed at the server",
    unknown: "Outcome unknown",
  },
  times: { hour: "Last hour", day: "Last 24 hours", week: "Last 7 days", all: "All time" },
  columns: { time: "Time", agent: "Who", call: "What", result: "Result" },
  table: "Receipts",
  none: "No receipt matches",
  noneHint: "Every call leaves a receipt, refused ones too: what is not here was not tried.",
  noneYet: "No receipt yet",
  noneYetHint: "Every call leaves a signed receipt here, refused ones too.",
  searchAll: "Search all time",
  more: "Show older",
  wallet: "Wallet",
};

export const receipt = {
  title: (seq: number) => `Receipt ${number(seq)}`,
  close: "Close receipt",
  facts: {
    tool: "Tool",
    arguments: "Arguments",
    program: "Program",
    allowed: "Allowed by",
    took: "Took",
    digest: "Digest",
    definition: "Definition",
    answer: "Answer",
  },
  delegation: (day: string) => `Delegation of ${day}`,
  back: (size: string) => `${size} back`,
  match: "Both halves match: what you signed, and what was called",
  alone: "Signed by this wallet",
  proof: "Proof",
  checks: {
    signature: ["Signed by this wallet, unaltered", "The signature does not match: this line was altered"],
    chain: ["In the chain, after the line before it", "Does not follow the line before it"],
    delegation: ["You delegated it; not ended, not revoked then", "No delegation of yours allowed it then"],
    proof: ["The server was shown a proof of this call", "The proof it was shown can’t be trusted any more"],
  } satisfies Record<Check, [string, string]>,
  chain: (before: number | null, after: number | null) =>
    `Position in the chain: ${before === null ? "the first receipt" : `after receipt ${number(before)}`}, ${after === null ? "the newest so far" : `before ${number(after)}`}`,
  copy: "Copy signed line",
};

export const outcome = {
  allowed: { word: "Allowed", icon: "allowed", tone: "ok" },
  failed: { word: "Failed", icon: "warn", tone: "asks" },
  refused: { word: "Refused", icon: "refused", tone: "bad" },
  unknown: { word: "Unknown", icon: "warn", tone: "asks" },
  noted: { word: "Noted", icon: "info", tone: "plain" },
} as const satisfies Record<Outcome["result"], unknown>;

/** Why a call was refused, by the code in its receipt. */
const REFUSALS: Record<string, string> = {
  not_granted: "not delegated to it",
  not_yet: "the delegation had not begun",
  expired: "the delegation had ended",
  revoked: "you had revoked the delegation",
  agent_paused: "the agent was paused",
  agent_revoked: "you had revoked the agent",
  agent_unknown: "its program was not accepted",
  all_paused: "all agents were paused",
  tool_changed: "the tool changed after you signed",
  tool_gone: "the server no longer offers it",
  server_changed: "the server’s program changed",
  arguments_outside: "the arguments were outside what you delegated",
  calls_spent: "all delegated calls were used",
  too_fast: "too many calls in a minute",
  human_denied: "you said no",
  unanswered: "nobody answered in time",
  too_many_questions: "too many questions waited already",
  locked: "the wallet was locked",
  ledger_unavailable: "the record could not be written",
  clock_behind: "the clock was set back",
};

type Refused = Extract<Outcome, { result: "refused" }>;

export function whyRefused({ code, why }: Refused): string {
  return REFUSALS[code] ?? why;
}

/** The same as a refusal. */
export function refusal(refused: Refused): string {
  const why = whyRefused(refused);
  return /^refused/i.test(why) ? why : `Refused: ${why}`;
}

/** What the human answered, from what came of the call. */
export function answerSaid(came: Outcome): {
  word: string;
  icon: "allowed" | "refused" | "ended";
  tone: "ok" | "bad" | "plain";
} {
  const words = approvals.answers;
  if (came.result !== "refused") return { word: words.approved, icon: "allowed", tone: "ok" };
  if (came.code === "human_denied") return { word: words.denied, icon: "refused", tone: "bad" };
  return { word: words.unanswered, icon: "ended", tone: "plain" };
}
