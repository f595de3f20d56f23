// Made-up receipts and notches.

import type { Entry, Notch, Outcome, Receipt } from "../bindings";
import { claude } from "./lists";
import { DAY, MINUTE, SECOND, digest, from } from "./made";

type Row = [
  ago: number,
  agent: string | null,
  server: string | null,
  tool: string | null,
  gist: string,
  outcome: Outcome,
  us: number | null,
];
const allowed: Outcome = { result: "allowed" };
const rows: Row[] = [
  [
    2 * SECOND,
    "cursor",
    "orders-replica",
    "query",
    "SELECT status, count(*) FROM orders GROUP BY status",
    allowed,
    2100,
  ],
  [31 * SECOND, "claude-code", "github", "list_checks", "acme/atlas 482", allowed, 112_000],
  [
    71 * SECOND,
    "claude-code",
    "github",
    "create_pull_request",
    "acme/atlas fix-drift develop Fix drift in the rate…",
    allowed,
    640_000,
  ],
  [
    108 * SECOND,
    "claude-code",
    "github",
    "get_file",
    "acme/payroll salaries.csv",
    { result: "refused", code: "not_granted", why: "Refused: not granted to this agent." },
    null,
  ],
  [113 * SECOND, "claude-code", "github", "search_code", "rate_limit in acme/atlas", allowed, 340_000],
  [140 * SECOND, "nightly-triage", "linear", "list_issues", "ATL stale", allowed, 180_000],
  [9 * MINUTE, "codex", null, null, "", { result: "noted" }, null],
  [
    12 * MINUTE,
    "codex",
    "stripe",
    "create_refund",
    "2490 ch_3QK8f",
    { result: "failed", why: "The login has ended; log in to stripe again." },
    91_000,
  ],
  [
    12.5 * MINUTE,
    "codex",
    "stripe",
    "create_refund",
    "119000 ch_3QH7d",
    { result: "refused", code: "human_denied", why: "Refused: the human said no." },
    null,
  ],
  [13 * MINUTE, "codex", "stripe", "get_charge", "ch_3QK8f", allowed, 210_000],
  [
    18 * MINUTE,
    "codex",
    "stripe",
    "list_payouts",
    "30",
    { result: "refused", code: "too_fast", why: "Refused: 5 calls a minute are granted." },
    null,
  ],
  [
    34 * MINUTE,
    "claude-code",
    "github",
    "merge_pull_request",
    "acme/atlas 477",
    { result: "unknown" },
    30_000_000,
  ],
];

export const entries: Entry[] = rows.map(([ago, agent, server, tool, gist, outcome, tookUs], at) => ({
  seq: 18_205 - at,
  at: from(-ago),
  agent,
  server,
  tool,
  gist,
  asked: tool === "create_pull_request" || (outcome.result === "refused" && outcome.code === "human_denied"),
  outcome,
  tookUs,
  kind: tool ? (outcome.result === "refused" ? "call.denied" : "call.closed") : "delegation.issued",
}));

export function notches(span: number): Notch[] {
  const lanes: [string, number, number, number][] = [
    ["claude-code", 58, 4, 2],
    ["cursor", 31, 0, 1],
    ["nightly-triage", 22, 3, 0],
    ["codex", 9, 0, 3],
  ];
  let state = 42;
  const random = () => (state = (state * 16807) % 2147483647) / 2147483647;
  const one = (agent: string, asked: boolean, refused: boolean): Notch => ({
    agent,
    asked,
    refused,
    at: from(-(random() ** 1.6) * span),
  });
  return lanes
    .flatMap(([agent, a, q, d]) => [
      ...Array.from({ length: a }, () => one(agent, false, false)),
      ...Array.from({ length: q }, () => one(agent, true, false)),
      ...Array.from({ length: d }, () => one(agent, false, true)),
    ])
    .sort((a, b) => a.at.localeCompare(b.at));
}

export function receipt(seq: number): Receipt {
  const entry = entries.find((known) => known.seq === seq) ?? entries[0]!;
  const call = entry.tool !== null;
  const sent = call && entry.outcome.result !== "refused";
  return {
    entry,
    line: JSON.stringify({ payload: { v: 1, seq, kind: entry.kind }, sig: "9f3c" }),
    arguments: call
      ? [
          { name: "repo", value: "acme/atlas", was: null },
          { name: "head", value: "fix-drift", was: null },
          { name: "base", value: "develop", was: null },
          { name: "title", value: "Fix drift in the rate limiter", was: null },
        ]
      : [],
    argumentsDigest: call ? digest(`args${seq}`) : null,
    definition: call ? digest(entry.tool ?? "") : null,
    program: call ? claude : null,
    delegation: sent ? "d1" : null,
    signed: sent ? from(-8 * DAY) : null,
    bytes: sent ? 2100 : null,
    answerDigest: sent ? digest(`answer${seq}`) : null,
    checks: [
      { check: "signature", holds: true },
      ...(sent
        ? ([
            { check: "delegation", holds: true },
            { check: "proof", holds: true },
          ] as const)
        : []),
      { check: "chain", holds: true },
    ],
    previous: { seq: seq - 1, hash: "b07c4c11aa" },
    this: { seq, hash: "5ae19f02bb" },
    next: seq < 18_205 ? { seq: seq + 1, hash: "d94f77e1cc" } : null,
  };
}
