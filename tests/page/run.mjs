// Plays one subject: `node run.mjs SUBJECT ADDRESS [TRANSPORT]`. Says `ok SUBJECT` if it went well.

import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { launch } from "./browser.mjs";

const [subject, address, transport = "websocket"] = process.argv.slice(2);
const { [subject]: play } = await import(`./subjects/${subject}.mjs`);
const browser = await launch();
let answers = null;
try {
  await play({ browser, address, transport, step });
  console.log(`ok ${subject}`);
} catch (error) {
  console.error(error);
  await pictures();
  process.exitCode = 1;
} finally {
  await browser.close();
}
// Whatever a subject that failed has left open.
process.exit();

// Says where the play is, and waits until whoever started this program has done what belongs there.
async function step(name) {
  console.log(`step ${name}`);
  answers ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const { value } = await answers.next();
  return value;
}

// What the tabs looked like when it went wrong.
async function pictures() {
  const folder = await mkdtemp(join(tmpdir(), "castling-page-"));
  const pages = browser.contexts().flatMap((context) => context.pages());
  for (const [index, page] of pages.entries()) {
    await page.screenshot({ path: join(folder, `${index}.png`) }).catch(() => {});
    console.error(index, await page.evaluate(() => JSON.stringify({ ...sessionStorage })).catch(String));
  }
  console.error(`pictures: ${folder}`);
}
