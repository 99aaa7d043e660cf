// Without a mouse: log in, add somebody, answer, talk, go back, log out.

import assert from "node:assert/strict";
import { Person } from "../person.mjs";

const [JACK, ANNA] = ["jack@chess.example", "anna@chess.example"];

export async function keyboard({ browser, address }) {
  const anna = await Person.open(browser, address);
  await anna.logIn(ANNA, "anna-chess");
  const jack = await Person.open(browser, address);
  const keys = jack.page.keyboard;
  await jack.page.locator("#user:focus").waitFor();
  await keys.type("jack");
  await keys.press("Tab");
  await keys.type("jack-chess");
  await keys.press("Enter");
  await jack.online();
  jack.jid = JACK;

  await tabTo(jack, "Add contact");
  await keys.press("Enter");
  await jack.page.locator("#add-jid:focus").waitFor();
  await keys.type("anna");
  await keys.press("Enter");
  await jack.page.getByRole("dialog").waitFor({ state: "hidden" });
  assert.equal(await focused(jack), "Add contact", "the focus is back where the dialog came from");
  await anna.answer(JACK, "Accept");
  await tabTo(jack, `Accept ${ANNA}`, "Shift+Tab");
  await keys.press("Enter");
  await jack.sees(ANNA, "available");
  await conversation(jack, anna);
  await tabTo(jack, "Log out", "Shift+Tab");
  await keys.press("Space");
  await jack.page.locator("#user:focus").waitFor();
  await jack.close();
  await anna.close();
}

async function conversation(jack, anna) {
  const keys = jack.page.keyboard;
  await tabTo(jack, ANNA);
  await keys.press("Enter");
  await jack.page.locator("#text:focus").waitFor();
  await keys.type("two");
  await keys.press("Shift+Enter");
  await keys.type("lines");
  await keys.press("Enter");
  await anna.open(JACK);
  await anna.hears("two");
  assert.deepEqual(await anna.texts("theirs"), ["two\nlines"]);
  await keys.press("Escape");
  await jack.page.locator(`.row[data-jid="${ANNA}"]:focus`).waitFor();
}

// Walks with the tabulator until something of that name has the focus.
async function tabTo(person, name, key = "Tab") {
  for (let step = 0; step < 40; step += 1) {
    if ((await focused(person)).startsWith(name)) return;
    await person.page.keyboard.press(key);
  }
  assert.fail(`${name} cannot be reached with ${key}`);
}

function focused(person) {
  return person.page.evaluate(() => {
    const { activeElement } = document;
    return (
      activeElement.getAttribute("aria-label") ??
      activeElement.querySelector(".row-name")?.textContent ??
      activeElement.textContent.trim()
    );
  });
}
