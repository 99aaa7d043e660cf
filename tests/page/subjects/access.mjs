// Every view of the page against axe-core (WCAG 2.2 AA), light and dark, wide and as narrow as a phone.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { Person, befriend } from "../person.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export async function access({ browser, address }) {
  const anna = await Person.open(browser, address);
  await anna.logIn("anna@chess.example", "anna-chess");
  for (const [index, look] of looks().entries()) await everyView(browser, address, look, anna, index === 0);
  await anna.close();
}

function looks() {
  return ["light", "dark"].flatMap((colorScheme) =>
    [
      [1200, 800],
      [360, 740],
    ].map(([width, height]) => ({ colorScheme, viewport: { width, height } })),
  );
}

async function everyView(browser, address, look, anna, first) {
  const jack = await Person.open(browser, address, look);
  const check = (view) => inspect(jack.page, `${view}, ${look.colorScheme}, ${look.viewport.width} px`);
  await jack.page.locator("#user:focus").waitFor();
  await check("log in");
  await jack.logIn("jack@chess.example", "jack-chess");
  if (first) {
    await check("no contacts");
    await befriend(jack, anna);
    await anna.open(jack.jid);
  }
  await anna.say("hello");
  await jack.row(anna.jid).locator(".badge").waitFor();
  await check("contacts");
  await jack.open(anna.jid);
  await jack.say("hello yourself");
  await jack.delivered(1);
  await check("conversation");
  await jack.page.context().setOffline(true);
  await jack.offline();
  await jack.say("later");
  await check("without a network");
  await jack.page.context().setOffline(false);
  await jack.online();
  await jack.page.getByRole("button", { name: "Remove" }).click();
  await check("dialog");
  await jack.page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await jack.close();
}

async function inspect(page, view) {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `${view}: ${overflow} px wider than the screen`);
  // Through the debugger: the page's own policy lets no other script in.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(
    (values) => globalThis.axe.run(document, { runOnly: { type: "tag", values } }),
    RULES,
  );
  const found = violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`).join("\n")}`,
  );
  assert.deepEqual(found, [], view);
}
