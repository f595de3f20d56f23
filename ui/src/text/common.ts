// Words used everywhere.

export const app = "Countersign";

export const nav = {
  label: "Main",
  skip: "Skip to content",
  identity: "Your identity",
  delegate: "New delegation",
  home: "Home",
  approvals: "Approvals",
  agents: "Agents",
  servers: "Servers",
  activity: "Activity",
  settings: "Settings",
  waiting: (count: number) => `${count} waiting`,
  lock: "Lock now",
  lockKeys: "Ctrl L",
  stop: "Emergency stop",
};

export const verbs = {
  pause: "Pause",
  resume: "Resume",
  resumeAll: "Let all go on",
  revoke: "Revoke",
  revokeAsk: "Revoke…",
  review: "Review",
  login: "Log in",
  logout: "Log out",
  cancel: "Cancel",
  keep: "Keep",
  close: "Close",
  copy: "Copy",
  copied: "Copied",
  back: "Back",
  skip: "Skip",
  continue: "Continue",
  dismiss: "Put away",
  showAll: (count: number) => `Show all ${count}`,
};

export const meterOf = "of";

export const risk = {
  reads: { word: "Reads", icon: "reads", tone: "" },
  writes: { word: "Writes", icon: "writes", tone: "" },
  unknown: { word: "Writes, maybe more", icon: "writes", tone: "" },
  destroys: { word: "Cannot be undone", icon: "danger", tone: "asks" },
} as const;

const SMALL = ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"];

/** `Two questions`: small numbers as words, at the start of a sentence. */
export function some(count: number, one: string, many: string): string {
  return `${SMALL[count] ?? number(count)} ${count === 1 ? one : many}`;
}

/** `2 calls`. */
export function count(value: number, one: string, many: string): string {
  return `${number(value)} ${value === 1 ? one : many}`;
}

export function number(value: number): string {
  return value.toLocaleString("en");
}

/** `a, b and c`. */
export function list(words: readonly string[]): string {
  return new Intl.ListFormat("en-GB", { type: "conjunction" }).format(words);
}

export function bytes(value: number): string {
  return value < 1000 ? count(value, "byte", "bytes") : `${(value / 1000).toFixed(1)} kB`;
}
