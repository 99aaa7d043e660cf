// The conversation with one person: what was said, who is typing, what one writes.

import { SHOWN, avatar, bdi, byId } from "./dom.js";
import { bubble, dayAbove, follows } from "./message.js";

/** The open conversation. */
export class Conversation {
  #desk;
  #jid = null;
  #drawn = [];

  constructor(desk) {
    this.#desk = desk;
    const { contacts, conversations, typing } = desk;
    contacts.addEventListener("change", () => this.#head());
    typing.addEventListener("change", ({ detail }) => detail === this.#jid && this.#typing());
    conversations.addEventListener("change", ({ detail }) => detail === this.#jid && this.#messages());
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    byId("text").addEventListener("keydown", (event) => this.#key(event));
    byId("text").addEventListener("input", () => this.#typed());
    for (const kind of ["focus", "visibilitychange"])
      (kind === "focus" ? window : document).addEventListener(kind, () => this.#look());
  }

  /** With whom; null if nobody. */
  get jid() {
    return this.#jid;
  }

  /** Shows the conversation with somebody; null closes it. */
  open(jid) {
    this.#jid = jid;
    this.#drawn = [];
    byId("conversation").hidden = jid === null;
    byId("nobody").hidden = jid !== null;
    if (jid === null) return;
    byId("log").replaceChildren();
    byId("text").value = this.#desk.conversations.draft(jid);
    this.#grow();
    this.#head();
    this.#messages();
    byId("log").scrollTop = byId("log").scrollHeight;
  }

  #head() {
    if (this.#jid === null) return;
    const { contacts } = this.#desk;
    const name = contacts.nameOf(this.#jid);
    const contact = contacts.get(this.#jid);
    const { show, status } = contacts.presence(this.#jid);
    byId("with-avatar").replaceChildren(avatar(name, contact ? show : null));
    byId("with-name").replaceChildren(bdi(name));
    byId("with-jid").textContent = name === this.#jid ? "" : this.#jid;
    byId("with-presence").replaceChildren(
      bdi(contact ? [SHOWN[show], status].filter(Boolean).join(" – ") : "Not in your contacts"),
    );
    byId("add-this").hidden = contact !== undefined;
    byId("remove-this").hidden = contact === undefined;
    byId("log").setAttribute("aria-label", `Conversation with ${name}`);
    byId("text").setAttribute("aria-label", `Message to ${name}`);
    this.#typing();
  }

  #typing() {
    const typing = this.#desk.typing.isTyping(this.#jid);
    byId("typing").textContent = typing ? `${this.#desk.contacts.nameOf(this.#jid)} is typing…` : "";
    byId("typing").classList.toggle("is-typing", typing);
  }

  // New messages are appended, so that a screen reader reads those only; changed ones are replaced.
  #messages() {
    const log = byId("log");
    const messages = this.#desk.conversations.messages(this.#jid);
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    if (this.#drawn[0]?.message !== messages[0]) {
      log.replaceChildren();
      this.#drawn = [];
    }
    messages.forEach((message, at) => this.#message(log, message, messages[at - 1], at));
    if (atEnd || messages.at(-1)?.mine) log.scrollTop = log.scrollHeight;
    this.#look();
  }

  #message(log, message, before, at) {
    const drawn = this.#drawn[at];
    if (drawn && drawn.state === message.state) return;
    const element = bubble(message, this.#desk.contacts.nameOf(this.#jid), follows(message, before));
    if (drawn) drawn.element.replaceWith(element);
    else log.append(...[dayAbove(message, before), element].filter(Boolean));
    this.#drawn[at] = { message, element, state: message.state };
  }

  // What is on the screen of somebody who looks has been read.
  #look() {
    const looks = document.visibilityState === "visible" && document.hasFocus();
    const shown = !byId("conversation").hidden && byId("conversation").getClientRects().length > 0;
    if (this.#jid !== null && looks && shown) this.#desk.conversations.read(this.#jid);
  }

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#send();
  }

  #typed() {
    const text = byId("text").value;
    this.#grow();
    this.#desk.conversations.setDraft(this.#jid, text);
    this.#desk.typing.typed(this.#jid, text.trim() === "");
  }

  #send() {
    const text = byId("text").value.trim();
    if (!text || this.#jid === null) return;
    byId("text").value = "";
    this.#desk.conversations.setDraft(this.#jid, "");
    this.#desk.say(this.#jid, text);
    this.#grow();
    byId("text").focus();
  }

  #grow() {
    const text = byId("text");
    text.rows = Math.min(Math.max(text.value.split("\n").length, 1), 6);
  }
}
