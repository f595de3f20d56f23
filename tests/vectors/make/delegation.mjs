// Delegations: one that holds, shown in three ways, and everything that must not.

import { agent, b64u, digestOf, flip, human, jcs, jws, sha256, stranger } from "./crypto.mjs";

const ISSUED = 1795171343;
const NOW = "2026-11-20T10:45:00.000000Z";
const DAY = 86400;
const salts = ["00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"];

const createIssue = {
  name: "create_issue",
  definition: digestOf({ name: "create_issue", inputSchema: { type: "object" } }),
  arguments: { properties: { repo: { enum: ["foo/x", "foo/y"] } }, required: ["repo"] },
  approval: "once",
  limits: { calls: 50, per_minute: 10 },
};
const query = {
  name: "query",
  definition: digestOf({ name: "query", inputSchema: { type: "object" } }),
  approval: "never",
  limits: {},
};

/** As the wallet keeps it. */
const delegation = {
  id: "d-7f3a",
  agent: "claude",
  grants: [
    { server: "github", location: "https://mcp.example.com/mcp", tools: [createIssue], resources: [], prompts: [] },
    {
      server: "notes",
      location: "stdio:notes",
      tools: [query],
      resources: [{ uri: "note:///work/*" }],
      prompts: [{ name: "summarise" }],
    },
  ],
  issued: "2026-11-20T10:42:23.000250Z",
  not_before: "2026-11-20T10:42:23.000250Z",
  expires: "2026-11-21T10:42:23.000250Z",
  depth: 0,
  parent: null,
  revoked: null,
};

const detailOf = ({ location, tools, resources, prompts }) => ({
  type: "mcp_tools",
  locations: [location],
  tools,
  resources: resources.length ? resources : undefined,
  prompts: prompts.length ? prompts : undefined,
});
export const details = delegation.grants.map(detailOf);
export const disclosure = (index, detail = details[index]) =>
  b64u(jcs([b64u(Buffer.from(salts[index], "hex")), detail]));
const hidden = (text) => ({ "...": b64u(sha256(text)) });

export const header = { alg: "EdDSA", typ: "delegation+sd-jwt", kid: `${human.did}#${human.did.slice(8)}` };
export const claims = {
  iss: human.did,
  sub: agent.did,
  cnf: { jwk: agent.jwk },
  iat: ISSUED,
  nbf: ISSUED,
  exp: ISSUED + DAY,
  jti: "d-7f3a",
  _sd_alg: "sha-256",
  authorization_details: [hidden(disclosure(0)), hidden(disclosure(1))],
  delegation: { depth: 0 },
};
const genuine = jws(header, claims, human);
export const present = (token, ...disclosures) => `${[token, ...disclosures].join("~")}~`;
/** The presentation for the first server, with these claims instead. */
const saying = (changes, key = human) => present(jws(header, { ...claims, ...changes }, key), disclosure(0));
const headed = (changes, key = human) => present(jws({ ...header, ...changes }, claims, key), disclosure(0));
/** A delegation whose only element is `detail`, whatever that is. */
const granting = (detail) => {
  const text = disclosure(0, detail);
  return present(jws(header, { ...claims, authorization_details: [hidden(text)] }, human), text);
};
const [first] = details;

const accepted = (about, text, tools, more = {}) => ({
  about,
  verdict: "accepted",
  text,
  now: NOW,
  human: human.did,
  agent: agent.did,
  tools,
  ...more,
});
const refused = (about, reason, text, now = NOW) => ({ about, verdict: "refused", reason, text, now, human: human.did });

export function delegationVectors() {
  return { ...holding(), ...timely(), ...signed(), ...disclosed(), ...formed() };
}

const holding = () => ({
  "one-server": accepted("A server is shown its own part alone", present(genuine, disclosure(0)), ["create_issue"]),
  "all-servers": accepted(
    "As the wallet keeps it; the wallet must make exactly this text from these parts",
    present(genuine, disclosure(0), disclosure(1)),
    ["create_issue", "query"],
    { made_from: { delegation, human_seed: human.seed, agent_seed: agent.seed, salts } },
  ),
  "nothing-disclosed": accepted("Holds, and allows nothing", present(genuine), []),
  "clock-slightly-behind": accepted("A beginning has 30 seconds of leeway", present(genuine, disclosure(0)), ["create_issue"], {
    now: "2026-11-20T10:42:00.000000Z",
  }),
});

const timely = () => ({
  expired: refused("Over at its end, exactly", "expired", saying({}), "2026-11-21T10:42:23.000000Z"),
  "not-yet": refused("Its time has not come", "not_yet", saying({ nbf: ISSUED + 3600 })),
  "issued-in-the-future": refused("Signed by a clock that is wrong", "not_yet", saying({ iat: ISSUED + 3600 })),
  "longer-than-90-days": refused("No delegation is for ever", "lifetime", saying({ exp: ISSUED + 90 * DAY + 1 })),
  "end-before-beginning": refused("Times out of order", "lifetime", saying({ nbf: ISSUED + 2 * DAY })),
  "no-end": refused("An end is mandatory", "malformed", saying({ exp: undefined })),
  "fractional-end": refused("Times are whole seconds", "malformed", saying({ exp: ISSUED + 0.5 })),
});

const signed = () => ({
  "signature-changed": refused("One bit", "signature", present(flip(genuine, -40), disclosure(0))),
  "signature-missing": refused("No signature", "malformed", present(jws(header, claims, null), disclosure(0))),
  "claims-exchanged": refused(
    "The signature of one delegation on the claims of another",
    "signature",
    present(
      [genuine.split(".")[0], b64u(jcs({ ...claims, exp: ISSUED + 2 * DAY })), genuine.split(".")[2]].join("."),
      disclosure(0),
    ),
  ),
  "signed-by-the-agent": refused("An agent delegates to itself in the human's name", "signature", saying({}, agent)),
  "another-human": refused(
    "Sound, but from somebody nobody asked",
    "wrong_human",
    present(
      jws({ ...header, kid: `${stranger.did}#${stranger.did.slice(8)}` }, { ...claims, iss: stranger.did }, stranger),
      disclosure(0),
    ),
  ),
  "algorithm-none": refused("alg none", "header", headed({ alg: "none" })),
  "algorithm-hs256": refused("The public key as a shared secret", "header", headed({ alg: "HS256" })),
  "another-type": refused("Another kind of token", "header", headed({ typ: "kb+jwt" })),
  "another-key-id": refused("A header that points elsewhere", "header", headed({ kid: `${agent.did}#${agent.did.slice(8)}` })),
  "key-in-header": refused("A key that vouches for itself", "header", headed({ jwk: stranger.jwk })),
  "critical-extension": refused("What is critical and not understood", "header", headed({ crit: ["b64"], b64: false })),
  "issuer-not-a-key": refused("A DID that would have to be resolved", "identity", saying({ iss: "did:web:example.com" })),
  "subject-not-the-agent": refused("The subject is somebody else's key", "identity", saying({ sub: stranger.did })),
  "agent-key-of-another-curve": refused("X25519 doesn't sign", "malformed", saying({ cnf: { jwk: { ...agent.jwk, crv: "X25519" } } })),
  "agent-key-too-short": refused("31 bytes", "malformed", saying({ cnf: { jwk: { ...agent.jwk, x: b64u(agent.raw.subarray(1)) } } })),
});

const disclosed = () => ({
  "disclosure-changed": refused(
    "The human's salt, other tools",
    "disclosure",
    present(genuine, disclosure(0, { ...first, tools: [{ ...createIssue, approval: "never" }] })),
  ),
  "disclosure-of-another": refused("From a delegation that was never signed", "disclosure", present(genuine, disclosure(1, first))),
  "disclosure-twice": refused("The same one again", "disclosure", present(genuine, disclosure(0), disclosure(0))),
  "digest-twice": refused(
    "Two places for one disclosure",
    "disclosure",
    saying({ authorization_details: [hidden(disclosure(0)), hidden(disclosure(0))] }),
  ),
  "disclosure-of-a-claim": refused("Three parts disclose an object's member, which this profile does not have", "malformed", present(genuine, b64u(jcs(["c2FsdA", "exp", 1])))),
  "disclosure-unsalted": refused("A salt is text", "malformed", present(genuine, b64u(jcs([7, first])))),
  "disclosure-padded": refused("base64url has no padding here", "malformed", present(genuine, `${disclosure(0)}=`)),
  "another-hash": refused("A hash this profile does not have", "header", saying({ _sd_alg: "sha-512" })),
  "another-kind-of-detail": refused("Not ours to understand", "detail", granting({ ...first, type: "payment" })),
  "restriction-on-a-detail-not-understood": refused("Skipping it would widen the grant", "detail", granting({ ...first, weekdays: ["mon"] })),
  "restriction-on-a-tool-not-understood": refused("The same, one level down", "detail", granting({ ...first, tools: [{ ...createIssue, not_after_hour: 17 }] })),
  "limit-not-understood": refused("The same, in the budget", "detail", granting({ ...first, tools: [{ ...createIssue, limits: { calls: 1, per_day: 1 } }] })),
  "approval-not-understood": refused("A mode nobody knows is not 'never'", "detail", granting({ ...first, tools: [{ ...createIssue, approval: "sometimes" }] })),
  "negative-budget": refused("Less than none", "detail", granting({ ...first, tools: [{ ...createIssue, limits: { calls: -1 } }] })),
  "tool-without-a-definition": refused("A tool that is not pinned", "detail", granting({ ...first, tools: [{ ...createIssue, definition: undefined }] })),
  "tool-twice": refused("Readers differ on which grant counts", "detail", granting({ ...first, tools: [createIssue, { ...createIssue, limits: {} }] })),
  "member-twice-in-a-disclosure": refused(
    "Readers differ on which one counts",
    "json",
    present(genuine, b64u(`["c2FsdA",${jcs(first).replace('"type"', '"tools":[],"type"')}]`)),
  ),
});

const formed = () => ({
  "claim-not-understood": refused("It could be a restriction", "malformed", saying({ status: { status_list: { uri: "https://example.com/1", idx: 3 } } })),
  "claim-twice": refused(
    "Readers differ on which end counts",
    "json",
    present(jws(header, jcs(claims).replace('"exp"', `"exp":${ISSUED + 80 * DAY},"exp"`), human), disclosure(0)),
  ),
  "detail-in-the-clear": refused("Every element is its own disclosure", "malformed", saying({ authorization_details: [first] })),
  "depth-negative": refused("Hops are counted from 0", "malformed", saying({ delegation: { depth: -1 } })),
  "last-tilde-missing": refused("Cut off, or a key-binding token nobody asked for", "malformed", present(genuine, disclosure(0)).slice(0, -1)),
  "token-padded": refused("A second spelling of a signature", "malformed", present(`${genuine}==`, disclosure(0))),
  "token-stray-bits": refused("A second spelling of a signature", "malformed", present(strayBits(genuine), disclosure(0))),
  "token-in-standard-base64": refused("Another alphabet", "malformed", present(`+${genuine.slice(1)}`, disclosure(0))),
  "token-of-two-parts": refused("Not a JWS", "malformed", present(genuine.split(".").slice(1).join("."), disclosure(0))),
  "white-space": refused("Line feeds are not part of it", "malformed", `${present(genuine, disclosure(0))}\n`),
  empty: refused("Nothing", "malformed", ""),
  "disclosure-empty": refused("A tilde too many", "json", `${present(genuine, disclosure(0))}~`),
});

/** The same 64 bytes with the unused low bits of the last character set. */
function strayBits(token) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return token.slice(0, -1) + alphabet[alphabet.indexOf(token.at(-1)) + 1];
}
