// Pictures of the page: `node screenshots.mjs CASTLING FOLDER`.

import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { launch } from "./browser.mjs";
import { Person, befriend } from "./person.mjs";
import { Server } from "./server.mjs";

const [binary, folder] = process.argv.slice(2).map((path) => resolve(path));
const WIDE = { viewport: { width: 1180, height: 740 }, locale: "en-GB" };
const PHONE = { viewport: { width: 360, height: 720 }, deviceScaleFactor: 2, locale: "en-GB" };
const NAMES = { anna: "Anna", boris: "Boris", chen: "Chen Wei", dana: "Dana" };
const accounts = Object.fromEntries(
  ["jack", "eve", ...Object.keys(NAMES)].map((name) => [`${name}@chess.example`, `${name}-chess`]),
);

await mkdir(folder, { recursive: true });
const server = await Server.start(binary, accounts);
const browser = await launch();
try {
  await scene();
} finally {
  await browser.close();
  await server.stop();
}

async function scene() {
  const jack = await enter("jack", WIDE, true);
  const others = {};
  for (const [name, shown] of Object.entries(NAMES)) {
    others[name] = await enter(name, WIDE);
    await befriend(jack, others[name]);
    await jack.add(others[name].jid, shown);
  }
  await talk(jack, others);
  await picture(jack, "talk");
  await jack.page.emulateMedia({ colorScheme: "dark" });
  await picture(jack, "talk-dark");
  await jack.page.emulateMedia({ colorScheme: "light" });
  await request(jack);
  await phone(others.anna);
}

// Somebody logs in; with a picture of how.
async function enter(name, context, shown = false) {
  const person = await Person.open(browser, server.address, context);
  await person.page.locator("#user:focus").waitFor();
  if (shown) {
    await picture(person, "log-in");
    await person.page.emulateMedia({ colorScheme: "dark" });
    await person.page.locator("input[value='wuchess.example']").check();
    await picture(person, "log-in-dark");
    await person.page.emulateMedia({ colorScheme: "light" });
  }
  await person.logIn(`${name}@chess.example`, `${name}-chess`);
  return person;
}

async function talk(jack, { anna, boris, chen, dana }) {
  await boris.page.getByLabel("Your presence").selectOption("dnd");
  await boris.page.getByLabel("Your status").fill("in a game");
  await boris.page.getByLabel("Your status").press("Enter");
  await chen.page.getByLabel("Your presence").selectOption("away");
  await jack.row(boris.jid).getByText("in a game").waitFor();
  await dana.open(jack.jid);
  await dana.say("Thanks for the game!");
  await dana.say("Rematch on Sunday?");
  await jack.row(dana.jid).getByText("Sunday").waitFor();
  await dana.page.getByRole("button", { name: "Log out" }).click();
  await jack.sees(dana.jid, "offline");
  await jack.open(anna.jid);
  await anna.open(jack.jid);
  const lines = [
    [anna, "Did you see move 23?"],
    [jack, "The knight on f5? It took me ten minutes."],
    [anna, "It was worth it."],
    [anna, "Another one tonight, ten minutes each?"],
    [jack, "Gladly. Same time as yesterday."],
  ];
  for (const [who, text] of lines) {
    await who.say(text);
    await (who === jack ? anna : jack).hears(text);
  }
  await jack.delivered(2);
  await anna.page.locator("#text").pressSequentially("See you");
  await jack.page.getByText("Anna is typing…").waitFor();
}

async function request(jack) {
  const eve = await enter("eve", WIDE);
  await eve.add("jack");
  await jack.page.locator(".request").waitFor();
  await jack.page.context().setOffline(true);
  await jack.offline();
  await jack.say("And bring your new book!");
  await picture(jack, "offline");
  await jack.page.context().setOffline(false);
  await jack.online();
}

// Later the same day.
async function phone(opponent) {
  const jack = await enter("jack", PHONE);
  await jack.sees("anna@chess.example", "available");
  await picture(jack, "phone-contacts");
  const anna = "anna@chess.example";
  await jack.open(anna);
  await jack.say("On my phone now – be right there.");
  await jack.delivered(1);
  await opponent.say("No hurry, the board is set up.");
  await opponent.say("You have White.");
  await jack.hears("White");
  await jack.say("Then it is e4 again. Warn your king!");
  await jack.delivered(2);
  await picture(jack, "phone-talk");
}

async function picture(person, name) {
  await person.page.screenshot({ path: join(folder, `${name}.png`), animations: "disabled", caret: "hide" });
}
