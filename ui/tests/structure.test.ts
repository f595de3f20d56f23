import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../src");
const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(ts|svelte)$/.test(name))
  .map((name) => ({ name, text: readFileSync(join(root, name), "utf8") }));

/** The folder of ours an import leads to, seen from the file. */
function imported({ name, text }: (typeof files)[number]): string[] {
  return [...text.matchAll(/from "(\.[^"]+)"/g)].map(([, path]) =>
    relative(root, join(root, name, "..", path ?? "")),
  );
}

const importers = (of: RegExp) => files.filter(({ text }) => of.test(text)).map(({ name }) => name);
const crossing = (from: string, to: string) =>
  files
    .filter(({ name }) => name.startsWith(from))
    .flatMap((file) =>
      imported(file)
        .filter((path) => path.startsWith(to))
        .map((path) => `${file.name} → ${path}`),
    );

describe("the house", () => {
  it("lets only one file know of Tauri", () => {
    expect(importers(/@tauri-apps/)).toEqual(["ipc/host.ts"]);
  });

  it("keeps made-up data behind the fake", () => {
    expect(importers(/\.\/(fake|scenes)"/)).toEqual(expect.arrayContaining(["ipc/choose.ts", "ipc/fake.ts"]));
    expect(importers(/\.\/(fake|scenes)"/)).toHaveLength(2);
  });

  it("imports one way: views → state → ipc, and parts nothing of ours", () => {
    expect(crossing("state/", "views/")).toEqual([]);
    expect(crossing("ipc/", "state/")).toEqual([]);
    expect(crossing("text/", "views/")).toEqual([]);
    for (const room of ["views", "state", "ipc", "text"]) expect(crossing("parts/", room)).toEqual([]);
  });

  it("injects no HTML, and carries no style that the content security policy would refuse", () => {
    expect(importers(/\{@html|innerHTML|insertAdjacentHTML|\sstyle="/)).toEqual([]);
  });

  it("keeps components within 120 lines", () => {
    const long = files.filter(({ name, text }) => name.endsWith(".svelte") && text.split("\n").length > 121);
    expect(long.map(({ name }) => name)).toEqual([]);
  });
});
