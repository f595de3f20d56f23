// Receipts: a chain of five, and what is done to chains afterwards.

import { b64u, flip, human, jcs, receiptKey, sha256, stranger } from "./crypto.mjs";

const GENESIS = "0".repeat(64);
const hex = (line) => sha256(line).toString("hex");
const written = (content, member, key = receiptKey) =>
  jcs({ [member]: content, sig: b64u(key.sign(jcs(content))) });

const bodies = [
  { kind: "vault.unlocked", time: "2026-11-20T10:42:23.000250Z" },
  {
    kind: "call.opened",
    time: "2026-11-20T10:42:24.000000Z",
    human: human.did,
    agent: "claude",
    server: "github",
    delegation: "d-7f3a",
    call: "c-1",
    tool: { kind: "tool", name: "create_issue" },
    arguments: { digest: `sha-256:${b64u(sha256("x"))}`, preview: { title: "Grüße \u0007 \"quoted\"" } },
    decision: { outcome: "allowed", rule: "delegation" },
    proof: [{ kind: "kb-jwt", digest: `sha-256:${b64u(sha256("y"))}` }],
  },
  {
    kind: "call.closed",
    time: "2026-11-20T10:42:24.250000Z",
    agent: "claude",
    server: "github",
    call: "c-1",
    outcome: { status: "ok", duration_us: 250000, bytes: 17 },
  },
  { kind: "call.denied", time: "2026-11-20T10:42:25.000000Z", agent: "claude", decision: { outcome: "denied", reason: "not_granted" } },
  { kind: "agent.revoked", time: "2026-11-20T10:42:26.000000Z", agent: "claude" },
];

function chain(key = receiptKey, change = (payload) => payload) {
  const lines = [];
  for (const [seq, body] of bodies.entries()) {
    const prev = seq === 0 ? GENESIS : hex(lines.at(-1));
    lines.push(written(change({ ...body, v: 1, seq, prev, key: key.did }), "payload", key));
  }
  return lines;
}

const lines = chain();
const state = (size, head = hex(lines[size - 1])) => ({ size, head, time: bodies[size - 1].time, key: receiptKey.did });
const checkpoint = (size) => written(state(size), "checkpoint");
const file = (...all) => all.map((line) => `${line}\n`).join("");
const edited = (index, edit) => lines.map((line, at) => (at === index ? edit(line) : line));
const without = (index) => lines.filter((_, at) => at !== index);

const vector = (verdict, about, text, more) => ({ about, verdict, ...more, key: receiptKey.did, text });
const accepted = (about, text, more = {}) => vector("accepted", about, text, more);
/** `line` is where the first flaw shows. */
const refused = (about, flaw, line, text, more = {}) => vector("refused", about, text, { flaw, line, ...more });
const known = (size, head) => ({ checkpoint: { size, head: head ?? hex(lines[size - 1]), time: bodies[size - 1].time } });

export function receiptVectors() {
  return { ...holding(), ...changed(), ...rearranged(), ...shortened() };
}

const holding = () => ({
  chain: accepted("Five receipts", file(...lines), { bodies, receipts: 5 }),
  "chain-with-checkpoint": accepted("Two files, the first closed", file(...lines.slice(0, 3), checkpoint(3), ...lines.slice(3)), { receipts: 5 }),
  "chain-longer-than-the-checkpoint": accepted("The wallet went on after the checkpoint was kept", file(...lines), { receipts: 5, ...known(3) }),
  "member-not-known": accepted("A later version may say more: signed, kept, not understood", file(chain(receiptKey, (payload) => ({ ...payload, weather: "fine" }))[0]), { receipts: 1 }),
  nothing: accepted("A ledger that has not begun", "", { receipts: 0 }),
});

const changed = () => ({
  "agent-changed": refused("Somebody else is blamed", "changed", 2, file(...edited(1, (line) => line.replace('"claude"', '"cursor"')))),
  "denial-changed": refused("A refusal becomes a permission", "changed", 4, file(...edited(3, (line) => line.replace('"denied"', '"allowed"')))),
  "signature-changed": refused("One character", "changed", 3, file(...edited(2, (line) => flip(line, -20)))),
  "white-space-added": refused("The same JSON, another line", "changed", 5, file(...edited(4, (line) => `${line} `))),
  "members-rearranged": refused("The same JSON, another line", "changed", 5, file(...edited(4, (line) => line.replace(/^\{"payload":(.*),"sig":("[^"]*")\}$/, '{"sig":$2,"payload":$1}')))),
  "member-added": refused("Beside what is signed", "changed", 5, file(...edited(4, (line) => line.replace(/\}$/, ',"tag":1}')))),
  "carriage-returns": refused("Passed through a text editor", "changed", 1, file(...lines.map((line) => `${line}\r`))),
  "signed-by-another": refused("A whole chain by another key", "changed", 1, file(...chain(stranger))),
  "key-claimed": refused("Signed by another, in the wallet's name", "changed", 1, file(written({ ...bodies[0], v: 1, seq: 0, prev: GENESIS, key: receiptKey.did }, "payload", stranger))),
  "version-not-known": refused("A format of another time", "changed", 1, file(chain(receiptKey, (payload) => ({ ...payload, v: 2 }))[0])),
  "kind-not-known": refused("Something that can't happen", "changed", 1, file(chain(receiptKey, (payload) => ({ ...payload, kind: "call.imagined" }))[0])),
  "line-exchanged": refused("The key holder rewrites one line; the next one remembers", "unlinked", 3, file(...edited(1, () => written({ ...bodies[1], agent: "cursor", v: 1, seq: 1, prev: hex(lines[0]), key: receiptKey.did }, "payload")))),
  "empty-line": refused("Lines are receipts", "changed", 3, file(lines[0], lines[1], "", ...lines.slice(2))),
  "checkpoint-of-another-chain": refused("Sound, but about other receipts", "checkpoint", 4, file(...lines.slice(0, 3), written({ ...state(3), head: hex("other") }, "checkpoint"), ...lines.slice(3))),
  "checkpoint-elsewhere": refused("Moved up by one line", "checkpoint", 3, file(...lines.slice(0, 2), checkpoint(3), ...lines.slice(2))),
  "checkpoint-changed": refused("Not as it was signed", "changed", 4, file(...lines.slice(0, 3), checkpoint(3).replace('"size":3', '"size":4'))),
  "receipt-as-checkpoint": refused("A receipt's signature is none of a checkpoint's", "changed", 2, file(lines[0], lines[1].replace('{"payload"', '{"checkpoint"'))),
});

const rearranged = () => ({
  "line-missing": refused("One is gone", "missing", 3, file(...without(2))),
  "first-line-missing": refused("The beginning is gone", "missing", 1, file(...without(0))),
  "lines-exchanged": refused("Two trade places", "missing", 2, file(lines[0], lines[2], lines[1], lines[3], lines[4])),
  "line-repeated": refused("One stands twice", "reordered", 3, file(lines[0], lines[1], lines[1], ...lines.slice(2))),
  "chain-begun-twice": refused("A second beginning", "reordered", 6, file(...lines, lines[0])),
});

const shortened = () => ({
  "tail-cut-off": refused("Whole lines gone from the end: only a checkpoint kept elsewhere tells", "cut_off", 3, file(...lines.slice(0, 3)), known(5)),
  "everything-gone": refused("An empty ledger that was not", "cut_off", 0, "", known(5)),
  "tail-torn": refused("Cut in the middle of a line", "torn", 5, file(...lines).slice(0, -30)),
  "last-line-feed-gone": refused("Cut by one byte", "torn", 5, file(...lines).slice(0, -1)),
  "written-anew": refused("Another history of the same length", "rewritten", 5, file(...lines), known(5, hex("another"))),
});
