// The one clock of the front end, for near times such as "40 s ago". It runs while something looks at it.

import { createSubscriber } from "svelte/reactivity";

export class Clock {
  #subscribe = createSubscriber((update) => {
    const timer = setInterval(update, 1000);
    return () => clearInterval(timer);
  });

  get now(): number {
    this.#subscribe();
    return Date.now();
  }
}
