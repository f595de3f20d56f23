// Something fetched for the screen at hand. A reply that comes after a newer question is dropped.

import type { Failure } from "../ipc/bindings";
import { asFailure } from "./app.svelte";

export class Detail<T> {
  value = $state.raw<T | null>(null);
  failure = $state.raw<Failure | null>(null);
  busy = $state(false);
  #asked = 0;

  async load(fetch: () => Promise<T>): Promise<void> {
    const turn = ++this.#asked;
    this.busy = true;
    try {
      const value = await fetch();
      if (turn === this.#asked) [this.value, this.failure] = [value, null];
    } catch (failure) {
      if (turn === this.#asked) [this.value, this.failure] = [null, asFailure(failure)];
    } finally {
      if (turn === this.#asked) this.busy = false;
    }
  }

  clear(): void {
    this.#asked += 1;
    [this.value, this.failure, this.busy] = [null, null, false];
  }
}
