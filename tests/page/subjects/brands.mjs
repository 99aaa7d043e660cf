// The same user name on two brands, in two tabs of one browser: two people.

import assert from "node:assert/strict";
import { Person } from "../person.mjs";

export async function brands({ browser, address }) {
  const context = await browser.newContext();
  const chess = await Person.in(context, address);
  const wu = await Person.in(context, address);
  const anna = await Person.open(browser, address);
  await chess.logIn("jack@chess.example", "jack-chess");
  await wu.logIn("jack@wuchess.example", "jack-wuchess", "bosh");
  await anna.logIn("anna@chess.example", "anna-chess");
  await colours(chess, wu);

  for (const jack of [chess, wu]) {
    await jack.add(anna.jid);
    await anna.answer(jack.jid, "Accept");
    await jack.answer(anna.jid, "Accept");
    await jack.sees(anna.jid, "available");
    await jack.open(anna.jid);
    await jack.say(`from ${jack.jid}`);
  }
  await anna.open(wu.jid);
  await anna.hears(`from ${wu.jid}`);
  assert.deepEqual(await anna.texts("theirs"), [`from ${wu.jid}`]);
  await anna.say("to wu only");
  await wu.hears("to wu only");
  await anna.open(chess.jid);
  assert.deepEqual(await anna.texts("theirs"), [`from ${chess.jid}`]);

  await Promise.all([chess.reload(), wu.reload()]);
  await anna.say("to chess only");
  await chess.hears("to chess only");
  assert.deepEqual(await chess.texts("theirs"), ["to chess only"]);
  assert.deepEqual(await wu.texts("theirs"), ["to wu only"]);
  await duplicate(chess, anna);
  for (const person of [chess, wu, anna]) await person.close();
  await unsafe(browser, address);
}

// A page that is asked for by a site's own name offers that site; without https it says why nobody can log in.
async function unsafe(browser, address) {
  const visitor = await Person.open(browser, `http://wuchess.example:${new URL(address).port}/`);
  await visitor.page.getByRole("alert").getByText("Open this page over https").waitFor();
  assert.ok(await visitor.page.getByRole("radio").first().isChecked());
  assert.equal(await visitor.page.locator("#login-domain").textContent(), "wuchess.example");
  // Not `close`: the browser complains of a header that it heeds on https only.
  await visitor.page.close();
}

// Each site in its own colours and under its own name.
async function colours(chess, wu) {
  const look = (person) =>
    person.page.evaluate(() => [
      document.querySelector(".side [data-brand-title]").textContent,
      getComputedStyle(document.querySelector(".side-head")).backgroundColor,
    ]);
  const [one, other] = [await look(chess), await look(wu)];
  assert.equal(one[0], "Chess");
  assert.equal(other[0], `<b>Wu</b> & "co"`);
  assert.notEqual(one[1], other[1]);
}

// A duplicated tab has a copy of the storage, and becomes a session of its own instead of a rival.
async function duplicate(chess, anna) {
  const [twin] = await Promise.all([
    chess.page.context().waitForEvent("page"),
    chess.page.evaluate(() => window.open(location.href, "_blank", "")),
  ]);
  const person = new Person(twin);
  await person.online();
  await chess.online();
  const resource = async (one) => JSON.parse((await one.storage())["castling.account"]).resource;
  assert.notEqual(await resource(person), await resource(chess));
  await anna.say("to both tabs");
  await chess.hears("to both tabs");
  await person.close();
}
