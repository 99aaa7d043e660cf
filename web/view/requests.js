// Who asks to become a contact.

import { bare } from "../model/jid.js";
import { announce } from "./announce.js";
import { avatar, bdi, byId, el } from "./dom.js";

/** Shows the requests and answers them. */
export class Requests {
  #desk;
  #told = new Set();

  constructor(desk) {
    this.#desk = desk;
    desk.contacts.addEventListener("change", () => this.#draw());
    this.#draw();
  }

  #draw() {
    const requests = this.#desk.contacts.requests();
    const shown = [...byId("request-rows").children].map((one) => one.dataset.jid);
    byId("requests").hidden = requests.length === 0;
    if (shown.length === requests.length && requests.every(({ jid }, at) => jid === shown[at])) return;
    byId("request-rows").replaceChildren(...requests.map((request) => this.#row(request)));
    for (const { jid } of requests) {
      if (!this.#told.has(jid)) announce(`${jid} wants to add you as a contact`);
      this.#told.add(jid);
    }
  }

  #row({ jid, nick, status }) {
    const { contacts } = this.#desk;
    const name = contacts.get(jid)?.name || nick;
    const answer = (words, does, kind) =>
      el(
        "button",
        { type: "button", class: kind, "aria-label": `${words} ${bare(jid)}`, onclick: () => this.#answer(jid, does) },
        words,
      );
    const who = el(
      "p",
      { class: "request-who" },
      el("bdi", { class: "request-jid" }, jid),
      name ? el("bdi", { class: "request-name" }, `“${name}”`) : null,
    );
    return el(
      "li",
      { class: "request", "data-jid": jid },
      avatar(jid),
      el("div", { class: "request-text" }, who, status ? el("p", { class: "request-said" }, bdi(status)) : null),
      el(
        "div",
        { class: "request-answers" },
        answer("Accept", (one) => this.#desk.accept(one), "button small primary"),
        answer("Decline", (one) => this.#desk.decline(one), "button small"),
      ),
    );
  }

  #answer(jid, does) {
    does(jid);
    this.#told.delete(jid);
    (byId("request-rows").querySelector("button") ?? byId("add")).focus();
  }
}
