// Servers: adding them, logging in to them, what they offer.

import type { Server } from "../ipc/bindings";
import { count, list, some } from "./common";

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
  login: (server: string) => `Log in to ${server}`,
  logins: "Login",
  loginEnded: (server: string) => `${server} no longer accepts this login`,
  loginEndedHint:
    "It was ended at the server, most often because a password changed or the access was removed there. Countersign tried once, then stopped, so your account is not locked out.",
  loginUnreadable: (server: string) => `The login for ${server} can’t be read`,
  loginNeeded: (server: string) => `You are not logged in to ${server}`,
  loginNeededHint: "The browser opens for the login. The token stays in this wallet; no agent sees it.",
  loginNarrow: (server: string) => `${server} wants more than this login gives`,
  loginNarrowHint:
    "It turned a call away for it. Log in again, and the login page asks you for this as well as for what you gave before.",
  browserOpen: "The browser is open. Log in there; this goes on by itself.",
  fails: (server: string) => `${server} does not answer`,
  again: "Try again",
  asking: (server: string) => `Asking ${server} what it offers…`,
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
  opening: "Opening the playground…",
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

/** Whether there was a login, and a new one is wanted. */
export const loginEnded = ({ login }: Server): boolean =>
  login.state === "ended" || login.state === "unreadable";

/** What the list says under a server's name. */
export function serverMood(server: Server): {
  word: string;
  tone: "" | "ok" | "asks" | "bad" | "plain";
  icon?: "key" | "changed" | "unplug" | "globe";
} {
  const { login, status, transport, changedTools } = server;
  const words = servers.state;
  if (changedTools > 0) return { word: words.changed(changedTools), tone: "bad", icon: "changed" };
  if (login.state === "ended" || login.state === "unreadable")
    return { word: words.loginAgain, tone: "asks", icon: "key" };
  if (login.state === "loggedIn" && login.wants) return { word: words.loginAgain, tone: "asks", icon: "key" };
  if (login.state === "loggedOut") return { word: words.loginNeeded, tone: "asks", icon: "key" };
  if (login.state === "waiting") return { word: words.waiting, tone: "asks", icon: "globe" };
  if (status.state === "fails") return { word: words.fails, tone: "bad", icon: "unplug" };
  if (transport.kind === "stdio") return { word: words.local, tone: "plain" };
  const plain = { loggedIn: words.loggedIn, header: words.header, none: words.open }[login.state];
  return { word: plain, tone: "plain" };
}
