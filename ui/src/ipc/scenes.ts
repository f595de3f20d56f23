// Wallets made up for the browser and the tests: the only place with example data. Never part of a production build.

import type { Open, Wallet } from "./bindings";
import { agents, questions, servers } from "./scenes/lists";
import { HOUR, MINUTE, SECOND, from } from "./scenes/made";
import { entries, notches } from "./scenes/record";

export * from "./scenes/details";
export * from "./scenes/lists";
export * from "./scenes/record";

export function full(): Open {
  return structuredClone({
    identity: { name: "Work", did: "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK" },
    questions,
    agents,
    servers,
    work: [
      {
        call: "c1",
        agent: "claude-code",
        server: "github",
        tool: "merge_pull_request",
        since: from(-40 * SECOND),
      },
      { call: "c2", agent: "cursor", server: "orders-replica", tool: "query", since: from(-2 * SECOND) },
    ],
    hour: notches(HOUR),
    today: { calls: 412, asked: 9, refused: 6, medianMs: 84 },
    newest: 18_205,
    allPaused: false,
    recordWhole: true,
    settings: { theme: "system", lockAfterMinutes: 10, notify: true, autostart: false },
    about: {
      version: "0.1.0",
      home: "/home/me/.local/share/countersign",
      socket: "/run/user/1000/countersign/agent.sock",
      endpoint: "http://127.0.0.1:61234/mcp",
      passphrase: false,
      receipts: 18_205,
    },
  } satisfies Open);
}

export function empty(): Open {
  return {
    ...full(),
    questions: [],
    agents: [],
    servers: [],
    work: [],
    hour: [],
    newest: null,
    today: { calls: 0, asked: 0, refused: 0, medianMs: null },
    about: { ...full().about, receipts: 0 },
  };
}

export function scene(name: string): Wallet {
  switch (name) {
    case "new":
      return { phase: "new", suggested: "Work", keyring: { state: "ready" } };
    case "bare":
      return {
        phase: "new",
        suggested: "Work",
        keyring: { state: "unavailable", why: "no Secret Service answers on this session’s bus" },
      };
    case "asked":
      return { phase: "new", suggested: "Work", keyring: { state: "asked" } };
    case "locked":
      return { phase: "locked", passphrase: true, since: from(-10 * MINUTE) };
    case "stopped":
      return {
        phase: "stopped",
        at: from(-MINUTE),
        quietMs: 38,
        uncertain: entries.slice(-1),
        ended: 4,
        denied: 2,
        paused: 5,
        passphrase: false,
      };
    case "unusable":
      return {
        phase: "unusable",
        sentence: "Another wallet runs on this home. Close it, or start this one with another --home.",
        home: "/home/me/.local/share/countersign",
      };
    case "empty":
      return { phase: "open", ...empty() };
    default:
      return { phase: "open", ...full() };
  }
}
