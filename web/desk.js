// Where stanzas meet the page's models: what arrives goes into them, what a person does becomes stanzas.

import { $iq, $msg, $pres } from "strophe.js";
import { Contacts } from "./model/contacts.js";
import { Conversations } from "./model/conversations.js";
import { bare } from "./model/jid.js";
import { NS, child, sendable } from "./model/stanza.js";
import { keep, kept } from "./model/store.js";
import { Typing } from "./model/typing.js";

/** Somebody who is logged in: their contacts, conversations and own presence. */
export class Desk {
  contacts = new Contacts();
  conversations = new Conversations();
  typing = new Typing((jid, state) => this.#tell(jid, state));
  /** Our presence: `{ show, status }`. */
  self = kept("self") ?? { show: "available", status: "" };

  #link;

  constructor(link) {
    this.#link = link;
    link.addEventListener("stanza", ({ detail }) => this.#heard(detail));
    link.addEventListener("state", () => link.state !== "online" && this.typing.silence());
    link.addEventListener("fresh", () => this.#begin());
    link.addEventListener("ready", () => this.#flush());
    link.addEventListener("settled", () => this.conversations.settle(link.pending()));
  }

  /** Sends a message, now or as soon as there is a session. */
  say(jid, body) {
    this.conversations.write(jid, sendable(body));
    this.typing.sent(jid);
    this.#flush();
  }

  /** Shows us as available, away or busy. */
  show(show, status) {
    this.self = { show, status: sendable(status) };
    keep("self", this.self);
    this.#link.send(this.#presence());
  }

  /** Adds a contact and asks to see their presence; false while there is no session. */
  add(jid, name) {
    const item = { jid, ...(name && { name: sendable(name) }) };
    const set = $iq({ type: "set", id: crypto.randomUUID() }).c("query", { xmlns: NS.roster }).c("item", item);
    return this.#link.send(set) && this.#link.send($pres({ to: jid, type: "subscribe" }));
  }

  /** Removes a contact, both ways. */
  remove(jid) {
    const item = { jid, subscription: "remove" };
    const set = $iq({ type: "set", id: crypto.randomUUID() }).c("query", { xmlns: NS.roster }).c("item", item);
    return this.#link.send(set);
  }

  /** Lets somebody see our presence, and asks for theirs if we do not see it yet. */
  accept(jid) {
    if (!this.#link.send($pres({ to: jid, type: "subscribed" }))) return;
    const contact = this.contacts.get(jid);
    const sees = contact && (contact.ask || ["to", "both"].includes(contact.subscription));
    if (!sees) this.#link.send($pres({ to: jid, type: "subscribe" }));
    this.contacts.answered(jid);
  }

  /** Does not let somebody see our presence. */
  decline(jid) {
    if (this.#link.send($pres({ to: jid, type: "unsubscribed" }))) this.contacts.answered(jid);
  }

  // The roster first, then presence: a server sends presence of contacts in answer (RFC 6121 §2.2).
  #begin() {
    this.contacts.unseen();
    this.#link.send($iq({ type: "get", id: crypto.randomUUID() }).c("query", { xmlns: NS.roster }));
    this.#link.send(this.#presence());
  }

  #flush() {
    for (const [jid, message] of this.conversations.waiting()) {
      const stanza = $msg({ to: jid, type: "chat", id: message.id }).c("body").t(message.body).up();
      if (!this.#link.send(stanza.c("active", { xmlns: NS.states }))) return;
      this.conversations.sent(jid, message);
    }
    this.conversations.settle(this.#link.pending());
  }

  #presence() {
    const { show, status } = this.self;
    const presence = $pres();
    if (show !== "available") presence.c("show").t(show).up();
    if (status) presence.c("status").t(status).up();
    return presence;
  }

  #tell(jid, state) {
    const there = this.contacts.presence(jid).show !== "offline";
    if (!there || !this.conversations.knowsStates(jid)) return;
    this.#link.send($msg({ to: jid, type: "chat" }).c(state, { xmlns: NS.states }));
  }

  #heard(stanza) {
    if (stanza.localName === "message") {
      this.typing.heard(stanza);
      this.conversations.heard(stanza, (jid) => this.contacts.get(jid) !== undefined);
    } else if (stanza.localName === "presence") this.contacts.heard(stanza);
    else this.#asked(stanza);
  }

  #asked(iq) {
    const type = iq.getAttribute("type");
    const query = child(iq, "query", NS.roster);
    if (query && type !== "error" && this.#isOurs(iq)) {
      if (type === "result") this.contacts.roster(query);
      else if (type === "set") this.contacts.push(query);
    }
    if (type === "get" || type === "set") this.#link.send(this.#answer(iq, type, query));
  }

  // Only our own account may change the roster (RFC 6121 §2.1.6).
  #isOurs(iq) {
    const from = iq.getAttribute("from");
    return from === null || from === bare(this.#link.account.jid);
  }

  // Every request is answered, exactly once, and to whoever asked (RFC 6120 §8.2.3).
  #answer(iq, type, query) {
    const to = iq.getAttribute("from");
    const head = { id: iq.getAttribute("id"), ...(to && { to }) };
    if (type === "set" && query && this.#isOurs(iq)) return $iq({ ...head, type: "result" });
    if (type === "get" && child(iq, "ping", NS.ping)) return $iq({ ...head, type: "result" });
    if (type === "get" && child(iq, "query", NS.info)) return about($iq({ ...head, type: "result" }));
    const error = $iq({ ...head, type: "error" }).c("error", { type: "cancel" });
    return error.c("service-unavailable", { xmlns: NS.stanzas });
  }
}

function about(result) {
  result.c("query", { xmlns: NS.info }).c("identity", { category: "client", type: "web", name: "Castling" }).up();
  for (const feature of [NS.info, NS.states, NS.ping]) result.c("feature", { var: feature }).up();
  return result;
}
