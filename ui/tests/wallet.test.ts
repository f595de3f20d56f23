import { describe, expect, it } from "vitest";
import type { Event, Open } from "../src/ipc/bindings";
import { fake } from "../src/ipc/fake";
import { confirming, entries } from "../src/ipc/scenes";
import { WalletState } from "../src/state/wallet.svelte";

async function started(scene = "") {
  const host = fake("main", scene);
  const wallet = new WalletState(host);
  await wallet.start();
  return { host, wallet, open: () => wallet.current as Open & { phase: "open" } };
}

describe("the wallet's state", () => {
  it("misses nothing that happens between listening and the snapshot", async () => {
    const host = fake("main");
    const wallet = new WalletState(host);
    const starting = wallet.start();
    host.emit({ kind: "answered", id: "q1" });
    await starting;
    expect((wallet.current as Open & { phase: "open" }).questions.map(({ id }) => id)).toEqual(["q2"]);
  });

  it("applies the same event twice without another change", async () => {
    const { host, open } = await started();
    const event: Event = { kind: "asked", question: confirming };
    host.emit(event);
    host.emit(event);
    expect(open().questions.filter(({ id }) => id === "q4")).toHaveLength(1);
  });

  it("keeps a changed agent at its place", async () => {
    const { host, open } = await started();
    const before = open().agents.map(({ name }) => name);
    host.emit({ kind: "agent", agent: { ...open().agents[1]!, state: "paused" } });
    expect(open().agents.map(({ name }) => name)).toEqual(before);
    expect(open().agents[1]?.state).toBe("paused");
  });

  it("counts a call once, also when its receipt was in the snapshot already", async () => {
    const { host, open } = await started();
    const { calls } = open().today;
    host.emit({ kind: "recorded", entry: entries[0]! });
    expect(open().today.calls).toBe(calls);
    const refused = { ...entries[3]!, asked: true, seq: 18_206, at: new Date().toISOString() };
    host.emit({ kind: "recorded", entry: refused });
    host.emit({ kind: "recorded", entry: refused });
    expect(open().today).toMatchObject({ calls: calls + 1, asked: 10, refused: 7 });
    expect(open().hour.at(-1)).toMatchObject({ agent: "claude-code", refused: true });
  });

  it("counts no receipt that is not a call", async () => {
    const { host, open } = await started();
    const { calls } = open().today;
    host.emit({ kind: "recorded", entry: { ...entries[6]!, seq: 18_206 } });
    expect(open().today.calls).toBe(calls);
  });

  it("forgets everything when it is locked", async () => {
    const { host, wallet } = await started();
    await host.call("lock", {});
    expect(wallet.current?.phase).toBe("locked");
    host.emit({ kind: "asked", question: confirming });
    expect(wallet.current).not.toHaveProperty("questions");
  });
});
