// Two pages talk, one over WebSocket and one over BOSH, and are loaded again and again, until standard input ends:
// nothing lost, nothing twice, the order kept. Who starts this sees to the load.

import assert from "node:assert/strict";
import { once } from "node:events";
import { Person, befriend } from "../person.mjs";

const PEOPLE = [
  { jid: "one@chess.example", transport: "websocket" },
  { jid: "two@chess.example", transport: "bosh" },
];

export async function load({ browser, address }) {
  const people = await Promise.all(PEOPLE.map(() => Person.open(browser, address)));
  await Promise.all(people.map((person, index) => person.logIn(PEOPLE[index].jid, "secret", PEOPLE[index].transport)));
  const [one, two] = people;
  await befriend(one, two);
  await one.open(two.jid);
  await two.open(one.jid);
  console.error("they talk");

  let over = false;
  process.stdin.resume();
  once(process.stdin, "end").then(() => (over = true));
  let said = 0;
  for (; !over || said < 2; said += 1) await oneWord(people, said);

  const wanted = [...Array(said).keys()].map((number) => `number ${number}.`);
  for (const person of people) {
    await person.hears(wanted.at(-1));
    assert.deepEqual(await person.texts("theirs"), wanted, `heard by ${person.jid}`);
    assert.deepEqual(await person.texts("mine"), wanted, `said by ${person.jid}`);
    await person.delivered(said);
  }
  await Promise.all(people.map((person) => person.close()));
  console.error(`${said} messages each way, ${said} pages loaded anew`);
}

/** Both say a number; the page of one of them is loaded again at once. */
async function oneWord(people, number) {
  const text = `number ${number}.`;
  const person = people[number % people.length];
  await person.say(text);
  const reloaded = person.reload();
  await people[(number + 1) % people.length].say(text);
  await reloaded;
}
