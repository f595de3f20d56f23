// The wallet as a whole: first run, locked, stopped, settings.

import { count, some } from "./common";

export const settings = {
  title: "Settings",
  sections: {
    security: "Security",
    appearance: "Appearance",
    notifications: "Notifications",
    about: "About",
  },
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
  stopShortcutHint: "Works in this window, also while locked.",
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
    endpoint: "Agents over HTTP",
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
    keyringAsked: "Looking for it…",
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
  since: (time: string) => `Locked since ${time}. `,
  passphrase: "Passphrase",
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

export const unusable = {
  title: "The wallet can’t be opened",
  files: "Its files are in ",
  again: "Try again",
};
