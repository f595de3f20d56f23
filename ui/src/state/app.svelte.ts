// What every view shares: the wallet, where the human is, what went wrong last. Handed down by context, so that a test
// brings its own.

import { getContext, setContext } from "svelte";
import type { Args, Command, Host, Reply } from "../ipc/contract";
import type { Failure, Open, Question, Work } from "../ipc/bindings";
import { Clock } from "./clock.svelte";
import { Route } from "./route.svelte";
import { WalletState } from "./wallet.svelte";

const KEY = Symbol("app");

export class App {
  readonly host: Host;
  readonly wallet: WalletState;
  readonly route = new Route();
  readonly clock = new Clock();
  /** The last command that did nothing, until it is put away or another one works. */
  problem = $state<Failure | null>(null);

  /** The command that is under way: its button waits, and says so. */
  busy = $state<Command | null>(null);

  constructor(host: Host) {
    this.host = host;
    this.wallet = new WalletState(host);
  }

  /** The open wallet. Views inside the shell are only drawn while it is open. */
  get open(): Open {
    const wallet = this.wallet.current;
    if (wallet?.phase !== "open") throw new Error("drawn without an open wallet");
    return wallet;
  }

  /** Calls a command; a failure is kept in `problem` and answered with `null`. */
  async attempt<C extends Command>(command: C, args: Args<C>): Promise<Reply<C> | null> {
    this.busy = command;
    try {
      const reply = await this.host.call(command, args);
      this.problem = null;
      return reply;
    } catch (failure) {
      this.problem = asFailure(failure);
      return null;
    } finally {
      if (this.busy === command) this.busy = null;
    }
  }

  questionsOf(agent: string): Question[] {
    return this.open.questions.filter((question) => agentOf(question) === agent);
  }

  workOf(agent: string): Work[] {
    return this.open.work.filter((work) => work.agent === agent);
  }
}

/** The agent a question comes from; a typed command comes from none. */
export function agentOf(question: Question): string | null {
  return question.subject.kind === "confirm" ? null : question.subject.agent;
}

/** Whatever was thrown, as a failure. */
export function asFailure(thrown: unknown): Failure {
  if (typeof thrown === "object" && thrown !== null && "sentence" in thrown) return thrown as Failure;
  return { code: "internal", sentence: thrown instanceof Error ? thrown.message : String(thrown) };
}

export function provide(app: App): App {
  return setContext(KEY, app);
}

export function useApp(): App {
  return getContext<App>(KEY);
}
