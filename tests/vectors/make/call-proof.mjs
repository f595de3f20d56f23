// Call proofs: made for one call at one server, and useless for any other.

import { agent, b64u, digestOf, human, jws, sha256, stranger } from "./crypto.mjs";
import { claims, disclosure, header, present } from "./delegation.mjs";

const IAT = 1795171500;
const NOW = "2026-11-20T10:45:05.000000Z";
const AUDIENCE = "https://mcp.example.com/mcp";
const NONCE = "3q2-7wAAAAAAAAAAAAAAAA";

const call = {
  method: "tools/call",
  name: "create_issue",
  digest: digestOf({ name: "create_issue", arguments: { repo: "foo/x", title: "Hello" } }),
};
const kbHeader = { alg: "EdDSA", typ: "kb+jwt" };
const delegation = jws(header, claims, human);
const presentation = present(delegation, disclosure(0));
const hash = (text) => b64u(sha256(text));
const kbClaims = { aud: AUDIENCE, iat: IAT, nonce: NONCE, sd_hash: hash(presentation), call };
const binding = (changes = {}, key = agent, head = kbHeader) => jws(head, { ...kbClaims, ...changes }, key);

const vector = (verdict, about, text, more) => ({
  about,
  verdict,
  ...more,
  text,
  expected: { audience: AUDIENCE, call, human: human.did, now: NOW, max_age_seconds: 60, ...more.expected },
});
const accepted = (about, text, more = {}) => vector("accepted", about, text, more);
const refused = (about, reason, text, more = {}) => vector("refused", about, text, { reason, ...more });
const saying = (changes, key, head) => presentation + binding(changes, key, head);

export function callProofVectors() {
  return { ...holding(), ...elsewhere(), ...later(), ...forged() };
}

const holding = () => ({
  fresh: accepted("The call it was made for; the wallet must make exactly this text from these parts", saying({}), {
    made_from: { presentation, holder_seed: agent.seed, audience: AUDIENCE, iat: IAT, nonce: NONCE },
  }),
  "at-the-end-of-its-time": accepted("60 seconds old, to the second", saying({}), { expected: { now: "2026-11-20T10:46:00.000000Z" } }),
  "clock-slightly-ahead": accepted("30 seconds of leeway", saying({ iat: IAT + 30 })),
});

const elsewhere = () => ({
  "another-server": refused("Passed on to another server", "audience", saying({}), { expected: { audience: "https://evil.example.com/mcp" } }),
  "another-server-named": refused("Made for another server", "audience", saying({ aud: "https://mcp.example.com" })),
  "audience-list": refused("One server, not several", "malformed", saying({ aud: [AUDIENCE] })),
  "arguments-exchanged": refused("Approved for one repository, sent for another", "call", saying({}), {
    expected: { call: { ...call, digest: digestOf({ name: "create_issue", arguments: { repo: "foo/y", title: "Hello" } }) } },
  }),
  "tool-exchanged": refused("Approved for one tool, sent for another", "call", saying({}), {
    expected: { call: { ...call, name: "delete_repo" } },
  }),
  "method-exchanged": refused("A tool's name is no prompt's", "call", saying({}), {
    expected: { call: { ...call, method: "prompts/get" } },
  }),
  "tool-not-granted": refused("Proved well, but never granted", "not_named", saying({ call: { ...call, name: "delete_repo" } }), {
    expected: { call: { ...call, name: "delete_repo" } },
  }),
  "method-not-known": refused("What is not known is not granted", "not_named", saying({ call: { ...call, method: "tools/erase" } }), {
    expected: { call: { ...call, method: "tools/erase" } },
  }),
  "grant-of-another-server": (() => {
    const other = present(delegation, disclosure(1));
    return refused("The part for one server shown to another", "not_named", other + binding({ sd_hash: hash(other) }));
  })(),
});

const later = () => ({
  stale: refused("Too old", "stale", saying({}), { expected: { now: "2026-11-20T10:46:01.000000Z" } }),
  "from-the-future": refused("Made ahead, to be used later", "future", saying({ iat: IAT + 120 })),
  replayed: refused("The same nonce again", "nonce", saying({}), { nonce_seen: true }),
  "nonce-empty": refused("A nonce that is none", "nonce", saying({ nonce: "" })),
  "delegation-expired": refused("A proof does not outlive its delegation", "expired", saying({}), {
    expected: { now: "2026-11-21T10:42:23.000000Z", max_age_seconds: 1000000 },
  }),
});

const forged = () => ({
  unbound: refused("A delegation alone proves nothing", "unbound", presentation),
  "signed-by-another-agent": refused("A stolen delegation without its key", "signature", saying({}, stranger)),
  "signed-by-the-human": refused("The human is not the agent", "signature", saying({}, human)),
  "bound-to-less": refused("A disclosure added after signing", "presentation", present(delegation, disclosure(0), disclosure(1)) + binding()),
  "bound-to-more": refused(
    "A disclosure removed after signing",
    "presentation",
    presentation + binding({ sd_hash: hash(present(delegation, disclosure(0), disclosure(1))) }),
  ),
  "hash-without-the-last-tilde": refused("sd_hash covers it (RFC 9901, section 4.3.1)", "presentation", saying({ sd_hash: hash(presentation.slice(0, -1)) })),
  "another-type": refused("Another token of the same key", "header", saying({}, agent, { ...kbHeader, typ: "JWT" })),
  "algorithm-none": refused("alg none", "header", saying({}, agent, { ...kbHeader, alg: "none" })),
  "key-id": refused("A header parameter nobody needs", "header", saying({}, agent, { ...kbHeader, kid: agent.did })),
  "claim-not-understood": refused("It could be a restriction", "malformed", saying({ only_if: "tuesday" })),
  "call-missing": refused("A proof of presence is no proof of a call", "malformed", saying({ call: undefined })),
  "another-human": refused("The server trusts somebody else", "wrong_human", saying({}), { expected: { human: stranger.did } }),
  empty: refused("Nothing", "malformed", ""),
  "too-long": refused("Bounded before it is looked at", "too_long", `${presentation}${"a".repeat(20000)}`),
});
