// The network goes and comes back: a notice, a return by itself, nothing lost and nothing twice.

import assert from "node:assert/strict";
import { Cable } from "../cable.mjs";
import { friends } from "../person.mjs";

export async function cut({ browser, address, transport }) {
  const { port, hostname } = new URL(address);
  const cable = await Cable.lay(Number(port));
  const { jack, anna } = await friends(browser, transport, `http://${hostname}:${cable.port}/`, address);

  await withoutNotice(cable, jack, anna);
  await offlineEvent(jack, anna);
  await reloadedWhileCut(cable, jack, anna);
  assert.deepEqual(await anna.texts("theirs"), ["while cut", "while offline", "before the reload"]);
  assert.deepEqual(await jack.texts("theirs"), ["are you there?", "and now?", "hello again"]);
  if (transport === "bosh") await hotel(jack, anna);
  await anna.close();
  await jack.close();
  cable.close();
}

// The browser does not notice; the connection just breaks, and attempts fail for a while.
async function withoutNotice(cable, jack, anna) {
  cable.cut();
  await jack.offline();
  await jack.say("while cut");
  await jack.page.locator(".message.mine", { hasText: "waiting for the network" }).waitFor();
  await anna.say("are you there?");
  await anna.delivered(1);
  cable.mend();
  await jack.online();
  await jack.hears("are you there?");
  await anna.hears("while cut");
}

// The browser says that it is offline, and that it is online again.
async function offlineEvent(jack, anna) {
  await jack.page.context().setOffline(true);
  await jack.offline();
  await jack.page.locator("#notice-text", { hasText: "You are offline." }).waitFor();
  await jack.page.getByRole("status").filter({ hasText: "You are offline." }).waitFor({ state: "attached" });
  await jack.say("while offline");
  await anna.say("and now?");
  await anna.delivered(2);
  await jack.page.context().setOffline(false);
  await jack.online();
  await jack.page.getByRole("status").filter({ hasText: "is back" }).waitFor({ state: "attached" });
  await jack.hears("and now?");
  await anna.hears("while offline");
}

// What was written without a network outlives a reload.
async function reloadedWhileCut(cable, jack, anna) {
  await jack.page.context().setOffline(true);
  await jack.offline();
  await jack.say("before the reload");
  await anna.say("hello again");
  await anna.delivered(3);
  await jack.page.context().setOffline(false);
  await jack.page.reload();
  await jack.online();
  await jack.hears("hello again");
  await anna.hears("before the reload");
  await jack.delivered(3);
}

// A network that answers every request with a page of its own, until somebody has paid.
async function hotel(jack, anna) {
  const requests = "**/http-bind";
  await jack.page.route(requests, (route) => route.fulfill({ contentType: "text/html", body: "<p>Room number?" }));
  await jack.say("from the hotel");
  await jack.offline();
  await jack.page.unroute(requests);
  await jack.online();
  await anna.hears("from the hotel");
  assert.equal((await anna.texts("theirs")).filter((text) => text === "from the hotel").length, 1);
  // What the browser shows of an answer that is no XML has a style of its own, which the page's policy does not let in.
  jack.errors = jack.errors.filter((words) => !/inline style/.test(words));
}
