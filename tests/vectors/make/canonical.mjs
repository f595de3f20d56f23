// Canonical JSON: RFC 8785, its number table, ECMAScript's own opinion on many more doubles, and what must be refused.

import { b64u, jcs, sha256 } from "./crypto.mjs";

const accepted = (about, input, canonical) => ({
  about,
  verdict: "accepted",
  input,
  canonical,
  digest: `sha-256:${b64u(sha256(canonical))}`,
});
const refused = (about, reason, input) => ({ about, verdict: "refused", reason, input });
/** Where the wallet and ECMAScript agree. */
const agreed = (about, input) => accepted(about, input, jcs(JSON.parse(input)));

export function canonicalVectors() {
  return {
    "members-sorted": agreed(
      "Members are sorted by UTF-16 code units: U+1F600 comes before U+FB33, though its code point is larger",
      '{"\\ufb33":1,"\\ud83d\\ude00":2,"\\u20ac":3,"\\r":4,"1":5,"\\u0080":6,"\\u00f6":7}',
    ),
    "strings-escaped": agreed(
      "Only what must be escaped is, in its shortest form",
      '"\\u20ac$\\u000f\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/\\u007f\\u2028\\u0000\\b"',
    ),
    "white-space-dropped": agreed("White space goes, nesting stays", ' { "b" : [ 1 , { } , [ ] , null ] ,\n"a"\t: true } '),
    "number-layouts": agreed(
      "One number, one spelling",
      "[0,-0,0.0,-0.0e5,1.0,1E2,1e+2,100.00,0.10,1e21,1e20,1.5e-6,1.5e-7,0.000001,0.0000001,-1e-7,123456789012345680000]",
    ),
    "number-beyond-a-double": accepted(
      "A number that is no double keeps its digits: it must not share a digest with its neighbour",
      '{"amount":9007199254740993}',
      '{"amount":9007199254740993}',
    ),
    "number-its-neighbour": agreed("The neighbour, which is a double", '{"amount":9007199254740992}'),
    "number-exact-power-of-two": accepted(
      "2^68 is a double, but the shortest spelling of that double is another number's: each keeps its own",
      "[295147905179352825856,295147905179352830000]",
      "[295147905179352825856,295147905179352830000]",
    ),
    "number-long-fraction": accepted(
      "More digits than a double has stay",
      "[0.1,0.1000000000000000055511151231257827,1.00000000000000000001]",
      "[0.1,0.1000000000000000055511151231257827,1.00000000000000000001]",
    ),
    "number-beyond-the-largest-double": accepted(
      "Neither infinity nor zero swallows a number",
      "[1e400,-2.50E+400,1e-400,12345678901234567890123]",
      "[1e+400,-2.5e+400,1e-400,1.2345678901234567890123e+22]",
    ),
    "ecmascript-numbers": {
      about: "Doubles by their bits, as ECMAScript spells them: RFC 8785, appendix B, then edges and a fixed random walk",
      verdict: "accepted",
      numbers: numbers(),
    },
    "member-twice": refused("Readers differ on which one counts", "duplicate", '{"amount":1,"amount":1000}'),
    "member-twice-escaped": refused("The same, spelled differently", "duplicate", '{"amount":1,"\\u0061mount":1000}'),
    "number-in-disguise": refused(
      "An object that a parser takes for the number 1 must not share that number's digest",
      "reserved",
      '{"amount":{"$serde_json::private::Number":"1"}}',
    ),
    "json-in-disguise": refused(
      "A string that a parser takes for JSON",
      "reserved",
      '{"amount":{"\\u0024serde_json::private::RawValue":"1"}}',
    ),
    "lone-surrogate": refused("Not a Unicode text", "syntax", '"\\ud800"'),
    "not-a-number": refused("JSON has no NaN", "syntax", "[NaN]"),
    "leading-zero": refused("A second spelling of a number", "syntax", "[01]"),
    "two-values": refused("One text, one value", "syntax", "1 2"),
    "too-deep": refused("Nesting is bounded", "syntax", "[".repeat(200) + "]".repeat(200)),
    "byte-order-mark": refused("A mark before the value is not JSON", "syntax", "\ufeff{}"),
  };
}

const APPENDIX_B = [
  "0000000000000000 8000000000000000 0000000000000001 8000000000000001 7fefffffffffffff ffefffffffffffff",
  "4340000000000000 c340000000000000 4430000000000000 44b52d02c7e14af5 44b52d02c7e14af6 44b52d02c7e14af7",
  "444b1ae4d6e2ef4e 444b1ae4d6e2ef4f 444b1ae4d6e2ef50 3eb0c6f7a0b5ed8c 3eb0c6f7a0b5ed8d 41b3de4355555553",
  "41b3de4355555554 41b3de4355555555 41b3de4355555556 41b3de4355555557 becbf647612f3696 43143ff3c1cb0959",
];

function numbers() {
  const bits = APPENDIX_B.flatMap((line) => line.split(" "));
  for (let exponent = -30; exponent <= 30; exponent += 1) {
    const power = 10 ** exponent;
    bits.push(...[power, power * 1.5, -power / 3].map(bitsOf));
  }
  let state = 88172645463325252n;
  while (bits.length < 1000) {
    state ^= (state << 13n) & 0xffffffffffffffffn;
    state ^= state >> 7n;
    state ^= (state << 17n) & 0xffffffffffffffffn;
    bits.push(state.toString(16).padStart(16, "0"));
  }
  return bits.map((hex) => [hex, JSON.stringify(doubleOf(hex))]).filter(([, text]) => text !== "null");
}

const bitsOf = (double) => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(double);
  return bytes.toString("hex");
};
const doubleOf = (hex) => Buffer.from(hex, "hex").readDoubleBE();
