// Contacts, their presence, and who asks to become one (RFC 6121 §2 to §4).

import { bare, resource } from "./jid.js";
import { NS, child, text } from "./stanza.js";
import { drop, keep, kept, names } from "./store.js";

/** From most to least reachable; a presence without `show` is `available`. */
const SHOWS = ["chat", "available", "away", "xa", "dnd"];

const collator = new Intl.Collator();

/** Event `change` after every change. A contact: `{ jid, name, subscription, ask, presences }`, by resource. */
export class Contacts extends EventTarget {
  #all = new Map();
  #requests = new Map(kept("requests") ?? []);

  constructor() {
    super();
    for (const jid of names("contact:")) this.#all.set(jid, kept(`contact:${jid}`));
  }

  /** All contacts: those that are reachable first, then by name. */
  list() {
    const keyed = [...this.#all.values()].map((contact) => ({
      contact,
      away: this.presence(contact.jid).show === "offline" ? 1 : 0,
      name: contact.name || contact.jid,
    }));
    keyed.sort((a, b) => a.away - b.away || collator.compare(a.name, b.name));
    return keyed.map(({ contact }) => contact);
  }

  /** One contact; undefined if it is none. */
  get(jid) {
    return this.#all.get(jid);
  }

  /** What a person calls them: the name in the roster, else the address. */
  nameOf(jid) {
    return this.#all.get(jid)?.name || jid;
  }

  /** How reachable somebody is: `{ show, status }` of their best resource; `show` is `offline` if there is none. */
  presence(jid) {
    const all = Object.values(this.#all.get(jid)?.presences ?? {});
    const rank = (one) => one.priority * SHOWS.length - SHOWS.indexOf(one.show);
    return (
      all.reduce((best, one) => (best && rank(best) >= rank(one) ? best : one), null) ?? { show: "offline", status: "" }
    );
  }

  /** Who asks to see our presence: `[{ jid, nick, status }]`. */
  requests() {
    return [...this.#requests.values()];
  }

  /** A request has been answered. */
  answered(jid) {
    if (this.#requests.delete(jid)) this.#requestsChanged();
  }

  /** Nobody's presence is known any more: a session has ended. */
  unseen() {
    for (const contact of this.#all.values()) contact.presences = {};
    this.#keepAll();
  }

  /** The whole roster, from the server. */
  roster(query) {
    const items = [...query.children].filter((one) => one.localName === "item");
    const listed = new Set(items.map((item) => item.getAttribute("jid")));
    for (const jid of [...this.#all.keys()]) if (!listed.has(jid)) this.#remove(jid);
    items.forEach((item) => this.#item(item));
    this.#changed();
  }

  /** A change of the roster, from the server. */
  push(query) {
    for (const item of query.children) this.#item(item);
    this.#changed();
  }

  /** A presence that has arrived. */
  heard(stanza) {
    const from = stanza.getAttribute("from") ?? "";
    const type = stanza.getAttribute("type");
    if (type === "subscribe") this.#asked(stanza, bare(from));
    else if (type === null || type === "unavailable") this.#seen(stanza, bare(from), resource(from));
  }

  #asked(stanza, jid) {
    if (this.#requests.size >= 200 && !this.#requests.has(jid)) return;
    const nick = child(stanza, "nick", NS.nick)?.textContent ?? "";
    this.#requests.set(jid, { jid, nick: nick.slice(0, 200), status: text(stanza, "status").slice(0, 500) });
    this.#requestsChanged();
  }

  #seen(stanza, jid, from) {
    const contact = this.#all.get(jid);
    if (!contact) return;
    if (stanza.getAttribute("type") === "unavailable") delete contact.presences[from];
    else contact.presences[from] = presence(stanza);
    keep(`contact:${jid}`, contact);
    this.#changed();
  }

  #item(item) {
    const jid = item.getAttribute("jid");
    const subscription = item.getAttribute("subscription") ?? "none";
    if (!jid || item.localName !== "item") return;
    if (subscription === "remove") {
      this.#remove(jid);
      return;
    }
    const name = item.getAttribute("name") ?? "";
    const ask = item.getAttribute("ask") === "subscribe";
    const presences = this.#all.get(jid)?.presences ?? {};
    const contact = { jid, name, subscription, ask, presences };
    this.#all.set(jid, contact);
    keep(`contact:${jid}`, contact);
  }

  #remove(jid) {
    this.#all.delete(jid);
    drop(`contact:${jid}`);
  }

  #requestsChanged() {
    keep("requests", [...this.#requests]);
    this.#changed();
  }

  #keepAll() {
    for (const contact of this.#all.values()) keep(`contact:${contact.jid}`, contact);
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

function presence(stanza) {
  const show = text(stanza, "show") || "available";
  const priority = Number.parseInt(text(stanza, "priority"), 10) || 0;
  return { show: SHOWS.includes(show) ? show : "available", status: text(stanza, "status").slice(0, 500), priority };
}
