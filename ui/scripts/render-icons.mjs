// Renders icons/svg into what the shell and the bundles need: app icons as PNG, ICO and ICNS, and a tray picture per
// state, size and panel colour. Run with `npm run render-icons` after changing a drawing; the results are committed.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { chromium } from "playwright-core";

const icons = new URL("../../icons/", import.meta.url);
const states = ["idle", "working", "question", "paused", "locked"];
/** Ink on a light panel and on a dark one. */
const inks = { light: "#161c19", dark: "#e8ede9" };

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const page = await browser.newPage();

async function render(name, size, ink = "#000") {
  const svg = await readFile(new URL(`svg/${name}.svg`, icons), "utf8");
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(
    `<style>body{margin:0;color:${ink}}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`,
  );
  return page.screenshot({ omitBackground: true });
}

/** The engraved rings are for large sizes only. */
const app = (size) => render(size >= 64 ? "app" : "app-small", size);

/** Windows: a directory of PNGs, one entry of 16 bytes each. */
function ico(pictures) {
  const head = Buffer.alloc(6 + 16 * pictures.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(pictures.length, 4);
  let offset = head.length;
  pictures.forEach(({ size, png }, at) => {
    const entry = 6 + 16 * at;
    head.writeUInt8(size % 256, entry);
    head.writeUInt8(size % 256, entry + 1);
    head.writeUInt16LE(1, entry + 4);
    head.writeUInt16LE(32, entry + 6);
    head.writeUInt32LE(png.length, entry + 8);
    head.writeUInt32LE(offset, entry + 12);
    offset += png.length;
  });
  return Buffer.concat([head, ...pictures.map(({ png }) => png)]);
}

/** macOS: typed chunks, each with its length. */
function icns(pictures) {
  const chunk = (type, data) => {
    const head = Buffer.alloc(8);
    head.write(type, "latin1");
    head.writeUInt32BE(data.length + 8, 4);
    return Buffer.concat([head, data]);
  };
  return chunk("icns", Buffer.concat(pictures.map(({ type, png }) => chunk(type, png))));
}

const write = (name, data) => writeFile(new URL(name, icons), data);
await mkdir(new URL("tray/", icons), { recursive: true });
for (const [name, size] of [
  ["32x32.png", 32],
  ["128x128.png", 128],
  ["128x128@2x.png", 256],
  ["icon.png", 512],
]) {
  await write(name, await app(size));
}
const windows = [16, 24, 32, 48, 64, 256];
await write("icon.ico", ico(await inTurn(windows, async (size) => ({ size, png: await app(size) }))));
const mac = { ic11: 32, ic12: 64, ic07: 128, ic08: 256, ic09: 512 };
await write(
  "icon.icns",
  icns(await inTurn(Object.entries(mac), async ([type, size]) => ({ type, png: await app(size) }))),
);
for (const state of states) {
  for (const [panel, ink] of Object.entries(inks)) {
    for (const size of [22, 32])
      await write(`tray/${state}-${panel}-${size}.png`, await render(`tray-${state}`, size, ink));
  }
}
await browser.close();

/** One after the other: there is one page. */
async function inTurn(items, make) {
  const made = [];
  for (const item of items) made.push(await make(item));
  return made;
}
