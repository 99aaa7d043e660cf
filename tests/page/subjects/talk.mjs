// A day on the page: log in, become contacts, see each other, talk, be away, come back, log out.

import assert from "node:assert/strict";
import { Person } from "../person.mjs";

const [JACK, ANNA] = ["jack@chess.example", "anna@chess.example"];

export async function talk({ browser, address, transport }) {
  const jack = await Person.open(browser, address);
  const anna = await Person.open(browser, address);
  await jack.page.getByLabel("Password").fill("wrong");
  await jack.page.getByRole("textbox", { name: "User name" }).fill("jack");
  await jack.page.getByRole("button", { name: "Log in" }).click();
  await jack.page.getByRole("alert").getByText("Wrong user name or password").waitFor();
  await jack.logIn(JACK, "jack-chess", transport);
  await anna.logIn(ANNA, "anna-chess", transport);
  await contacts(jack, anna);
  await conversation(jack, anna);
  await away(jack, anna);
  await jack.close();
  await anna.close();
}

async function contacts(jack, anna) {
  await jack.add("anna", "Anna A.");
  await anna.answer(JACK, "Decline");
  await jack.row(ANNA).getByText("Anna A.").waitFor();
  await anna.add(JACK);
  await jack.answer(ANNA, "Accept");
  await anna.answer(JACK, "Accept");
  await jack.sees(ANNA, "available");
  await anna.sees(JACK, "available");
  await anna.page.getByLabel("Your presence").selectOption("away");
  await jack.sees(ANNA, "away");
  await anna.page.getByLabel("Your status").fill("at the board");
  await anna.page.getByLabel("Your status").press("Enter");
  await jack.row(ANNA).getByText("at the board").waitFor();
  await anna.page.getByLabel("Your presence").selectOption("available");
  await jack.sees(ANNA, "available");
}

async function conversation(jack, anna) {
  await jack.open(ANNA);
  await jack.say("e4");
  await anna.row(JACK).locator(".badge").getByText("1").first().waitFor();
  await anna.titled("(1) Chess");
  await anna.open(JACK);
  await anna.hears("e4");
  await anna.titled(`${JACK} · Chess`);
  assert.equal(await anna.row(JACK).locator(".badge").count(), 0);
  await anna.page.locator("#text").pressSequentially("e5");
  await jack.page.getByText("Anna A. is typing…").waitFor();
  await anna.page.locator("#text").press("Enter");
  await jack.hears("e5");
  await jack.page.getByText("Anna A. is typing…").waitFor({ state: "hidden" });
  await jack.delivered(1);
}

// What is sent to somebody who is not there comes with the time it was sent.
async function away(jack, anna) {
  await anna.page.getByRole("button", { name: "Log out" }).click();
  await anna.page.getByRole("heading", { name: "Log in to Chess" }).waitFor();
  assert.deepEqual(Object.keys(await anna.storage()), ["castling.tab"], "log-out leaves nothing");
  await jack.sees(ANNA, "offline");
  await jack.say("Nf3");
  await jack.delivered(2);
  await anna.logIn(ANNA, "anna-chess", "auto");
  await anna.open(JACK);
  await anna.hears("Nf3");
  await anna.page.locator(".message.theirs .foot", { hasText: "sent" }).waitFor();
  await jack.page.getByRole("button", { name: "Remove" }).click();
  await jack.page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await jack.row(ANNA).waitFor({ state: "detached" });
  await anna.sees(JACK, "offline");
}
