import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import Approval from "../src/Approval.svelte";
import { fake, type Fake } from "../src/ipc/fake";
import { authorizing, confirming, connecting } from "../src/ipc/scenes";
import { DEAF_MS } from "../src/state/asking.svelte";
import { reaches } from "../src/text";

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

async function opened(scene = ""): Promise<Fake> {
  const host = fake("approval", scene);
  render(Approval, { host });
  await vi.advanceTimersByTimeAsync(100);
  return host;
}

const listening = () => vi.advanceTimersByTimeAsync(DEAF_MS);
const answers = (host: Fake) =>
  host.calls.filter(([command]) => command === "answer").map(([, args]) => args);
const press = (key: string, more: KeyboardEventInit = {}) =>
  fireEvent.keyDown(document.activeElement ?? document.body, { key, ...more });

describe("the half second in which nothing counts", () => {
  it("begins when a question is painted, and the wallet is told so", async () => {
    const host = await opened();
    expect(host.calls).toContainEqual(["shown", { id: "q1" }]);
    expect(screen.getByRole("main")).toHaveAttribute("data-deaf");
  });

  it("lets no key and no click through", async () => {
    const host = await opened();
    await press("Escape");
    await press("Enter", { ctrlKey: true });
    await fireEvent.click(screen.getByRole("button", { name: /^Approve/ }));
    await fireEvent.click(screen.getByRole("button", { name: /^Deny Esc/ }));
    expect(answers(host)).toEqual([]);
  });

  it("says so on the buttons, and in words", async () => {
    await opened();
    expect(screen.getByRole("button", { name: /^Approve/ })).toHaveAttribute("aria-disabled", "true");
    expect(screen.getByRole("status")).toHaveTextContent("Listening in half a second");
    await listening();
    expect(screen.getByRole("button", { name: /^Approve/ })).not.toHaveAttribute("aria-disabled");
  });

  it("begins anew when the window gets the focus", async () => {
    const host = await opened();
    await listening();
    await fireEvent.focus(window);
    await press("Escape");
    expect(answers(host)).toEqual([]);
    await vi.advanceTimersByTimeAsync(100 + DEAF_MS);
    await press("Escape");
    expect(answers(host)).toEqual([{ id: "q1", answer: { answer: "deny", pause: false } }]);
  });

  it("begins anew when the content changes", async () => {
    const host = await opened("confirm");
    await listening();
    host.emit({
      kind: "asked",
      question: { ...confirming, subject: { ...confirming.subject, sentence: "Let codex do all" } as never },
    });
    await press("Enter", { ctrlKey: true });
    expect(answers(host)).toEqual([]);
  });

  it("begins anew with the next question", async () => {
    const host = await opened();
    await listening();
    await press("Escape");
    await vi.advanceTimersByTimeAsync(50);
    await press("Escape");
    expect(answers(host)).toHaveLength(1);
  });
});

describe("the keys", () => {
  it("focuses Deny", async () => {
    await opened();
    expect(screen.getByRole("button", { name: /^Deny Esc/ })).toHaveFocus();
  });

  it("Esc denies", async () => {
    const host = await opened();
    await listening();
    await press("Escape");
    expect(answers(host)).toEqual([{ id: "q1", answer: { answer: "deny", pause: false } }]);
  });

  it.each([{ ctrlKey: true }, { metaKey: true }])("Enter with %o approves once", async (modifier) => {
    const host = await opened();
    await listening();
    await press("Enter", modifier);
    expect(answers(host)).toEqual([{ id: "q1", answer: { answer: "allow", reach: "once" } }]);
  });

  it("plain Enter and Space approve nothing by themselves", async () => {
    const host = await opened();
    await listening();
    await fireEvent.keyDown(window, { key: "Enter" });
    await fireEvent.keyDown(window, { key: " " });
    expect(answers(host)).toEqual([]);
  });

  it("a key held down answers nothing", async () => {
    const host = await opened();
    await listening();
    await press("Enter", { ctrlKey: true, repeat: true });
    await press("Escape", { repeat: true });
    expect(answers(host)).toEqual([]);
  });

  it.each([
    ["1", "once"],
    ["2", "session"],
  ])("%s says how long: %s", async (key, reach) => {
    const host = await opened("session");
    await listening();
    await press(key);
    await press("Enter", { ctrlKey: true });
    expect(answers(host)).toEqual([{ id: "q2", answer: { answer: "allow", reach } }]);
  });

  it.each([
    ["3", "tool"],
    ["4", "always"],
  ])("%s says how long: %s; the window grows for what it means, and is deaf anew", async (key, reach) => {
    const host = await opened("session");
    await listening();
    await press(key);
    await press("Enter", { ctrlKey: true });
    expect(host.calls).toContainEqual(["grow", {}]);
    expect(answers(host)).toEqual([]);
    await vi.advanceTimersByTimeAsync(100 + DEAF_MS);
    await press("Enter", { ctrlKey: true });
    expect(answers(host)).toEqual([{ id: "q2", answer: { answer: "allow", reach } }]);
  });

  it("says in words what a yes to the tool gives, before it is given", async () => {
    await opened("session");
    await listening();
    expect(screen.queryByText(/any arguments/)).toBeNull();
    await fireEvent.click(screen.getByRole("radio", { name: "This tool…" }));
    expect(screen.getByText(/any arguments, unseen by you, until nightly-triage disconnects/)).toBeVisible();
    expect(screen.getByRole("button", { name: /^Approve this tool/ })).toBeVisible();
  });

  it.each([
    ["always", "writes", ["once", "session", "hour", "always"]],
    ["once", "writes", ["once", "session", "hour", "always"]],
    ["session", "writes", ["once", "session", "tool", "always"]],
    ["always", "destroys", ["once", "session", "hour"]],
    ["once", "destroys", ["once", "session", "hour", "always"]],
    ["session", "destroys", ["once", "session", "tool"]],
  ] as const)("a delegation that asks %s, for a tool that %s, offers %s", (approval, risk, offered) => {
    expect(reaches(risk, approval)).toEqual(offered);
  });

  it("offers no always for a call that cannot be undone", async () => {
    const host = await opened();
    await listening();
    expect(screen.queryByRole("radio", { name: "Always…" })).toBeNull();
    await press("4");
    await press("Enter", { ctrlKey: true });
    expect(answers(host)).toEqual([{ id: "q1", answer: { answer: "allow", reach: "once" } }]);
  });

  it("Esc closes the menu before it answers the question", async () => {
    const host = await opened();
    await listening();
    await fireEvent.click(screen.getByRole("button", { name: "More ways to deny" }));
    await press("Escape");
    expect(answers(host)).toEqual([]);
    await fireEvent.click(screen.getByRole("button", { name: "More ways to deny" }));
    await fireEvent.click(screen.getByRole("menuitem", { name: "Deny and pause claude-code" }));
    expect(answers(host)).toEqual([{ id: "q1", answer: { answer: "deny", pause: true } }]);
  });
});

describe("the kinds of questions", () => {
  it("shows both programs when another one connects", async () => {
    await opened("connect");
    const { subject } = connecting;
    if (subject.kind !== "connect") throw new Error("not a connection");
    expect(screen.getAllByText(subject.program.path).length).toBeGreaterThan(0);
    expect(screen.getByText(subject.known[0]!.path)).toBeInTheDocument();
    expect(screen.queryByRole("radiogroup")).toBeNull();
  });

  it("shows what a program that logs in says of itself, and what it runs", async () => {
    await opened("authorize");
    const { subject } = authorizing;
    if (subject.kind !== "authorize") throw new Error("not a login");
    for (const text of [subject.redirect, subject.client, subject.known[0]!.path])
      expect(screen.getByText(text)).toBeInTheDocument();
    expect(screen.getAllByText(subject.program.path).length).toBeGreaterThan(0);
    expect(screen.getByRole("button", { name: /^Accept/ })).toBeInTheDocument();
    expect(screen.queryByRole("radiogroup")).toBeNull();
  });

  it("shows every line of a typed command, and denies it with Esc", async () => {
    const host = await opened("confirm");
    if (confirming.subject.kind !== "confirm") throw new Error("not a confirmation");
    for (const line of confirming.subject.details) expect(screen.getByText(line)).toBeInTheDocument();
    await listening();
    await press("Escape");
    expect(answers(host)).toHaveLength(1);
  });

  it("stays on the question, deaf anew, when the wallet refuses the answer", async () => {
    const host = await opened();
    await listening();
    vi.spyOn(host, "call").mockRejectedValue({ code: "deaf", sentence: "Too early." });
    await press("Escape");
    await vi.advanceTimersByTimeAsync(0);
    expect(screen.getByRole("main")).toHaveAttribute("data-deaf");
    expect(screen.getByRole("heading", { level: 1 })).toHaveTextContent("Merge a pull request");
  });
});
