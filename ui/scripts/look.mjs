// Takes a picture of every view in every way it may be looked at, and looks for accessibility findings with axe-core
// and for anything the app's content security policy would stop. Pictures go to `look/` (git-ignored).
//
//     npm run look                        everything
//     npm run look -- home approval       some views
//     npm run look -- home --dark --zoom  some ways
//
// Needs a Chromium; the variable CHROMIUM names another one than Debian's.

import { readFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { build, preview } from "vite";
import { scenes } from "./scenes.mjs";

const SIZES = {
  main: { light: [1120, 760], small: [880, 600], zoom: [560, 380] },
  approval: { light: [460, 560], small: [460, 560], zoom: [300, 400] },
};
/** How high the approval window grows for a longer choice. */
const GROWN = 640;
/** How a page may be looked at, by name: what the browser is told. */
const WAYS = {
  light: {},
  dark: { colorScheme: "dark" },
  small: {},
  zoom: { deviceScaleFactor: 2 },
  contrast: { contrast: "more" },
  forced: { forcedColors: "active" },
};
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'";
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const words = process.argv.slice(2);
const chosen = (all, some) => (some.length > 0 ? all.filter((name) => some.includes(name)) : all);
const names = chosen(
  Object.keys(scenes),
  words.filter((word) => !word.startsWith("--")),
);
const ways = chosen(
  Object.keys(WAYS),
  words.filter((word) => word.startsWith("--")).map((word) => word.slice(2)),
);

const server = await serve();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
await rm("look", { recursive: true, force: true });
await mkdir("look");
let found = 0;
for (const name of names) {
  for (const way of ways) {
    for (const finding of await look(name, way)) {
      found += 1;
      console.log(`${name} ${way}: ${finding}`);
    }
  }
}
await browser.close();
await server.close();
console.log(`${names.length} views, ${ways.length} ways, ${found} findings`);
process.exit(found === 0 ? 0 : 1);

async function serve() {
  await build({ mode: "fake", logLevel: "warn" });
  const headers = { "Content-Security-Policy": CSP };
  const options = { port: 0, host: "127.0.0.1", headers };
  return preview({ mode: "fake", build: { outDir: "dist-fake" }, logLevel: "warn", preview: options });
}

/** Opens a scene in one way, takes its picture, and tells what is wrong with it. */
async function look(name, way) {
  const { page: path, scene, hash, steps, tall } = scenes[name];
  const sizes = path === "/" ? SIZES.main : SIZES.approval;
  const [width, height] = sizes[way] ?? sizes.light;
  const viewport = { width, height: tall ? Math.max(height, GROWN) : height };
  const context = await browser.newContext({ ...WAYS[way], viewport });
  const page = await context.newPage();
  const findings = [];
  page.on("pageerror", (error) => findings.push(error.message));
  page.on("console", (line) => line.type() === "error" && findings.push(line.text()));
  await page.goto(`http://127.0.0.1:${server.httpServer.address().port}${path}?fake=${scene}#${hash}`);
  await page.waitForSelector("main");
  await steps?.(page);
  await page.waitForTimeout(name === "approval-deaf" ? 150 : 350);
  await page.screenshot({ path: `look/${name}${way === "light" ? "" : `-${way}`}.png` });
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  await context.close();
  const where = (nodes) => nodes.map(({ target }) => target.join(" ")).join("; ");
  return [...findings, ...violations.map(({ id, help, nodes }) => `${id}: ${help} (${where(nodes)})`)];
}
