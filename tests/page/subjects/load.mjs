// Two pages talk, one over WebSocket and one over BOSH, and are loaded again and again, until standard input ends:
// nothing lost, nothing twice, the order kept. Who starts this sees to the load.

import assert from "node:assert/strict";
import { once } from "node:events";
import { Person, befriend } from "../person.mjs";

const PEOPLE = [
  { jid: "one@chess.example", transport: "websocket" },
  { jid: "two@chess.example", transport: "bosh" },
];

/** Numbers after which it is looked at what has been heard: a page keeps the newest 300 messages of a conversation. */
const STRETCH = 100;

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
  while (!over) {
    const from = said;
    do await oneWord(people, said++);
    while (said - from < (over ? 2 : STRETCH));
    for (const person of people) await hasHeard(person, from, said);
  }
  await Promise.all(people.map((person) => person.close()));
  console.error(`${said} messages each way, ${said} pages loaded anew`);
}

/** After the number before `from` each side has those up to `to` and no other; all of ours have reached the server. */
async function hasHeard(person, from, to) {
  const wanted = Array.from({ length: to - from }, (_, index) => `number ${from + index}.`);
  await person.hears(wanted.at(-1));
  for (const side of ["theirs", "mine"]) {
    const texts = await person.texts(side);
    const newest = texts.slice(texts.indexOf(`number ${from - 1}.`) + 1);
    assert.deepEqual(newest, wanted, `${side}, as ${person.jid} sees them`);
  }
  await person.allDelivered();
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
