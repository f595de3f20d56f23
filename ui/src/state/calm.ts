// Does something at once, and then no more often than it bears: a busy wallet writes hundreds of receipts a second.

const PAUSE_MS = 500;

export class Calm {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #again: (() => void) | undefined;

  /** Runs `act` now, or as soon as the pause since the last run is over; of several only the latest. */
  run(act: () => void): void {
    if (this.#timer !== undefined) {
      this.#again = act;
      return;
    }
    act();
    this.#timer = setTimeout(() => {
      const again = this.#again;
      this.#timer = this.#again = undefined;
      if (again) this.run(again);
    }, PAUSE_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#again = undefined;
  }
}
