// Bundles the page: `node build.mjs FOLDER`. The same sources give the same bytes.

import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2];
if (!target) throw new Error("usage: node build.mjs FOLDER");

/** What the library's licence asks for: its text goes where its code goes. */
const library = join(here, "node_modules/strophe.js");
const licence = `/*! Contains Strophe.js.\n${await readFile(join(library, "LICENSE.txt"), "utf8")}*/`;

/** One file with everything that `entry` imports. */
async function bundle(entry) {
  const { outputFiles } = await build({
    absWorkingDir: here,
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    minify: true,
    charset: "utf8",
    legalComments: "none",
    banner: { js: licence },
    target: ["es2022", "chrome111", "firefox115", "safari16.4"],
    logLevel: "warning",
    write: false,
  });
  return outputFiles[0].contents;
}

/** A name that changes with the content, so that browsers may keep the file for ever. */
function named(stem, ending, bytes) {
  return `${stem}-${createHash("sha256").update(bytes).digest("hex").slice(0, 16)}.${ending}`;
}

const script = await bundle("main.js");
const style = await bundle("style/page.css");
const icon = await readFile(join(here, "icon.svg"));
const files = new Map([
  [named("page", "js", script), script],
  [named("page", "css", style), style],
  [named("icon", "svg", icon), icon],
]);
let index = await readFile(join(here, "index.html"), "utf8");
for (const name of files.keys()) {
  const plain = name.replace(/-[0-9a-f]{16}\./, ".");
  if (!index.includes(`"${plain}"`)) throw new Error(`index.html does not name ${plain}`);
  index = index.replaceAll(`"${plain}"`, `"${name}"`);
}
files.set("index.html", index);

await mkdir(target, { recursive: true });
for (const name of await readdir(target)) {
  if (!files.has(name)) await rm(join(target, name), { recursive: true });
}
// What has not changed is not written: cargo goes by the time of the file.
for (const [name, bytes] of files) {
  const before = await readFile(join(target, name)).catch(() => null);
  if (!before?.equals(Buffer.from(bytes))) await writeFile(join(target, name), bytes);
}
