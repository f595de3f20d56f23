// What is looked at: every view, full and empty, and the steps that bring it up on the wallet in memory.

const main = (scene, hash = "", steps) => ({ page: "/", scene, hash, steps });
const approval = (scene, steps) => ({ page: "/approval.html", scene, hash: "", steps });

export const scenes = {
  home: main("", "home"),
  "home-empty": main("empty", "home"),
  approvals: main("", "approvals"),
  "approvals-empty": main("empty", "approvals"),
  agents: main("", "agents/claude-code"),
  "agents-pending": main("", "agents/vs-code"),
  "agents-revoke": main("", "agents/claude-code", (page) =>
    page.getByRole("button", { name: "Revoke…" }).click(),
  ),
  "agents-add": main("", "agents/+"),
  "agents-empty": main("empty", "agents"),
  servers: main("", "servers/github"),
  "servers-error": main("", "servers/stripe"),
  "servers-add": main("", "servers/+"),
  "servers-add-command": main("", "servers/+", addCommand),
  "servers-empty": main("empty", "servers"),
  delegate: main("", "delegate/claude-code", (page) =>
    page.getByRole("radio", { name: "Ask for writes" }).check(),
  ),
  "delegate-other": main("", "delegate/claude-code", other),
  "delegate-new": main("", "delegate/codex"),
  "delegate-signed": main("", "delegate/claude-code", sign),
  "delegate-empty": main("empty", "delegate"),
  activity: main("", "activity", (page) => page.getByRole("row").nth(3).click()),
  "activity-none": main("", "activity", (page) => page.getByRole("searchbox").fill("refund everything")),
  "activity-empty": main("empty", "activity"),
  settings: main("", "settings"),
  "first-run-1": main("new"),
  "first-run-1-asked": main("asked"),
  "first-run-1-passphrase": main("bare"),
  "first-run-2": main("new", "", (page) => page.getByRole("button", { name: "Make identity" }).click()),
  "first-run-2-playground": main("new", "", firstServer),
  "first-run-3": main("new", "", firstAgent),
  locked: main("locked"),
  "locked-wrong": main("locked", "", wrong),
  stopped: main("stopped"),
  unusable: main("unusable"),
  approval: approval("", listening),
  "approval-deaf": approval(""),
  "approval-always": { ...approval("session", always), tall: true },
  "approval-tool": { ...approval("session", tool), tall: true },
  "approval-connect": approval("connect", listening),
  "approval-confirm": approval("confirm", listening),
  "approval-none": approval("empty"),
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
async function other(page) {
  await page.getByRole("checkbox", { name: "repo://acme/*" }).check();
  await page.getByRole("checkbox", { name: "review" }).check();
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
async function always(page) {
  await page.getByRole("radio", { name: "Always…" }).check();
  await listening(page);
}

async function tool(page) {
  await page.getByRole("radio", { name: "This tool…" }).check();
  await listening(page);
}
async function listening(page) {
  await page.waitForSelector(".ask-win:not([data-deaf])");
}
