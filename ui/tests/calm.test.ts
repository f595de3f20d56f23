import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Calm } from "../src/state/calm";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it("acts at once, then only for the latest of a burst, and never loses it", () => {
  const calm = new Calm();
  const done: number[] = [];
  for (let turn = 0; turn < 100; turn += 1) calm.run(() => done.push(turn));
  expect(done).toEqual([0]);
  vi.runAllTimers();
  expect(done).toEqual([0, 99]);
});

it("does nothing any more once stopped", () => {
  const calm = new Calm();
  const act = vi.fn();
  calm.run(() => undefined);
  calm.run(act);
  calm.stop();
  vi.runAllTimers();
  expect(act).not.toHaveBeenCalled();
});
