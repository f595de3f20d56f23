// Takes a picture of every view, light and dark, in both window sizes, full and empty, and looks for accessibility
// findings with axe-core and for anything the content security policy would stop. Pictures go to `look/` (git-ignored).
// `npm run look` for all, `npm run look -- home approval` for some. Needs a Chromium; CHROMIUM names another one.

import { readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { build, preview } from "vite";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const CSP =
  "default-src 'self'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; object-src 'none'";

/** name: [page, scene, hash, steps on the page] */
const scenes = {
  home: ["/", "", "home"],
  "home-empty": ["/", "empty", "home"],
  approvals: ["/", "", "approvals"],
  "approvals-empty": ["/", "empty", "approvals"],
  agents: ["/", "", "agents/claude-code"],
  "agents-pending": ["/", "", "agents/vs-code"],
  "agents-revoke": [
    "/",
    "",
    "agents/claude-code",
    (page) => page.getByRole("button", { name: "Revoke…" }).click(),
  ],
  "agents-add": ["/", "", "agents/+"],
  "agents-empty": ["/", "empty", "agents"],
  servers: ["/", "", "servers/github"],
  "servers-error": ["/", "", "servers/stripe"],
  "servers-add": ["/", "", "servers/+"],
  "servers-add-command": ["/", "", "servers/+", addCommand],
  "servers-empty": ["/", "empty", "servers"],
  delegate: [
    "/",
    "",
    "delegate/claude-code",
    (page) => page.getByRole("radio", { name: "Ask for writes" }).check(),
  ],
  "delegate-signed": ["/", "", "delegate/claude-code", sign],
  "delegate-empty": ["/", "empty", "delegate"],
  activity: ["/", "", "activity", (page) => page.getByRole("row").nth(3).click()],
  "activity-none": ["/", "", "activity", (page) => page.getByRole("searchbox").fill("refund everything")],
  "activity-empty": ["/", "empty", "activity"],
  settings: ["/", "", "settings"],
  "first-run-1": ["/", "new", ""],
  "first-run-1-passphrase": ["/", "bare", ""],
  "first-run-2": ["/", "new", "", (page) => page.getByRole("button", { name: "Make identity" }).click()],
  "first-run-2-playground": ["/", "new", "", firstServer],
  "first-run-3": ["/", "new", "", firstAgent],
  locked: ["/", "locked", ""],
  "locked-wrong": ["/", "locked", "", wrong],
  stopped: ["/", "stopped", ""],
  unusable: ["/", "unusable", ""],
  stop: ["/", "", "home", (page) => page.getByRole("button", { name: "Emergency stop" }).click()],
  approval: ["/approval.html", "", "", listening],
  "approval-deaf": ["/approval.html", "", ""],
  "approval-always": [
    "/approval.html",
    "session",
    "",
    (page) => page.getByRole("radio", { name: "Always…" }).check(),
  ],
  "approval-connect": ["/approval.html", "connect", "", listening],
  "approval-confirm": ["/approval.html", "confirm", "", listening],
  "approval-none": ["/approval.html", "empty", ""],
};

async function addCommand(page) {
  await page.getByRole("radio", { name: "Command" }).check();
  await page.getByLabel("Name", { exact: true }).fill("files");
  await page.getByLabel("Program").fill("/usr/bin/npx");
  await page
    .getByLabel("Arguments")
    .fill("-y\n@modelcontextprotocol/server-filesystem\n/home/me/My Projects");
  await page.getByRole("button", { name: "Add a variable" }).click();
}
async function sign(page) {
  await page.getByRole("radio", { name: "Ask for writes" }).check();
  await page.getByRole("button", { name: "Sign" }).click();
}
async function firstServer(page) {
  await page.getByRole("button", { name: "Make identity" }).click();
  await page.getByRole("button", { name: "Open the playground" }).click();
}
async function firstAgent(page) {
  await firstServer(page);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByLabel("Name", { exact: true }).fill("claude-code");
  await page.getByRole("button", { name: "Add agent" }).click();
}
async function wrong(page) {
  await page.getByLabel("Passphrase").fill("wrong");
  await page.getByRole("button", { name: "Unlock" }).click();
}
async function listening(page) {
  await page.waitForSelector(".ask-win:not([data-deaf])");
}

const main = { width: 1120, height: 760 };
const small = { width: 880, height: 600 };
const asking = { width: 460, height: 560 };

async function look(browser, base, name, variant, viewport, scale) {
  const [path, scene, hash, steps] = scenes[name];
  const context = await browser.newContext({
    viewport,
    colorScheme: variant === "dark" ? "dark" : "light",
    deviceScaleFactor: scale,
  });
  const page = await context.newPage();
  const findings = [];
  page.on("pageerror", (error) => findings.push(`error: ${error.message}`));
  page.on("console", (line) => line.type() === "error" && findings.push(`console: ${line.text()}`));
  await page.goto(`${base}${path}?fake=${scene}#${hash}`);
  await page.waitForSelector("main");
  await steps?.(page);
  await page.waitForTimeout(name === "approval-deaf" ? 150 : 350);
  await page.screenshot({ path: `look/${[name, variant].filter(Boolean).join("-")}.png` });
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  for (const { id, help, nodes } of violations)
    findings.push(`axe ${id}: ${help} ${nodes.map(({ target }) => target.join(" ")).join("; ")}`);
  await context.close();
  return findings.map((finding) => `${name} ${variant}: ${finding}`);
}

const wanted = process.argv.slice(2).filter((word) => !word.startsWith("-"));
const names = Object.keys(scenes).filter((name) => wanted.length === 0 || wanted.includes(name));
await rm("look", { recursive: true, force: true });
await mkdir("look", { recursive: true });
await build({ mode: "fake", logLevel: "warn" });
const server = await preview({
  mode: "fake",
  build: { outDir: "dist-fake" },
  logLevel: "warn",
  preview: { port: 0, host: "127.0.0.1", headers: { "Content-Security-Policy": CSP } },
});
const base = `http://127.0.0.1:${server.httpServer.address().port}`;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const findings = [];
for (const name of names) {
  const variants =
    name.startsWith("approval-") || name === "approval"
      ? [
          ["", asking],
          ["dark", asking],
        ]
      : [
          ["", main],
          ["dark", main],
          ["small", small],
        ];
  for (const [variant, viewport] of variants)
    findings.push(...(await look(browser, base, name, variant, viewport, 1)));
}
await browser.close();
await server.close();
await writeFile("look/findings.txt", findings.join("\n"));
console.log(findings.length === 0 ? `${names.length} views, no findings` : findings.join("\n"));
process.exit(findings.length === 0 ? 0 : 1);
