import { describe, expect, it } from "vitest";
import { scene } from "../src/ipc/scenes";
import {
  askTitle,
  clauses,
  count,
  deedClosing,
  deedOpening,
  receiptSentence,
  revokeSentence,
  said,
  some,
  span,
  took,
  type Allowed,
} from "../src/text";
import { receipt, questions, connecting } from "../src/ipc/scenes";

const tool = (name: string, more: Partial<Allowed> = {}): Allowed => ({
  name,
  risk: "writes",
  approval: "never",
  calls: null,
  perMinute: null,
  ...more,
});

describe("the deed", () => {
  it("names the agent, the server and the end", () => {
    expect(said(deedOpening("codex", "stripe"))).toBe("codex may, on stripe:");
    expect(said(deedClosing("Friday 27 November at 18:00"))).toBe(
      "Everything else is refused. This ends on Friday 27 November at 18:00.",
    );
  });

  it("puts tools under the same terms into one clause, and reading before writing", () => {
    const sentences = clauses([
      tool("write"),
      tool("list", { risk: "reads" }),
      tool("get", { risk: "reads" }),
      tool("edit"),
    ]);
    expect(sentences.map(said)).toEqual(["read with list and get", "use write and edit"]);
  });

  it("says every limit that is signed", () => {
    const [clause] = clauses([tool("pay", { calls: 5, perMinute: 1, approval: "always" })]);
    expect(said(clause ?? [])).toBe(
      "use pay, up to 5 calls in all, no more than 1 a minute, if I agree each time",
    );
  });

  it("says that a budget is each tool's own", () => {
    const [clause] = clauses([tool("a", { calls: 20 }), tool("b", { calls: 20 })]);
    expect(said(clause ?? [])).toBe("use a and b, up to 20 calls in all each");
  });

  it("keeps tools under other terms apart", () => {
    expect(
      clauses([tool("a"), tool("b", { approval: "session" }), tool("c", { approval: "once" })]),
    ).toHaveLength(3);
  });

  it("names every tool that may write, and counts the many that only read", () => {
    const many = (risk: Allowed["risk"]) => Array.from({ length: 12 }, (_, at) => tool(`t${at}`, { risk }));
    expect(said(clauses(many("reads"))[0] ?? [])).toBe("read with t0, t1, t2, t3, t4, t5 and 6 more");
    expect(said(clauses(many("unknown"))[0] ?? [])).toContain("t10 and t11");
  });

  it("says nothing where nothing is granted", () => {
    expect(clauses([])).toEqual([]);
  });

  it("speaks of no delegation when there is none to revoke", () => {
    expect(said(revokeSentence("codex", 0))).toBe("I revoke codex, from now.");
    expect(said(revokeSentence("codex", 3))).toBe("I revoke all 3 delegations to codex, from now.");
  });
});

describe("questions and receipts", () => {
  it("quotes a title a server gave", () => {
    expect(said(askTitle(questions[0]!))).toBe("claude-code wants to use “Merge a pull request”");
    expect(said(askTitle(connecting))).toBe("Is this still cursor?");
  });

  it("tells what happened, and what did not", () => {
    const one = receipt(18_205);
    const sentence = (outcome: typeof one.entry.outcome) =>
      said(receiptSentence({ ...one, entry: { ...one.entry, outcome } }));
    expect(sentence({ result: "allowed" })).toBe(
      "You let cursor call query on orders-replica. orders-replica did it.",
    );
    expect(sentence({ result: "refused", code: "expired", why: "Refused: it ended." })).toContain(
      "It was not sent: the delegation had ended.",
    );
    expect(sentence({ result: "unknown" })).toContain("had not answered, so look there");
  });

  it("says small numbers as words, and one as one", () => {
    expect(some(2, "question waits", "questions wait")).toBe("Two questions wait");
    expect(some(1, "question waits", "questions wait")).toBe("One question waits");
    expect(count(1234, "call", "calls")).toBe("1,234 calls");
  });

  it("says near times by distance and spans by size", () => {
    expect([span(40_000), span(120_000), span(7_200_000), span(3 * 86_400_000)]).toEqual([
      "40 s",
      "2 min",
      "2 h",
      "3 days",
    ]);
    expect([took(200), took(84_000), took(1_200_000)]).toEqual(["0.2 ms", "84 ms", "1.2 s"]);
  });

  it("has a scene for every phase", () => {
    expect(["new", "locked", "stopped", "unusable", "full"].map((name) => scene(name).phase)).toEqual([
      "new",
      "locked",
      "stopped",
      "unusable",
      "open",
    ]);
  });
});

describe("what is noted beside calls", () => {
  const noted = (kind: string, tool: string | null) => {
    const one = receipt(18_205);
    return said(
      receiptSentence({ ...one, entry: { ...one.entry, kind, tool, outcome: { result: "noted" } } }),
    );
  };

  it("is told as what it was, never as a call", () => {
    expect(noted("approval.granted", "query")).toBe("You approved: cursor, query, orders-replica.");
    expect(noted("agent.paused", null)).toBe("Paused: cursor, orders-replica.");
  });

  it("of an unknown kind is named by the record's own word", () => {
    expect(noted("moon.risen", null)).toContain("moon.risen");
  });
});
