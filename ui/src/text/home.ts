// Home, and the first steps it teaches.

import type { Today } from "../ipc/bindings";
import { count, list, some } from "./common";

export const home = {
  calm: "Nothing waits for you",
  questions: (n: number) => `${some(n, "question waits", "questions wait")} for you`,
  logins: (n: number) => `${some(n, "login has", "logins have")} ended`,
  changes: (n: number) => `${some(n, "tool", "tools")} changed`,
  paused: "All agents are paused",
  pausedHint: "Their calls are refused until you let them go on.",
  waitingHeading: "Waiting for you",
  asked: (ago: string, until: string) => `asked ${ago}, open until ${until}`,
  loginTitle: (server: string) => `Log in to ${server} again`,
  loginUnreadable: (server: string) => `The wallet can’t read its login for ${server}.`,
  loginHint: (server: string, time: string) =>
    `${server} ended the login (${time}). Calls to it are refused until you log in again.`,
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
