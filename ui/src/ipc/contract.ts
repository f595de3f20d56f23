// The contract between the windows and the wallet: every command with its arguments and its answer. `host.ts` keeps it
// with Tauri, `fake.ts` in memory; nothing else in the front end knows which of the two it talks to.

import type * as View from "./bindings";

/** Every command: `[arguments, answer]`. The list with its meaning is in `src-tauri/src/view.rs`. */
export interface Commands {
  snapshot: [None, View.Wallet];
  create_wallet: [{ name: string; seal: View.Seal }, View.Wallet];
  unlock: [{ passphrase: string | null }, View.Wallet];
  lock: [None, null];
  emergency_stop: [None, null];
  pause_all: [None, null];
  resume_all: [None, null];
  start_playground: [None, View.Server];
  add_server: [{ server: View.NewServer }, View.Server];
  remove_server: [Named, null];
  server: [Named, View.ServerDetail];
  login: [Named, View.Server];
  cancel_login: [Named, View.Server];
  logout: [Named, View.Server];
  add_agent: [Named, View.Enrolment];
  agent: [Named, View.AgentDetail];
  pause_agent: [Named, View.Agent];
  resume_agent: [Named, View.Agent];
  revoke_agent: [Named, View.Agent];
  delegate: [{ draft: View.Draft }, View.Signed];
  revoke_delegation: [Identified, null];
  review: [Identified, null];
  activity: [{ filter: View.Filter }, View.Page];
  receipt: [{ seq: number }, View.Receipt];
  verify_record: [None, View.Verdict];
  export_record: [None, string | null];
  change_settings: [{ settings: View.Settings }, View.Settings];
  theme: [None, View.Theme];
  questions: [None, View.Question[]];
  shown: [Identified, null];
  grow: [None, null];
  answer: [{ id: string; answer: View.Answer }, null];
}

type None = Record<string, never>;
type Named = { name: string };
type Identified = { id: string };

export type Command = keyof Commands;
export type Args<C extends Command> = Commands[C][0];
export type Reply<C extends Command> = Commands[C][1];

/** Which of the two windows this is. */
export type WindowKind = "main" | "approval";

/** The wallet as the front end sees it. A command fails with a `Failure`. */
export interface Host {
  readonly window: WindowKind;
  call<C extends Command>(command: C, args: Args<C>): Promise<Reply<C>>;
  /** Calls `apply` with every event from now on; resolves once it listens. */
  listen(apply: (event: View.Event) => void): Promise<void>;
}
