// Makes every vector in this folder, with nothing but Node and nothing of the wallet's own code: a second opinion on
// each format. `node make.mjs` writes the files; `node make.mjs --check` fails when one of them would change.

import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { canonicalVectors } from "./make/canonical.mjs";
import { delegationVectors } from "./make/delegation.mjs";
import { callProofVectors } from "./make/call-proof.mjs";
import { receiptVectors } from "./make/receipt.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const check = process.argv.includes("--check");
const groups = {
  canonical: canonicalVectors(),
  delegation: delegationVectors(),
  "call-proof": callProofVectors(),
  receipt: receiptVectors(),
};

let stale = 0;
for (const [group, vectors] of Object.entries(groups)) {
  mkdirSync(join(here, group), { recursive: true });
  for (const [name, vector] of Object.entries(vectors)) {
    write(join(here, group, `${name}.json`), `${JSON.stringify(vector, null, 2)}\n`);
  }
  for (const file of readdirSync(join(here, group))) {
    if (!(file.replace(/\.json$/, "") in vectors)) remove(join(here, group, file));
  }
}
if (stale > 0) {
  console.error(`${stale} vectors are not what make.mjs makes; run it without --check and look at the difference`);
  process.exit(1);
}

function write(path, text) {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  if (check) stale += 1;
  else writeFileSync(path, text);
}

function remove(path) {
  if (check) stale += 1;
  else rmSync(path);
}
