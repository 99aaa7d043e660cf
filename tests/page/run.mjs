// Plays one subject: `node run.mjs SUBJECT ADDRESS [TRANSPORT]`. Says `ok SUBJECT` if it went well.

import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch } from "./browser.mjs";

const [subject, address, transport = "websocket"] = process.argv.slice(2);
const { [subject]: play } = await import(`./subjects/${subject}.mjs`);
const browser = await launch();
try {
  await play({ browser, address, transport });
  console.log(`ok ${subject}`);
} catch (error) {
  console.error(error);
  await pictures();
  process.exitCode = 1;
} finally {
  await browser.close();
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
