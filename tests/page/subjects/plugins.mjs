// Plugins come, change and go while pages are open and talk with each other and with a client over TCP.

import assert from "node:assert/strict";
import { Person, friends } from "../person.mjs";

const TOM = "tom@chess.example";
const NOBODY = "nobody@chess.example";
const ROUND = 5;

export async function plugins({ browser, address, transport, step }) {
  const { jack, anna } = await friends(browser, transport, address, address);
  const talk = { jack, anna, step, said: [] };
  const mallory = await Person.open(browser, address);
  await mallory.logIn("mallory@chess.example", "mallory-chess", transport);
  await mallory.add(NOBODY);
  await mallory.open(NOBODY);

  await step("begin");
  await repeat(mallory, "free", 9);
  for (const name of ["install", "enable"]) await during(talk, name);
  await closed(mallory, "Too many repeated presences");
  await during(talk, "reload");
  await closed(mallory, "Version two");
  for (const name of ["disable", "remove"]) await during(talk, name);
  await repeat(mallory, "free again", 9);
  await step("end");

  assert.deepEqual(await anna.texts("theirs"), talk.said);
  assert.deepEqual(await jack.texts("theirs"), talk.said);
  await jack.open(TOM);
  assert.deepEqual(await jack.texts("theirs"), ["install", "enable", "reload", "disable", "remove"]);
  for (const person of [jack, anna, mallory]) await person.close();
}

// Both talk, and Tom says what is being done to the plugins, while it is being done.
async function during({ jack, anna, step, said }, name) {
  const done = step(name);
  for (let number = 0; number < ROUND; number += 1) {
    said.push(`${name} ${number}`);
    await jack.say(said.at(-1));
    await anna.say(said.at(-1));
  }
  await jack.hears(said.at(-1));
  await anna.hears(said.at(-1));
  await done;
  await jack.row(TOM).getByText(name).waitFor();
}

// The same presence more often than the plugin allows ends the session, with its words; a person may come back.
async function closed(mallory, words) {
  await repeat(mallory, words, 3);
  await mallory.page.getByLabel("Your presence").dispatchEvent("change");
  await mallory.page.getByText(words).and(mallory.page.locator("#notice-text")).waitFor();
  assert.equal(await mallory.page.locator("#desk").getAttribute("data-state"), "ended");
  await mallory.page.getByRole("button", { name: "Connect now" }).click();
  await mallory.online();
}

// Sends the same presence that often, and nothing happens.
async function repeat(person, status, times) {
  await person.page.getByLabel("Your status").fill(status);
  await person.page.getByLabel("Your status").press("Enter");
  for (let sent = 1; sent < times; sent += 1) await person.page.getByLabel("Your presence").dispatchEvent("change");
  // The answer to what comes after them shows that they did no harm.
  await person.say(`after ${status}`);
  const bounced = person.page.locator(".message.mine[data-state=failed]", { hasText: `after ${status}` });
  await bounced.waitFor();
  await person.online();
}
