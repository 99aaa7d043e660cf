// Where somebody who is logged in is: the list on one side, the conversation on the other; on a phone one of them.

import { domain } from "../model/jid.js";
import { keep, kept } from "../model/store.js";
import { announce } from "./announce.js";
import { dress } from "./brand.js";
import { ContactList } from "./contacts.js";
import { Conversation } from "./conversation.js";
import { AddDialog, RemoveDialog } from "./dialogs.js";
import { byId } from "./dom.js";
import { Notice } from "./notice.js";
import { Requests } from "./requests.js";
import { Self } from "./self.js";
import { showPlace, showUnread } from "./title.js";

/** The page after the log-in. `out()` logs out. */
export class Room {
  #desk;
  #brand;
  #list;
  #conversation;

  constructor(desk, link, brand, out) {
    this.#desk = desk;
    this.#brand = brand;
    const { jid } = link.account;
    byId("desk").hidden = false;
    dress(brand);
    new Notice(link);
    new Self(desk, jid, out);
    new Requests(desk);
    this.#conversation = new Conversation(desk);
    this.#list = new ContactList(desk, (other) => this.#open(other));
    this.#dialogs(domain(jid));
    this.#listen();
    const before = kept("open");
    if (before) this.#show(before);
    else this.#hide();
    byId("desk").focus();
  }

  #dialogs(home) {
    const desk = this.#desk;
    const add = new AddDialog(home, (jid, name) => {
      const done = desk.add(jid, name);
      if (done) announce(`Contact request sent to ${jid}`);
      return done;
    });
    const remove = new RemoveDialog((jid) => {
      if (!desk.remove(jid)) return;
      desk.conversations.forget(jid);
      this.#close();
    });
    byId("add").addEventListener("click", () => add.open());
    byId("add-first").addEventListener("click", () => add.open());
    byId("add-this").addEventListener("click", () => add.open(this.#conversation.jid));
    byId("remove-this").addEventListener("click", () => {
      remove.open(this.#conversation.jid, desk.contacts.nameOf(this.#conversation.jid));
    });
  }

  #listen() {
    const { contacts, conversations } = this.#desk;
    const count = () => showUnread(conversations.unreadInAll());
    conversations.addEventListener("change", count);
    conversations.addEventListener("arrived", ({ detail }) => {
      const said = conversations.messages(detail).at(-1)?.body;
      if (detail !== this.#conversation.jid && said) announce(`${contacts.nameOf(detail)} writes: ${said}`);
    });
    addEventListener("popstate", ({ state }) => (state?.jid ? this.#show(state.jid) : this.#hide()));
    byId("back").addEventListener("click", () => this.#close());
    byId("conversation").addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing) this.#close();
    });
    count();
  }

  // The browser's way back leads from the conversation to the list.
  #open(jid) {
    if (history.state?.jid) history.replaceState({ jid }, "");
    else history.pushState({ jid }, "");
    this.#show(jid);
    byId("text").focus();
  }

  #close() {
    if (history.state?.jid) history.back();
    else this.#hide();
  }

  #show(jid) {
    keep("open", jid);
    byId("desk").classList.add("talking");
    this.#conversation.open(jid);
    this.#list.current(jid);
    showPlace(this.#desk.contacts.nameOf(jid), this.#brand.title);
  }

  #hide() {
    const was = this.#conversation.jid;
    keep("open", null);
    byId("desk").classList.remove("talking");
    this.#conversation.open(null);
    this.#list.current(null);
    showPlace(this.#brand.title);
    if (was) this.#list.focus(was);
  }
}
