// The screens, one after the other.

import type { Agent, Check, Outcome, Server, Today } from "../ipc/bindings";
import { count, list, number, some } from "./common";

export const home = {
  calm: "Nothing waits for you",
  questions: (n: number) => `${some(n, "question waits", "questions wait")} for you`,
  logins: (n: number) => `${some(n, "login has", "logins have")} ended`,
  changes: (n: number) => `${some(n, "tool", "tools")} changed`,
  paused: "All agents are paused",
  pausedHint: "Their calls are refused until you let them go on.",
  waitingHeading: "Waiting for you",
  asked: (ago: string, until: string) => `asked ${ago}, open until ${until}`,
  reviewMany: (n: number) => `Review ${n}`,
  loginTitle: (server: string) => `Log in to ${server} again`,
  loginHint: (server: string, time: string) =>
    `${server} ended the login at ${time}. Calls to it wait; nothing is lost.`,
  changeTitle: (server: string) => `${server} changed what its tools say`,
  changeHint: "Calls to a changed tool are refused until you have looked at it and signed anew.",
  look: "Look",
  working: (agents: string[]) =>
    agents.length ? `${list(agents)} ${agents.length === 1 ? "is" : "are"} working. ` : "",
  today: ({ calls, asked, refused }: Today) =>
    `Today: ${count(calls, "call", "calls")}, ${asked} asked, ${refused} refused. `,
  whole: "The record is whole.",
  broken: "The record is not whole; see Activity.",
  atWork: "At work",
  idle: "No agent is working right now.",
  columns: { agent: "Agent", doing: "Doing", server: "Server", since: "For" },
  waitsFor: "Waits for you: ",
  calls: "Calls ",
  pause: (agent: string) => `Pause ${agent}`,
  hour: "The last hour",
  now: "now",
  tally: { allowed: "allowed", asked: "asked you", refused: "refused" },
  tallyLabel: (agent: string, allowed: number, asked: number, refused: number) =>
    `${agent}: ${allowed} allowed, ${asked} asked, ${refused} refused`,
  laneCalls: (n: number) => count(n, "call", "calls"),
};

export const begin = {
  title: "Your half is ready. An agent holds the other.",
  hint: "Countersign stands between your agents and the servers they use. Three things, and work can begin.",
  steps: [
    {
      title: "Add an agent",
      hint: "Give it a name. You get a line to paste into its settings.",
      verb: "Add an agent",
    },
    {
      title: "Add a server",
      hint: "Paste an address or a command. You log in once, for every agent.",
      verb: "Add a server",
    },
    {
      title: "Sign a delegation",
      hint: "Which tools, how often, until when. Until you sign one, every call is refused.",
      verb: "Delegate",
    },
  ],
  done: "Done",
  why: "Step 3 opens when there is an agent and a server. To try it all first, ",
  playground: "open the playground",
  playgroundHint: ": a pretend server with a login, on this machine only.",
};

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
  reconnect: "Connects with another program",
  confirm: "A typed command asks",
  empty: "Nothing was asked yet",
  emptyHint: "A delegation says which tools ask you first. Those calls wait here and in their own window.",
  answers: { approved: "Approved", denied: "Denied", unanswered: "Ended unanswered" },
  columns: { time: "Time", question: "Question", answer: "Your answer" },
};

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
      medianMs === null ? "" : ` · half answered in ${medianMs} ms`,
    ].join(""),
  last: "Last calls",
  all: "All activity",
  connect: "How it connects",
  connectHint: "Paste this into the agent’s own MCP settings. It holds no secret.",
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

export const servers = {
  title: "Servers",
  add: "Add a server",
  state: {
    loggedIn: "Logged in",
    loginAgain: "Log in again",
    loginNeeded: "Log in",
    waiting: "The browser is open",
    local: "Runs on this machine",
    header: "Shows a key you gave",
    open: "Wants no login",
    fails: "Does not answer",
    changed: (n: number) => count(n, "tool changed", "tools changed"),
  },
  answersIn: (ms: number) => ` · answers in ${ms} ms`,
  login: (server: string) => `Log in to ${server}`,
  logins: "Login",
  loginEnded: (server: string) => `${server} no longer accepts this login`,
  loginEndedHint:
    "It was ended at the server, most often because a password changed or the access was removed there. Countersign tried once, then stopped, so your account is not locked out.",
  loginNeeded: (server: string) => `You are not logged in to ${server}`,
  loginNeededHint: "The browser opens for the login. The token stays in this wallet; no agent sees it.",
  browserOpen: "The browser is open. Log in there; this goes on by itself.",
  fails: (server: string) => `${server} does not answer`,
  again: "Try again",
  renews: (until: string) =>
    `Renewed by itself before ${until}. The token stays in this wallet; no agent sees it.`,
  keeps: "The token stays in this wallet; no agent sees it.",
  headerHint: (name: string) => `Sent as ${name}. Its value is sealed in this wallet.`,
  usedBy: (agents: string[]) => (agents.length ? `used by ${list(agents)}` : "used by no agent yet"),
  account: "Your login",
  key: "Your key",
  waiting: "What is waiting",
  happened: "What happened",
  copy: "Copy details",
  noSecrets: "Contains no secrets.",
  tools: "Tools",
  pinned: "A delegation pins the definition you see here",
  changedTitle: (n: number) =>
    `${some(n, "tool", "tools")} changed since you signed, so no agent can call ${n === 1 ? "it" : "them"}`,
  changedHint: "Read what it says now. To let an agent call it again, sign a new delegation.",
  asSigned: "as you saw it",
  changed: "changed, blocked",
  noTools: "It offers no tools.",
  remove: "Remove",
  removeAsk: "Remove…",
  removeTitle: (server: string) => `Remove ${server}?`,
  removeHint:
    "Its login is ended and its secrets are erased from the wallet. Delegations for it stop working. Receipts stay.",
  delegate: "Delegate",
  emptyTitle: "No server yet",
  emptyHint: "A server offers tools to agents. Add one by its address or its command, or try the playground.",
  playground: "Open the playground",
  columns: { tool: "Tool", does: "What it does", definition: "Definition", state: "State" },
};

export const addServer = {
  title: "Add a server",
  kind: "How it is reached",
  http: "Address",
  stdio: "Command",
  name: "Name",
  nameHint: "Shows in questions and before the names of its tools.",
  url: "Address",
  urlHint: "https, or http on this machine.",
  command: "Program",
  args: "Arguments",
  argsHint: "One a line. Nothing is passed through a shell.",
  cwd: "Folder to run in",
  cwdHint: "Your home folder, if empty.",
  env: "Environment",
  variable: "Variable",
  value: "Value",
  secret: "Secret",
  addVariable: "Add a variable",
  removeVariable: "Remove this variable",
  login: "Login",
  oauth: "In the browser",
  header: "A fixed key",
  open: "None",
  headerName: "Header",
  headerValue: "Value",
  runs: "Runs, exactly:",
  runsHint: "It runs as you, with a clean environment, and ends with its last session.",
  verb: "Add server",
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
  nothing: "Choose at least one tool.",
  sign: "Sign",
  notSigned: "Not signed yet",
  signed: "Both halves match",
  signedLead: (agent: string) => `Signed. ${agent} can use it at once.`,
  by: (identity: string, agent: string) =>
    `Signed with your ${identity} identity. ${agent} can use it at once. You can revoke it any time.`,
  replaces: `Replaces what it may do on this server until now.`,
  needs: "A delegation needs an agent and a server with tools.",
  done: "Done",
  badNumber: "A whole number above 0, or nothing.",
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
    proof: ["These arguments, this server, used once", "The call proof does not fit this call"],
  } satisfies Record<Check, [string, string]>,
  chain: (before: number | null, after: number | null) =>
    `Position in the chain: ${before === null ? "the first receipt" : `after receipt ${number(before)}`}, ${after === null ? "the newest so far" : `before ${number(after)}`}`,
  copy: "Copy signed line",
};

export const outcome = {
  waits: { word: "Waits for you", icon: "ask", tone: "asks" },
  allowed: { word: "Allowed", icon: "allowed", tone: "ok" },
  failed: { word: "Failed", icon: "warn", tone: "asks" },
  refused: { word: "Refused", icon: "refused", tone: "bad" },
  unknown: { word: "Unknown", icon: "warn", tone: "asks" },
  noted: { word: "Noted", icon: "info", tone: "plain" },
} as const satisfies Record<Outcome["result"], unknown>;

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

export const settings = {
  title: "Settings",
  sections: {
    security: "Security",
    appearance: "Appearance",
    notifications: "Notifications",
    about: "About",
  },
  locking: "Locking",
  lockAway: "Lock when I am away",
  lockAwayHint: "Agents’ calls are refused while locked.",
  lockAfter: {
    never: "Never",
    five: "After 5 minutes",
    ten: "After 10 minutes",
    thirty: "After 30 minutes",
    hour: "After an hour",
  },
  stopHeading: "Emergency stop",
  stopShortcut: "Shortcut",
  stopShortcutHint: "Works in this window, also while locked.",
  stopDoes: "What it does",
  stopDoesHint: "Ends calls in flight, closes questions as denied, pauses every agent, and locks.",
  theme: "Theme",
  themes: { system: "As the system", light: "Light", dark: "Dark" },
  notify: "Say when a question waits",
  notifyHint: "The notification names the agent and the tool, never an argument.",
  autostart: "Start with the session",
  autostartHint: "Agents find the wallet running, in the tray.",
  facts: {
    version: "Version",
    identity: "Your identity",
    home: "Files",
    socket: "Agents connect at",
    sealed: "Sealed by",
    receipts: "Receipts",
  },
  keyring: "the system’s keyring",
  passphrase: "your passphrase",
};

export const firstRun = {
  claim: ["Hand over work,", "not your keys"],
  lead: "You log in to each server once. Agents get only what you sign, and you can take it back.",
  label: "Setup",
  stepsLabel: "Steps",
  steps: [
    { title: "Your identity", hint: "Signs what you allow" },
    { title: "Your servers", hint: "What agents use" },
    { title: "Your agents", hint: "Who asks" },
  ],
  foot: "Nothing leaves this machine. Every step can be skipped and done later.",
  identity: {
    title: "Make your identity",
    lead: "It is a key that stays in this wallet. Everything you allow is signed with it, so a server can check that it was you.",
    name: "Your name, as receipts show it",
    seal: "What seals it on this machine",
    keyring: "The system’s keyring",
    keyringHint: "Opens with your session. Nothing to remember.",
    keyringMissing: (why: string) => `Not available: ${why}`,
    passphrase: "A passphrase",
    passphraseHint: "Asked each time the wallet starts. Nobody can bring it back for you.",
    choose: "Passphrase",
    again: "The same once more",
    short: "At least 12 characters. A few unrelated words are good.",
    differ: "The two are not the same.",
    verb: "Make identity",
  },
  server: {
    title: "Try it, or bring your own server",
    lead: "Agents reach every server through this wallet. You log in here once, and no agent sees the token.",
    playground: "Open the playground",
    playgroundHint:
      "A pretend server with a dozen tools and a real login, on this machine only. Nothing you do there matters.",
    own: "Add my own server",
    ownHint: "By its address or its command.",
    added: (name: string) => `${name} is added`,
  },
  agent: {
    title: "Name your first agent",
    lead: "You get a line to paste into its settings. The first time it connects, Countersign shows you its program and asks.",
    verb: "Add agent",
    done: "Finish",
  },
};

export const locked = {
  title: "Locked",
  keyring: "The system’s keyring opens it.",
  since: (time: string) => `The wallet was locked at ${time}. `,
  waiting: (n: number) => (n ? `${count(n, "call waits", "calls wait")}. ` : ""),
  passphrase: (name: string) => `Passphrase for ${name}`,
  wrong: "That is not the passphrase. Nothing is erased by trying again.",
  unlock: "Unlock",
  stop: "Emergency stop works while locked: ",
  stopKeys: ["Ctrl", "Alt", "."],
};

export const stopped = {
  title: "Everything is stopped",
  lead: (time: string, ms: number) =>
    `You pressed Emergency stop at ${time}. Nothing has left this machine since ${ms} ms after that.`,
  uncertain: (n: number) => `${some(n, "call", "calls")} may have gone through`,
  uncertainHint: (server: string) => `It was already sent. ${server} had not answered, so look there.`,
  certain: "No call is in doubt.",
  heading: "What was stopped",
  ended: (n: number) => `${count(n, "call", "calls")} in flight, ended without being sent`,
  denied: (n: number) => `${count(n, "question", "questions")}, closed as denied`,
  paused: (n: number) => `${count(n, "agent", "agents")}, paused. Their delegations stand.`,
  locked: "The wallet, locked",
  verb: "Unlock, keep all paused",
  hint: "Agents go on one at a time, each by your hand.",
};

export const stopDialog = {
  title: "Stop everything?",
  ends: "Calls in flight end. What was already sent may have gone through; you will see which.",
  denies: "Questions are closed as denied.",
  pauses: "Every agent is paused, and the wallet locks.",
  verb: "Stop everything",
};

export const unusable = {
  title: "The wallet can’t be opened",
  files: "Its files are in ",
  again: "Try again",
};

export const problem = { label: "That did not work" };

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

/** What the list says under a server's name. */
export function serverMood(server: Server): {
  word: string;
  tone: "" | "ok" | "asks" | "bad" | "plain";
  icon?: "key" | "changed" | "unplug" | "globe";
} {
  const { login, status, transport, changedTools } = server;
  const words = servers.state;
  if (changedTools > 0) return { word: words.changed(changedTools), tone: "bad", icon: "changed" };
  if (login.state === "ended") return { word: words.loginAgain, tone: "asks", icon: "key" };
  if (login.state === "loggedOut") return { word: words.loginNeeded, tone: "asks", icon: "key" };
  if (login.state === "waiting") return { word: words.waiting, tone: "asks", icon: "globe" };
  if (status.state === "fails") return { word: words.fails, tone: "bad", icon: "unplug" };
  if (transport.kind === "stdio") return { word: words.local, tone: "plain" };
  const plain = { loggedIn: words.loggedIn, header: words.header, none: words.open }[login.state];
  return { word: plain, tone: "plain" };
}
