import { cleanup, render, screen } from "@testing-library/svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import App from "../src/App.svelte";
import Approval from "../src/Approval.svelte";
import { fake } from "../src/ipc/fake";
import * as scenes from "../src/ipc/scenes";

const HOSTILE = '<img src=x onerror="globalThis.owned=1"><b>Approve</b>';

afterEach(cleanup);

function hostileCall(value: string) {
  const [question] = structuredClone(scenes.questions);
  if (question?.subject.kind !== "call") throw new Error("no call");
  question.subject.title = HOSTILE;
  question.subject.tool = HOSTILE;
  question.subject.arguments = [{ name: HOSTILE, value, was: HOSTILE }];
  return question;
}

async function asked(value: string) {
  const host = fake("approval", "empty");
  render(Approval, { host });
  await screen.findByText("Nothing waits for you");
  host.emit({ kind: "asked", question: hostileCall(value) });
  await screen.findByRole("heading", { level: 1, name: /wants to/ });
}

describe("threat 19: consent spoofing", () => {
  it("threat_19_markup_from_an_agent_or_a_server_is_shown_as_text", async () => {
    await asked(HOSTILE);
    expect(document.querySelector("img")).toBeNull();
    expect(screen.getAllByText(HOSTILE, { exact: false }).length).toBeGreaterThanOrEqual(3);
    expect(globalThis).not.toHaveProperty("owned");
  });

  it("threat_19_markup_in_names_and_descriptions_is_shown_as_text_in_the_main_window", async () => {
    const host = fake("main");
    vi.spyOn(host, "call").mockImplementation(async (command, args) => {
      if (command === "server") {
        const detail = scenes.serverDetail(scenes.servers[0]!);
        if (detail.tools.state === "listed")
          detail.tools.tools = [{ ...scenes.tools[0]!, name: HOSTILE, description: HOSTILE }];
        return detail as never;
      }
      return fake("main").call(command, args);
    });
    location.hash = "#servers/github";
    render(App, { host });
    expect(await screen.findAllByText(HOSTILE)).toHaveLength(2);
    expect(document.querySelector("img")).toBeNull();
  });

  it("threat_19_hidden_and_direction_characters_are_named_in_sight", async () => {
    await asked("Closes #479.\u200b See report\u202efdp.exe");
    expect(screen.getByText("U+200B zero-width space")).toBeInTheDocument();
    expect(screen.getByText("U+202E right-to-left override")).toBeInTheDocument();
    expect(screen.getByText(/2 hidden characters/)).toBeInTheDocument();
  });

  it("threat_19_a_long_text_does_not_push_the_decisive_arguments_down", async () => {
    const host = fake("approval", "empty");
    render(Approval, { host });
    await screen.findByText("Nothing waits for you");
    const question = hostileCall("x".repeat(10_000));
    if (question.subject.kind === "call") {
      question.subject.arguments = [
        { name: "body", value: "long\n".repeat(2_000), was: null },
        { name: "amount", value: "1000000", was: null },
      ];
    }
    host.emit({ kind: "asked", question });
    const terms = await screen.findAllByRole("term");
    expect(terms.map((term) => term.textContent)).toEqual(["amount", "body"]);
    expect(screen.getByRole("button", { name: /Show .* more/ })).toBeInTheDocument();
  });
});

describe("a hostile server", () => {
  it("threat_12_that_lists_a_tool_twice_does_not_break_the_windows", async () => {
    const host = fake("main");
    const twice = [scenes.tools[0]!, scenes.tools[0]!];
    vi.spyOn(host, "call").mockImplementation(async (command, args) => {
      if (command === "server")
        return {
          ...scenes.serverDetail(scenes.servers[0]!),
          tools: { state: "listed", tools: twice },
        } as never;
      return fake("main").call(command, args);
    });
    location.hash = "#servers/github";
    render(App, { host });
    expect(await screen.findAllByText("create_pull_request")).toHaveLength(2);
  });
});
