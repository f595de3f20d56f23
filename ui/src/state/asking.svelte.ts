// The approval window: which question is shown, how far a yes would reach, and the half second in which no input counts.
// The wallet keeps the same clock and refuses an early answer by itself; this one is its picture.

import type { Answer, Event, Failure, Question, Reach } from "../ipc/bindings";
import type { Host } from "../ipc/contract";
import { reaches } from "../text";
import { asFailure } from "./app.svelte";

export const DEAF_MS = 500;

export class Asking {
  questions = $state<Question[]>([]);
  deaf = $state(true);
  reach = $state<Reach>("once");
  problem = $state<Failure | null>(null);
  loaded = $state(false);
  #host: Host;
  #turn = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  get current(): Question | undefined {
    return this.questions[0];
  }

  /** How far a yes to the current question may reach. */
  get offered(): Reach[] {
    const subject = this.current?.subject;
    return subject?.kind === "call" ? reaches(subject.risk, subject.approval) : ["once"];
  }

  async start(): Promise<void> {
    try {
      await this.#host.listen((event) => this.apply(event));
      const known = await this.#host.call("questions", {});
      const early = this.questions.filter((question) => !known.some(({ id }) => id === question.id));
      this.questions = [...known, ...early];
    } catch (failure) {
      this.problem = asFailure(failure);
    }
    this.loaded = true;
    await this.hush();
  }

  apply(event: Event): void {
    if (event.kind === "asked") this.#ask(event.question);
    if (event.kind === "answered") this.#remove(event.id);
  }

  pick(reach: Reach): void {
    if (!this.offered.includes(reach) || reach === this.reach) return;
    this.reach = reach;
    if (reach === "always" || reach === "tool") void this.#grow();
  }

  /** What a wide yes means needs room: the window grows, its buttons move, and the half second begins anew. */
  async #grow(): Promise<void> {
    this.deaf = true;
    await this.#host.call("grow", {}).catch((failure: unknown) => (this.problem = asFailure(failure)));
    await this.hush();
  }

  /** The content or the focus changed: nothing counts until it has been in sight for half a second. */
  async hush(): Promise<void> {
    const turn = ++this.#turn;
    this.deaf = true;
    const id = this.current?.id;
    if (id === undefined) return;
    await painted();
    await this.#host.call("shown", { id }).catch((failure: unknown) => (this.problem = asFailure(failure)));
    setTimeout(() => turn === this.#turn && (this.deaf = false), DEAF_MS);
  }

  allow(): Promise<void> {
    return this.#answer({ answer: "allow", reach: this.reach });
  }

  deny(pause = false): Promise<void> {
    return this.#answer({ answer: "deny", pause });
  }

  async #answer(answer: Answer): Promise<void> {
    const id = this.current?.id;
    if (this.deaf || id === undefined) return;
    this.deaf = true;
    try {
      await this.#host.call("answer", { id, answer });
      this.problem = null;
      this.#remove(id);
    } catch (failure) {
      this.problem = asFailure(failure);
      await this.hush();
    }
  }

  #ask(question: Question): void {
    const at = this.questions.findIndex(({ id }) => id === question.id);
    if (at < 0) this.questions.push(question);
    else this.questions[at] = question;
    if (this.current?.id === question.id) this.#renew();
  }

  #remove(id: string): void {
    const shown = this.current?.id === id;
    this.questions = this.questions.filter((question) => question.id !== id);
    if (shown) this.#renew();
  }

  #renew(): void {
    this.reach = "once";
    void this.hush();
  }
}

const FONTS_MS = 3000;

/** Resolves once the present content has been painted. Text has no shape before its font is there. */
async function painted(): Promise<void> {
  if (document.fonts)
    await Promise.race([document.fonts.ready, new Promise((done) => setTimeout(done, FONTS_MS))]);
  return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())));
}
