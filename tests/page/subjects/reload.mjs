// Reloads while both talk: still logged in, nothing lost, nothing twice, the order kept.

import assert from "node:assert/strict";
import { friends } from "../person.mjs";

const ROUNDS = 8;
const EACH = 4;

export async function reload({ browser, address, transport }) {
  const { jack, anna } = await friends(browser, transport, address, address);
  assert.ok(!JSON.stringify(await jack.storage()).includes("jack-chess"), "the password is not kept");

  for (let round = 0; round < ROUNDS; round += 1) await oneRound(jack, anna, round);
  const wanted = numbers(ROUNDS * EACH);
  await jack.hears(`anna ${wanted.at(-1)}`);
  await anna.hears(`jack ${wanted.at(-1)}`);
  assert.deepEqual(await jack.texts("theirs"), wanted.map((number) => `anna ${number}`));
  assert.deepEqual(await anna.texts("theirs"), wanted.map((number) => `jack ${number}`));
  assert.deepEqual(await jack.texts("mine"), wanted.map((number) => `jack ${number}`));
  await jack.delivered(wanted.length);
  assert.equal(await jack.page.locator("#login").isVisible(), false);
  await jack.sees(anna.jid, "available");
  await lingering(jack, anna, address);
  await jack.close();
  await anna.close();
}

// Jack's page is loaded again at once after what he says, while Anna goes on talking.
async function oneRound(jack, anna, round) {
  for (let number = 0; number < EACH; number += 1) {
    await jack.say(`jack ${round * EACH + number}`);
  }
  const reloaded = jack.page.reload();
  for (let number = 0; number < EACH; number += 1) {
    await anna.say(`anna ${round * EACH + number}`);
  }
  await reloaded;
  await jack.online();
}

// The page that was there before lets go late, as it does on a busy machine; the tab is nevertheless no copy of itself.
async function lingering(jack, anna, address) {
  const resource = async () => JSON.parse((await jack.storage())["castling.account"]).resource;
  const before = await resource();
  const holder = await jack.page.context().newPage();
  await holder.goto(address);
  const name = `castling.${JSON.parse((await jack.storage())["castling.tab"])}`;
  await holder.evaluate(
    (lock) =>
      new Promise((held) => {
        const hold = () => {
          held();
          return new Promise(() => {});
        };
        navigator.locks.request(lock, { steal: true }, hold).catch(() => {});
      }),
    name,
  );
  await jack.page.clock.install();
  await jack.page.reload();
  const waits = async (lock) => (await navigator.locks.query()).pending.some((one) => one.name === lock);
  await holder.waitForFunction(waits, name);
  await anna.say("while it waits");
  await jack.page.clock.fastForward(5_000);
  await holder.close();
  await jack.online();
  await jack.hears("while it waits");
  assert.equal(await resource(), before, "the session is still the same");
}

function numbers(count) {
  return [...Array(count).keys()];
}
