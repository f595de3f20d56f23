// The approval window.

import type { Approval, Becomes, Question, Reach, Risk } from "../ipc/bindings";
import { bytes, count } from "./common";
import type { Sentence } from "./sentences";

export const ask = {
  none: "Nothing waits for you",
  noneHint: "This window opens when an agent asks.",
  place: (at: number, of: number, until: string) => `${of > 1 ? `${at} of ${of} · ` : ""}until ${until}`,
  confirmSource: "A command, typed somewhere in this account, asks",
  connectSource: "An agent wants to connect",
  authorizeSource: "A program wants to come in over HTTP",
  arguments: "Arguments, exactly as they will be sent",
  noArguments: "Nothing is sent along: this call has no arguments.",
  allSent: (args: number, size: number) =>
    `That is all that is sent: ${count(args, "argument", "arguments")}, ${bytes(size)}.`,
  changed: (time: string) => `Changed since the call you approved, ${time}`,
  hidden: (hidden: number, turns: boolean) =>
    `${count(hidden, "hidden character", "hidden characters")}.${turns ? " Text after a direction mark shows backwards elsewhere." : ""}`,
  showRest: (more: number) => `Show ${bytes(more)} more`,
  process: (pid: number) => `pid ${pid}`,
  same: "same program",
  other: "not the program you accepted",
  knownBefore: "Accepted before",
  comesNow: "Asks now",
  programHash: "SHA-256",
  connectFirst: "No program was accepted for this agent yet. Accept it if you have just started it.",
  connectOther:
    "It says it is an agent you know, but its program is another one, or was changed. Updates do this; so do impostors.",
  becomes: {
    new: "A new agent is made for it. It may do nothing until you sign a delegation.",
    first: "You named this agent; this would be its first program. Accept it if you have just started it.",
    known: "It is the program you accepted for this agent.",
    another:
      "This agent is known with another program. If you accept, this one may do all that you delegated to the agent. Updates do this; so do impostors.",
  } satisfies Record<Becomes, string>,
  callsItself: "Calls itself",
  describedAt: "Described at",
  waitsAt: "Waits for the answer at",
  reaches: "Wants to reach",
  howLong: "If you approve, for how long",
  reach: {
    once: "Once",
    session: "This session",
    tool: "This tool…",
    hour: "1 hour",
    always: "Always…",
  } satisfies Record<Reach, string>,
  toolMeans: (agent: string) =>
    `This tool, this session: with any arguments, unseen by you, until ${agent} disconnects.`,
  alwaysMeans: (until: string) =>
    `The same call, with exactly these arguments, until the delegation ends on ${until}.`,
  deny: "Deny",
  denyKey: "Esc",
  denyAndPause: (agent: string) => `Deny and pause ${agent}`,
  moreDeny: "More ways to deny",
  approve: {
    once: "Approve once",
    session: "Approve for session",
    tool: "Approve this tool",
    hour: "Approve for 1 hour",
    always: "Approve always",
  } satisfies Record<Reach, string>,
  accept: "Accept",
  confirm: "Confirm",
  approveKey: "Ctrl Enter",
  deaf: "Listening in half a second…",
  runs: "Runs at once, exactly as shown.",
  connects: "It can then use what you delegated to it.",
  confirms: "Done at once, exactly as shown.",
  keys: "How long",
};

const SOURCE: Record<Approval, string> = {
  never: "This call needs your answer",
  once: "Your delegation says: ask once for the same arguments",
  session: "Your delegation says: ask once a session",
  always: "Your delegation says: ask each time",
};

/** Why the question is asked at all. */
export function askSource({ subject }: Question): string {
  switch (subject.kind) {
    case "call":
      return SOURCE[subject.approval];
    case "connect":
      return ask.connectSource;
    case "authorize":
      return ask.authorizeSource;
    case "confirm":
      return ask.confirmSource;
  }
}

/** The question itself. A title that came from a server is quoted; a bare name is shown as bytes. */
export function askTitle({ subject }: Question): Sentence {
  switch (subject.kind) {
    case "call":
      return subject.title === subject.tool
        ? [{ b: subject.agent }, " wants to call ", { code: subject.tool }]
        : [{ b: subject.agent }, " wants to use “", { b: subject.title }, "”"];
    case "connect":
      return subject.known.length === 0
        ? ["Is this ", { b: subject.agent }, "?"]
        : ["Is this still ", { b: subject.agent }, "?"];
    case "authorize":
      return subject.becomes === "new"
        ? ["Let this program in as the new agent ", { b: subject.agent }, "?"]
        : ["Let this program in as ", { b: subject.agent }, "?"];
    case "confirm":
      return [{ b: subject.sentence }];
  }
}

/**
 * How far a yes may reach. The tool with any arguments is offered only where the delegation asks once a session; calls that
 * cannot be undone are never allowed for good from here, unless the delegation asks once for the same arguments.
 */
export function reaches(risk: Risk, approval: Approval): Reach[] {
  const always: Reach[] = risk === "destroys" && approval !== "once" ? [] : ["always"];
  return ["once", "session", approval === "session" ? "tool" : "hour", ...always];
}
