// Agents, what they may do, and how a delegation is written.

import type { Agent, Today } from "../ipc/bindings";
import { count } from "./common";
import { took } from "./times";

export const agents = {
  title: "Agents",
  add: "Add an agent",
  addHint: "An agent is a program you let work. Its name shows in every question and receipt.",
  name: "Name",
  nameHint: "Lower-case letters, digits and hyphens, such as claude-code.",
  addVerb: "Add",
  state: {
    waits: "Waits for you",
    working: "Working",
    paused: "Paused by you",
    pending: "Never connected",
    revoked: "Revoked",
    none: "No delegation yet",
    idle: (time: string) => `Idle since ${time}`,
    ready: "Ready",
  },
  unknownProgram: "No program accepted yet; the first connection asks you",
  accepted: "accepted by you",
  pause: "Pause",
  resume: "Let it go on",
  mayDo: (agent: string) => `What ${agent} may do`,
  change: "Change",
  until: (server: string, until: string) => `${server} · until ${until}`,
  ended: { expired: "ended", revoked: "revoked", spent: "used up", not_yet: "not yet" },
  revokeGrant: "Revoke this delegation",
  changed: "changed since you signed: refused",
  meterCalls: (tool: string | null) => (tool ? `${tool}, in all` : "Calls in all"),
  meterMinute: (tool: string | null) => (tool ? `${tool}, this minute` : "Calls this minute"),
  unlimited: "No limit of calls",
  nothing: (agent: string) =>
    `${agent} may do nothing yet. Every call is refused until you sign a delegation.`,
  rest: "Everything else is refused.",
  delegate: "Delegate",
  today: "Today",
  todayLine: ({ calls, asked, refused, medianMs }: Today) =>
    [
      `${count(calls, "call", "calls")} · ${asked} asked · ${refused} refused`,
      medianMs === null ? "" : ` · half answered in ${took(medianMs * 1000)}`,
    ].join(""),
  last: "Last calls",
  all: "All activity",
  connect: "How it connects",
  connectHint: "Paste this into the agent’s own MCP settings. It holds no secret.",
  connectHttp: "A client that logs in by itself needs only this address; you are asked, and it becomes the agent of its own name:",
  copyJson: "Copy for mcp.json",
  copyCommand: "Copy the command",
  emptyTitle: "No agent yet",
  columns: { time: "Time", call: "Call", result: "What happened", took: "Took" },
};

export const revoke = {
  title: (agent: string) => `Revoke ${agent}?`,
  waiting: (n: number) =>
    `${count(n, "question waits", "questions wait")} for you. ${n === 1 ? "It ends" : "They end"} without being sent.`,
  working: (n: number) =>
    `${count(n, "call is", "calls are")} under way. ${n === 1 ? "It is" : "They are"} cancelled; what the server already did stays done.`,
  refused: "Countersign refuses its calls at once, also after a restart.",
  final: "This cannot be undone. To stop it for now, pause it.",
  instead: "Pause instead",
};

export const delegate = {
  title: "New delegation",
  agent: "Agent",
  server: "Server",
  startFrom: "Start from",
  presets: {
    read: { title: "Read only", hint: (reads: number) => count(reads, "tool", "tools") },
    ask: { title: "Ask for writes", hint: (reads: number, others: number) => `${reads} read, ${others} ask` },
    most: { title: "All but destructive", hint: (most: number) => count(most, "tool", "tools") },
    pick: { title: "Pick each", hint: () => "none yet" },
  },
  tools: "Tools",
  find: "Find a tool",
  findIn: (n: number) => `Find in ${count(n, "tool", "tools")}`,
  choice: { never: "Never", ask: "Ask", allow: "Allow" },
  resources: "Resources",
  prompts: "Prompts",
  notAsked: "Granted without asking",
  noneFound: "No tool has such a name.",
  limits: "How often, how long",
  calls: "Calls in all, each tool that writes",
  perMinute: "Calls a minute, each tool",
  noLimit: "No limit",
  whenAsk: "A tool that asks, asks",
  asks: { always: "Each time", session: "Once a session", once: "Once for the same arguments" },
  until: "Until",
  spans: {
    hour: "In an hour",
    day: "In 8 hours",
    tomorrow: "In a day",
    week: "In a week",
    month: "In 30 days",
    quarter: "In 90 days",
  },
  signHeading: "What you sign",
  nothing: "Choose at least one thing it may do.",
  nothingYet: "nothing yet.",
  sign: "Sign",
  notSigned: "Not signed yet",
  signed: "Both halves match",
  signedLead: (agent: string) => `Signed. ${agent} can use it at once.`,
  by: (identity: string, agent: string) =>
    `Signed with your ${identity} identity. ${agent} can use it at once. You can revoke it any time.`,
  replaces: `Replaces what it may do on this server until now.`,
  needs: "A delegation needs an agent, and a server that offers something.",
  done: "Done",
  badNumber: "A whole number above 0, or nothing.",
};

/** What the list says under an agent's name. */
export type AgentMood = "waits" | "working" | "paused" | "pending" | "revoked" | "none" | "idle" | "ready";

export function agentMood(agent: Agent, questions: number, work: number): AgentMood {
  if (agent.state === "revoked" || agent.state === "paused") return agent.state;
  if (questions > 0) return "waits";
  if (work > 0) return "working";
  if (agent.state === "pending") return "pending";
  if (agent.delegations === 0) return "none";
  return agent.lastCall ? "idle" : "ready";
}
