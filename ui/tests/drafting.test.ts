import { beforeEach, describe, expect, it } from "vitest";
import { tools } from "../src/ipc/scenes";
import { Drafting } from "../src/state/drafting.svelte";

let draft: Drafting;
const NOW = Date.parse("2026-11-20T10:00:00Z");
const granted = () => draft.granted.map((tool) => tool.name).sort();

beforeEach(() => {
  draft = new Drafting();
  draft.agent = "codex";
  draft.server = "github";
  draft.offer(tools);
});

describe("a draft", () => {
  it("grants nothing until something is chosen", () => {
    expect(granted()).toEqual([]);
    expect(draft.ready).toBe(false);
  });

  it("never lets a tool that may destroy run unasked by a preset", () => {
    for (const preset of ["read", "ask", "most"] as const) {
      draft.start(preset);
      const unasked = draft
        .draft(NOW)
        .tools.filter(({ approval }) => approval === "never")
        .map(({ name }) => name);
      expect(unasked).not.toContain("merge_pull_request");
      expect(unasked).not.toContain("delete_branch");
    }
  });

  it("asks for a tool that says nothing about itself as for one that writes", () => {
    draft.start("ask");
    expect(draft.draft(NOW).tools.find(({ name }) => name === "create_issue")?.approval).toBe("always");
  });

  it("carries over no choice to another server's tools", () => {
    draft.start("most");
    draft.offer(tools.slice(0, 2));
    expect(granted()).toEqual([]);
  });

  it("grants resources and prompts by themselves, and forgets them with the server", () => {
    const rules = { uri: "notes://rules", title: "Rules", description: "" };
    draft.offer([], [rules], [{ name: "review", description: "" }]);
    draft.read = ["notes://rules"];
    draft.prompted = ["review"];
    expect(draft.ready).toBe(true);
    expect(draft.draft(NOW)).toMatchObject({ tools: [], resources: ["notes://rules"], prompts: ["review"] });
    draft.offer(tools, [rules]);
    expect(draft.draft(NOW)).toMatchObject({ resources: [], prompts: [] });
    expect(draft.ready).toBe(false);
  });

  it("pins each tool to the definition that was shown", () => {
    draft.choose("get_file", "allow");
    expect(draft.draft(NOW).tools).toMatchObject([
      { name: "get_file", definition: tools.find(({ name }) => name === "get_file")?.definition },
    ]);
  });

  it("refuses to be signed with a limit that is no whole number above 0", () => {
    draft.choose("get_file", "allow");
    for (const wrong of ["0", "-1", "1.5", "many", "1e99"]) {
      draft.perMinute = wrong;
      expect(draft.ready, wrong).toBe(false);
    }
    draft.perMinute = " 10 ";
    expect(draft.ready).toBe(true);
    expect(draft.draft(NOW).tools[0]?.perMinute).toBe(10);
  });

  it("ends within 90 days, even when the clock runs while it is read", () => {
    draft.span = "quarter";
    expect(draft.until(NOW) - NOW).toBeLessThan(90 * 86_400_000);
    draft.span = "hour";
    expect(draft.draft(NOW).until).toBe("2026-11-20T11:00:00.000Z");
  });
});
