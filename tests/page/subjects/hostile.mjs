// Texts from the network stay texts, whatever they look like; a stanza of a stranger ends nobody's session.

import assert from "node:assert/strict";
import { Person, befriend } from "../person.mjs";

const EVIL = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>"'>&amp;`;
const TURNED = "\u202E\u2066gnp.exe";

export async function hostile({ browser, address }) {
  const jack = await Person.open(browser, address);
  const context = await browser.newContext();
  await context.addInitScript(remember);
  const mallory = await Person.in(context, address);
  assert.equal(await jack.page.locator(".card-title", { hasText: "<b>Wu</b>" }).textContent(), '<b>Wu</b> & "co"');
  await jack.logIn("jack@chess.example", "jack-chess");
  await mallory.logIn("mallory@chess.example", "mallory-chess");

  await raw(
    mallory,
    `<presence to='${jack.jid}' type='subscribe'><status>${xml(EVIL)}</status>` +
      `<nick xmlns='http://jabber.org/protocol/nick'>${xml(EVIL)}</nick></presence>`,
  );
  await jack.page.locator(".request-name", { hasText: EVIL }).waitFor();
  await jack.page.locator(".request-said", { hasText: EVIL }).waitFor();
  await jack.answer(mallory.jid, "Decline");

  await flood(jack, mallory);
  await befriend(jack, mallory);
  await jack.add(mallory.jid, EVIL);
  await jack.row(mallory.jid).getByText(EVIL).waitFor();
  await raw(mallory, `<presence><status>${xml(EVIL)}</status></presence>`);
  await jack.row(mallory.jid).getByText(EVIL).nth(1).waitFor();
  await bodies(jack, mallory);
  await nothingHappened(jack);
  await jack.reload();
  await jack.hears("still here");
  await nothingHappened(jack);
  // What the browser refused on the way, it has said: the handler in the markup, and this test's own attempt.
  jack.errors = jack.errors.filter((words) => !/inline event handler|TrustedHTML/.test(words));
  await jack.close();
}

// A stranger's book is cut short before it fills the tab's storage.
async function flood(jack, mallory) {
  await raw(mallory, `<message to='${jack.jid}' type='chat'><body>${"x".repeat(60_000)}</body></message>`);
  await jack.row(mallory.jid).waitFor();
  const kept = (await jack.storage())[`castling.talk:${mallory.jid}`];
  assert.ok(kept.length < 11_000, `${kept.length} characters of a stranger are kept`);
}

async function bodies(jack, mallory) {
  const { jid } = jack;
  await jack.open(mallory.jid);
  await raw(
    mallory,
    `<message to='${jid}' type='chat'><body>${xml(EVIL)}</body>` +
      `<html xmlns='http://jabber.org/protocol/xhtml-im'><body xmlns='http://www.w3.org/1999/xhtml'>` +
      `<p><img src='x' onerror='document.title="owned"'/>markup</p></body></html></message>`,
  );
  await jack.hears(EVIL);
  await raw(mallory, `<message to='${jid}' type='chat'><body>${TURNED}</body></message>`);
  await jack.hears("gnp.exe");
  // An element that looks like the end of the stream, inside a message.
  await raw(
    mallory,
    `<message to='${jid}' type='chat'><error xmlns='http://etherx.jabber.org/streams'>` +
      `<not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error></message>`,
  );
  // A roster push that is not from the server.
  await raw(
    mallory,
    `<iq to='${await full(jack)}' type='set' id='push'><query xmlns='jabber:iq:roster'>` +
      `<item jid='intruder@chess.example' subscription='both'/></query></iq>`,
  );
  await raw(mallory, `<message to='${jid}' type='chat'><body>still here</body></message>`);
  await jack.hears("still here");
  assert.equal(await jack.row("intruder@chess.example").count(), 0);
}

async function nothingHappened(jack) {
  assert.notEqual(await jack.page.title(), "owned");
  const strange = await jack.page.evaluate(
    () => document.querySelectorAll("img, iframe, object, embed, #desk script, #desk b, [onerror], a[href]").length,
  );
  assert.equal(strange, 0, "markup from the network");
  const refused = await jack.page.evaluate(() => {
    try {
      document.createElement("p").innerHTML = "<b>x</b>";
      return false;
    } catch {
      return true;
    }
  });
  assert.ok(refused, "the browser itself refuses markup from text");
}

// Keeps the page's socket, so that a test can send what the page never would.
function remember() {
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function sent(data) {
    globalThis.lastSocket = this;
    return send.call(this, data);
  };
}

function raw(person, stanza) {
  const framed = stanza.replace(/^<(\w+)/, "<$1 xmlns='jabber:client'");
  return person.page.evaluate((text) => globalThis.lastSocket.send(text), framed);
}

async function full(person) {
  const { jid, resource } = JSON.parse((await person.storage())["castling.account"]);
  return `${jid}/${resource}`;
}

function xml(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
