// Made-up agents, servers and questions.

import type { Agent, Question, Server } from "../bindings";
import { DAY, HOUR, MINUTE, SECOND, digest, from } from "./made";

export const agents: Agent[] = [
  { name: "claude-code", state: "enrolled", sessions: 2, delegations: 2, lastCall: from(-40 * SECOND) },
  { name: "cursor", state: "enrolled", sessions: 1, delegations: 1, lastCall: from(-2 * SECOND) },
  { name: "nightly-triage", state: "enrolled", sessions: 1, delegations: 1, lastCall: from(-2 * MINUTE) },
  { name: "codex", state: "enrolled", sessions: 0, delegations: 1, lastCall: from(-12 * MINUTE) },
  { name: "claude-desktop", state: "paused", sessions: 0, delegations: 1, lastCall: from(-3 * HOUR) },
  { name: "vs-code", state: "pending", sessions: 0, delegations: 0, lastCall: null },
];

const scopes = ["repo", "read:user"];
export const servers: Server[] = [
  {
    name: "github",
    transport: { kind: "http", url: "https://api.githubcopilot.com/mcp" },
    login: { state: "loggedIn", expires: from(41 * MINUTE), scopes, wants: null },
    status: { state: "answers" },
    changedTools: 1,
  },
  {
    name: "linear",
    transport: { kind: "http", url: "https://mcp.linear.app/mcp" },
    login: { state: "loggedIn", expires: from(25 * MINUTE), scopes: [], wants: null },
    status: { state: "answers" },
    changedTools: 0,
  },
  {
    name: "orders-replica",
    transport: {
      kind: "stdio",
      command: "/usr/bin/pg-mcp",
      args: ["--read-only", "orders"],
      cwd: null,
      env: ["PGPASSWORD"],
    },
    login: { state: "none" },
    status: { state: "answers" },
    changedTools: 0,
  },
  {
    name: "projects",
    transport: {
      kind: "stdio",
      command: "/usr/bin/mcp-files",
      args: ["/home/me/Projects"],
      cwd: null,
      env: [],
    },
    login: { state: "none" },
    status: { state: "unknown" },
    changedTools: 0,
  },
  {
    name: "stripe",
    transport: { kind: "http", url: "https://mcp.stripe.com" },
    login: { state: "ended", at: from(-18 * MINUTE) },
    status: { state: "answers" },
    changedTools: 0,
  },
];

export const claude = { path: "/usr/bin/claude", sha256: digest("claude"), pid: 48213 };

export const questions: Question[] = [
  {
    id: "q1",
    asked: from(-40 * SECOND),
    expires: from(13 * MINUTE),
    subject: {
      kind: "call",
      agent: "claude-code",
      program: claude,
      standpoint: "same",
      server: "github",
      tool: "merge_pull_request",
      title: "Merge a pull request",
      risk: "destroys",
      approval: "always",
      bytes: 214,
      approvedBefore: from(-96 * MINUTE),
      until: from(7 * DAY),
      digest: digest("q1"),
      arguments: [
        { name: "repo", value: "acme/atlas", was: null },
        { name: "pull_number", value: "482", was: null },
        { name: "merge_method", value: "squash", was: "merge" },
        { name: "commit_title", value: "Fix drift in the rate limiter (#482)", was: null },
        { name: "commit_message", value: "Closes #479.\u200b See report\u202efdp.exe", was: null },
      ],
    },
  },
  {
    id: "q2",
    asked: from(-2 * MINUTE),
    expires: from(11 * MINUTE),
    subject: {
      kind: "call",
      agent: "nightly-triage",
      program: { path: "/usr/bin/node", sha256: digest("node"), pid: 5120 },
      standpoint: "same",
      server: "linear",
      tool: "close_issue",
      title: "Close an issue",
      risk: "writes",
      approval: "session",
      bytes: 61,
      approvedBefore: null,
      until: from(2 * DAY),
      digest: digest("q2"),
      arguments: [
        { name: "id", value: "ATL-1190", was: null },
        { name: "reason", value: "No activity for 94 days", was: null },
      ],
    },
  },
];

const cursor = {
  now: { path: "/home/me/Downloads/cursor-1.9/cursor", sha256: digest("new"), pid: 9911 },
  before: { path: "/opt/cursor/cursor", sha256: digest("old"), pid: null },
};

export const connecting: Question = {
  id: "q3",
  asked: from(-5 * SECOND),
  expires: from(5 * MINUTE),
  subject: {
    kind: "connect",
    agent: "cursor",
    program: cursor.now,
    known: [cursor.before],
  },
};

export const authorizing: Question = {
  id: "q5",
  asked: from(-5 * SECOND),
  expires: from(5 * MINUTE),
  subject: {
    kind: "authorize",
    agent: "cursor",
    becomes: "another",
    client: "Cursor",
    document: null,
    redirect: "http://127.0.0.1:54213/callback",
    endpoint: "/mcp",
    program: cursor.now,
    known: [cursor.before],
  },
};

export const confirming: Question = {
  id: "q4",
  asked: from(-3 * SECOND),
  expires: from(2 * MINUTE),
  subject: {
    kind: "confirm",
    sentence: "Let codex call 3 tools on stripe until tomorrow at 18:00",
    details: [
      "list_payouts, not asked",
      "get_charge, not asked",
      "create_refund, asked each time, up to 5 calls in all",
    ],
  },
};
