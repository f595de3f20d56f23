// The contract kept in memory, so that both windows run in a plain browser and in the tests.

import type { Agent, Entry, Event, Failure, Open, Question, ResultKind, Server, Wallet } from "./bindings";
import type { Args, Command, Commands, Host, Reply, WindowKind } from "./contract";
import * as scenes from "./scenes";

type Handlers = { [C in Command]: (args: Args<C>) => Reply<C> | Promise<Reply<C>> };

/** A fake host that also tells what it was asked, and takes events from outside. */
export interface Fake extends Host {
  readonly calls: { [C in Command]: [C, Commands[C][0]] }[Command][];
  emit(event: Event): void;
}

export function fake(window: WindowKind, scene = ""): Fake {
  const memory = new Memory(scene);
  const handlers = memory.handlers();
  const calls: Fake["calls"] = [];
  return {
    window,
    calls,
    emit: (event) => memory.emit(event),
    async call(command, args) {
      calls.push([command, structuredClone(args)] as never);
      return structuredClone(await handlers[command](args));
    },
    async listen(apply) {
      memory.listeners.push(apply);
    },
  };
}

class Memory {
  listeners: ((event: Event) => void)[] = [];
  wallet: Wallet;
  waiting: Question[];

  constructor(scene: string) {
    this.wallet = scenes.scene(scene);
    this.waiting = waiting(scene);
  }

  emit(event: Event): void {
    this.listeners.forEach((apply) => apply(structuredClone(event)));
  }

  become(wallet: Wallet): Wallet {
    this.wallet = wallet;
    this.emit({ kind: "wallet", wallet });
    return wallet;
  }

  close(scene: "locked" | "stopped"): null {
    this.become(scenes.scene(scene));
    return null;
  }

  get open(): Open {
    if (this.wallet.phase !== "open") throw fail("locked", "The wallet is locked. Unlock it first.");
    return this.wallet;
  }

  agent(name: string): Agent {
    return this.open.agents.find((agent) => agent.name === name) ?? missing(name);
  }

  server(name: string): Server {
    return this.open.servers.find((server) => server.name === name) ?? missing(name);
  }

  change<T extends Agent | Server>(subject: T, change: Partial<T>): T {
    Object.assign(subject, change);
    if ("transport" in subject) this.tellServers();
    else this.emit({ kind: "agent", agent: subject });
    return subject;
  }

  tellServers(): void {
    this.emit({ kind: "servers", servers: [...this.open.servers] });
  }

  handlers(): Handlers {
    return {
      ...this.whole(),
      ...this.ofServers(),
      ...this.ofAgents(),
      ...this.ofRecord(),
      ...this.ofQuestions(),
    };
  }

  whole() {
    const opened = () => this.become(scenes.scene("empty"));
    return {
      snapshot: () => this.wallet,
      create_wallet: opened,
      unlock: ({ passphrase }: Args<"unlock">) => {
        if (passphrase === "wrong") throw fail("wrong_passphrase", "That is not the passphrase.");
        return this.become(scenes.scene(""));
      },
      lock: () => this.close("locked"),
      emergency_stop: () => this.close("stopped"),
      pause_all: () => this.pauseAll(true),
      resume_all: () => this.pauseAll(false),
      theme: () => "system" as const,
      change_settings: ({ settings }: Args<"change_settings">) => {
        this.open.settings = settings;
        this.emit({ kind: "settings", settings });
        return settings;
      },
    };
  }

  pauseAll(paused: boolean): null {
    this.open.allPaused = paused;
    this.emit({ kind: "wallet", wallet: this.wallet });
    return null;
  }

  ofServers() {
    const add = (server: Server): Server => {
      this.open.servers.push(server);
      this.tellServers();
      return server;
    };
    const loggedIn: Partial<Server> = {
      login: { state: "loggedIn", expires: null, scopes: [], wants: null },
    };
    return {
      start_playground: () =>
        add({
          name: "playground",
          transport: { kind: "http", url: "http://127.0.0.1:40213/mcp" },
          login: { state: "loggedOut" },
          status: { state: "answers" },
          changedTools: 0,
        }),
      add_server: ({ server: { name, transport } }: Args<"add_server">) => {
        if (this.open.servers.some((server) => server.name === name))
          throw fail("name_taken", `There is a server named ${name} already. Choose another name.`);
        const plain =
          transport.kind === "http"
            ? { kind: "http" as const, url: transport.url }
            : { ...transport, env: transport.env.map((variable) => variable.name) };
        return add({
          name,
          transport: plain,
          login: { state: "none" },
          status: { state: "unknown" },
          changedTools: 0,
        });
      },
      remove_server: ({ name }: Args<"remove_server">) => {
        this.open.servers = this.open.servers.filter((server) => server.name !== name);
        this.tellServers();
        return null;
      },
      server: ({ name }: Args<"server">) => scenes.serverDetail(this.server(name)),
      login: ({ name }: Args<"login">) => this.change(this.server(name), loggedIn),
      cancel_login: ({ name }: Args<"cancel_login">) => this.server(name),
      logout: ({ name }: Args<"logout">) => this.change(this.server(name), { login: { state: "loggedOut" } }),
    };
  }

  ofAgents() {
    return {
      add_agent: ({ name }: Args<"add_agent">) => {
        if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
          throw fail("bad_name", "A name has lower-case letters, digits and single hyphens.");
        const agent: Agent = { name, state: "pending", sessions: 0, delegations: 0, lastCall: null };
        this.open.agents.push(agent);
        this.emit({ kind: "agent", agent });
        return scenes.agentDetail(agent).enrolment;
      },
      agent: ({ name }: Args<"agent">) => scenes.agentDetail(this.agent(name)),
      pause_agent: ({ name }: Args<"pause_agent">) => this.change(this.agent(name), { state: "paused" }),
      resume_agent: ({ name }: Args<"resume_agent">) => this.change(this.agent(name), { state: "enrolled" }),
      revoke_agent: ({ name }: Args<"revoke_agent">) =>
        this.change(this.agent(name), { state: "revoked", delegations: 0 }),
      delegate: ({ draft }: Args<"delegate">) => {
        const agent = this.agent(draft.agent);
        this.change(agent, { delegations: agent.delegations + 1 });
        return { delegation: "d9", replaced: draft.replaces ? 1 : 0 };
      },
      revoke_delegation: () => null,
    };
  }

  ofRecord() {
    return {
      activity: ({ filter }: Args<"activity">) => {
        const words = (filter.text ?? "").toLowerCase();
        const entries =
          this.open.newest === null
            ? []
            : scenes.entries.filter(
                (entry) =>
                  (!filter.agent || entry.agent === filter.agent) &&
                  (!filter.server || entry.server === filter.server) &&
                  matches(entry, filter.result) &&
                  (!filter.since || entry.at >= filter.since) &&
                  `${entry.tool} ${entry.gist}`.toLowerCase().includes(words),
              );
        return { entries, total: this.open.about.receipts, more: false };
      },
      receipt: ({ seq }: Args<"receipt">) => scenes.receipt(seq),
      verify_record: () => ({ whole: true, receipts: this.open.about.receipts, faults: [] }),
      export_record: () => "/home/me/receipts",
    };
  }

  ofQuestions() {
    return {
      review: () => null,
      questions: () => this.waiting,
      shown: () => null,
      grow: () => null,
      answer: ({ id }: Args<"answer">) => {
        this.waiting = this.waiting.filter((question) => question.id !== id);
        this.emit({ kind: "answered", id });
        return null;
      },
    };
  }
}

function waiting(scene: string): Question[] {
  const chosen = {
    connect: [scenes.connecting],
    authorize: [scenes.authorizing],
    confirm: [scenes.confirming],
    empty: [],
    session: scenes.questions.slice(1),
  };
  return chosen[scene as keyof typeof chosen] ?? scenes.questions;
}

function matches({ asked, outcome }: Entry, wanted?: ResultKind): boolean {
  return wanted === "asked" ? asked : wanted === undefined || outcome.result === wanted;
}

function fail(code: string, sentence: string): Failure {
  return { code, sentence };
}

function missing(name: string): never {
  throw fail("gone", `There is no ${name}.`);
}
