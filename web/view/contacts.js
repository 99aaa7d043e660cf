// The list of contacts, and of others who have written.

import { SHOWN, avatar, bdi, byId, el, spoken } from "./dom.js";
import { clockOf } from "./time.js";

/** The list. `open(jid)` is called when somebody is chosen. */
export class ContactList {
  #desk;
  #open;
  #current = null;
  #rows = new Map();
  #due = false;

  constructor(desk, open) {
    this.#desk = desk;
    this.#open = open;
    byId("contacts").addEventListener("keydown", (event) => this.#move(event));
    byId("filter").addEventListener("input", () => this.#draw());
    for (const model of [desk.contacts, desk.conversations, desk.typing])
      model.addEventListener("change", () => this.draw());
    this.#draw();
  }

  /** Marks who is talked with. */
  current(jid) {
    this.#current = jid;
    this.#draw();
  }

  /** Puts the focus on somebody, else on the first. */
  focus(jid) {
    (this.#rows.get(jid) ?? this.#rows.values().next().value ?? byId("add")).focus();
  }

  /** Draws before the next frame, once for many changes. */
  draw() {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      this.#draw();
    });
  }

  #draw() {
    const { contacts, conversations } = this.#desk;
    const listed = contacts.list();
    const wanted = byId("filter").value.trim().toLowerCase();
    const fits = ({ jid, name }) => `${name} ${jid}`.toLowerCase().includes(wanted);
    const strangers = conversations
      .people()
      .filter((jid) => !contacts.get(jid) && conversations.messages(jid).length > 0);
    const focused = document.activeElement?.dataset?.jid;
    this.#rows.clear();
    byId("contact-rows").replaceChildren(...listed.filter(fits).map((contact) => this.#row(contact)));
    byId("stranger-rows").replaceChildren(...strangers.map((jid) => this.#row({ jid, name: "", stranger: true })));
    byId("strangers").hidden = strangers.length === 0;
    byId("filter-field").hidden = listed.length < 8 && !wanted;
    byId("no-contacts").hidden = listed.length > 0;
    if (focused) this.#rows.get(focused)?.focus();
  }

  #row(contact) {
    const { jid } = contact;
    const { contacts, conversations, typing } = this.#desk;
    const presence = contacts.presence(jid);
    const name = contacts.nameOf(jid);
    const unread = conversations.unread(jid);
    const last = conversations.messages(jid).at(-1);
    const line = typing.isTyping(jid)
      ? "typing…"
      : (this.#about(contact, presence) ?? last?.body ?? SHOWN[presence.show]);
    const row = el(
      "button",
      {
        type: "button",
        class: "row",
        "data-jid": jid,
        onclick: () => this.#open(jid),
        "aria-current": jid === this.#current ? "true" : null,
      },
      avatar(name, contact.stranger ? null : presence.show),
      el(
        "span",
        { class: "row-text" },
        el("span", { class: "row-name" }, bdi(name)),
        contact.stranger ? null : spoken(`, ${SHOWN[presence.show]}. `),
        el("span", { class: "row-line" }, bdi(line)),
      ),
      el(
        "span",
        { class: "row-side" },
        last ? el("span", { class: "row-time" }, clockOf(last.at)) : null,
        unread > 0 ? badge(unread) : null,
      ),
    );
    this.#rows.set(jid, row);
    return el("li", {}, row);
  }

  // What stands under a name, if it is more urgent than what was said last.
  #about(contact, presence) {
    if (contact.ask) return "Request pending";
    return presence.status || null;
  }

  #move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const rows = [...this.#rows.values()];
    const at = rows.indexOf(document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    rows[Math.min(Math.max(at + step, 0), rows.length - 1)].focus();
  }
}

function badge(count) {
  return el("span", { class: "badge" }, String(count), spoken(` unread ${count === 1 ? "message" : "messages"}`));
}
