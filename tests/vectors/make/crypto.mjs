// Keys, digests and encodings, from Node's own library.

import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";

const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

export const b64u = (bytes) => Buffer.from(bytes).toString("base64url");
export const sha256 = (bytes) => createHash("sha256").update(bytes).digest();
export const digestOf = (value) => `sha-256:${b64u(sha256(jcs(value)))}`;

export const human = keyOf(1);
export const agent = keyOf(2);
export const stranger = keyOf(3);
export const receiptKey = keyOf(4);

/** An Ed25519 key from a seed of one repeated byte. */
function keyOf(byte) {
  const seed = Buffer.alloc(32, byte);
  const secret = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: "der", type: "pkcs8" });
  const raw = createPublicKey(secret).export({ format: "der", type: "spki" }).subarray(-32);
  return {
    seed: seed.toString("hex"),
    raw,
    did: `did:key:z${base58(Buffer.concat([Buffer.from([0xed, 0x01]), raw]))}`,
    jwk: { kty: "OKP", crv: "Ed25519", x: b64u(raw) },
    sign: (bytes) => sign(null, Buffer.from(bytes), secret),
  };
}


/** RFC 8785, for values whose numbers are doubles. */
export function jcs(value) {
  if (Array.isArray(value)) return `[${value.map(jcs).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value).sort().filter((name) => value[name] !== undefined);
  return `{${members.map((name) => `${JSON.stringify(name)}:${jcs(value[name])}`).join(",")}}`;
}

/** A compact JWS; `claims` may be text, where its exact bytes matter. */
export function jws(header, claims, key) {
  const text = typeof claims === "string" ? claims : jcs(claims);
  const signed = `${b64u(jcs(header))}.${b64u(text)}`;
  return `${signed}.${key ? b64u(key.sign(signed)) : ""}`;
}

/** Exchanges one character of a text. */
export function flip(text, at) {
  const index = at < 0 ? text.length + at : at;
  return text.slice(0, index) + (text[index] === "A" ? "B" : "A") + text.slice(index + 1);
}

function base58(bytes) {
  let number = BigInt(`0x${bytes.toString("hex")}`);
  let text = "";
  for (; number > 0n; number /= 58n) text = BASE58[Number(number % 58n)] + text;
  return text;
}
