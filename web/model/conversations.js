// What was said, by contact. It outlives a reload and ends with the log-out.

import { bare } from "./jid.js";
import { NS, delayed, problem, text } from "./stanza.js";
import { drop, keep, kept, names } from "./store.js";

/** Messages kept for one conversation. */
const LONGEST = 300;
/** Conversations kept with people who are no contacts, and what one of them may hold: strangers cannot fill the tab. */
const STRANGERS = 50;
const STRANGERS_TEXT = 10_000;
const STRANGERS_ROOM = 20_000;
/** What the conversation with a contact may hold, characters as they are kept. */
const ROOM = 500_000;

/**
 * A message: `{ id, mine, body, at, late, state, why }`. `state` of one of ours: `waiting` (no session), `sent`, `done`
 * (the server has it), `failed` (`why` says why). Events, each with the address in `detail`: `change`; `arrived`.
 */
export class Conversations extends EventTarget {
  #all = new Map();

  constructor() {
    super();
    for (const jid of names("talk:")) this.#all.set(jid, kept(`talk:${jid}`));
  }

  /** The messages with somebody, oldest first. */
  messages(jid) {
    return this.#all.get(jid)?.messages ?? [];
  }

  /** How many of somebody's messages nobody has looked at. */
  unread(jid) {
    return this.#all.get(jid)?.unread ?? 0;
  }

  /** How many messages in all nobody has looked at. */
  unreadInAll() {
    return [...this.#all.values()].reduce((sum, talk) => sum + talk.unread, 0);
  }

  /** With whom there is a conversation. */
  people() {
    return [...this.#all.keys()];
  }

  /** Whether somebody's client tells who is typing (XEP-0085 §5.1). */
  knowsStates(jid) {
    return this.#all.get(jid)?.states ?? false;
  }

  /** What is typed and not sent. */
  draft(jid) {
    return this.#all.get(jid)?.draft ?? "";
  }

  /** Keeps what is typed and not sent. */
  setDraft(jid, draft) {
    if (draft === this.draft(jid)) return;
    this.#talk(jid).draft = draft;
    this.#keep(jid);
  }

  /** A message that has arrived; `known` tells whether somebody is a contact. Nothing is shown twice. */
  heard(stanza, known) {
    const from = bare(stanza.getAttribute("from"));
    const type = stanza.getAttribute("type");
    if (type === "error") this.#bounced(stanza, from);
    if (type === "error" || type === "groupchat") return;
    const body = this.#text(stanza, known(from));
    const states = [...stanza.children].some((one) => one.namespaceURI === NS.states);
    if (!body || (!known(from) && !this.#roomFor(from, known))) return;
    const talk = this.#talk(from);
    talk.states = states;
    if (!talk.messages.some(({ mine }) => mine)) talk.stranger = !known(from);
    const id = stanza.getAttribute("id");
    if (id && talk.messages.some((one) => !one.mine && one.id === id && one.body === body)) return;
    const late = delayed(stanza);
    this.#add(from, { id, mine: false, body, at: late ?? Date.now(), late: late !== null });
    talk.unread += 1;
    this.#changed(from);
    this.dispatchEvent(new CustomEvent("arrived", { detail: from }));
  }

  /** A message of ours, to be sent. Whom we write to is no stranger. */
  write(jid, body) {
    this.#talk(jid).stranger = false;
    const message = { id: crypto.randomUUID(), mine: true, body, at: Date.now(), late: false, state: "waiting" };
    this.#add(jid, message);
    this.#changed(jid);
    return message;
  }

  /** Our messages that wait for a session, oldest first: `[jid, message]`. */
  waiting() {
    const all = [...this.#all].flatMap(([jid, talk]) => talk.messages.map((message) => [jid, message]));
    return all.filter(([, { state }]) => state === "waiting").sort(([, a], [, b]) => a.at - b.at);
  }

  /** A message of ours has been handed to a session. */
  sent(jid, message) {
    message.state = "sent";
    this.#changed(jid);
  }

  /** What is not among these serialised stanzas has reached the server. */
  settle(pending) {
    for (const [jid, talk] of this.#all) {
      const done = talk.messages.filter(
        ({ state, id }) => state === "sent" && !pending.some((stanza) => stanza.includes(`"${id}"`)),
      );
      done.forEach((message) => Object.assign(message, { state: "done" }));
      if (done.length > 0) this.#changed(jid);
    }
  }

  /** Somebody's messages have been looked at. */
  read(jid) {
    if (this.unread(jid) === 0) return;
    this.#talk(jid).unread = 0;
    this.#changed(jid);
  }

  /** Forgets a conversation. */
  forget(jid) {
    this.#all.delete(jid);
    drop(`talk:${jid}`);
    this.dispatchEvent(new CustomEvent("change", { detail: jid }));
  }

  #bounced(stanza, from) {
    const id = stanza.getAttribute("id");
    const message = this.messages(from).find((one) => one.mine && one.id === id);
    if (!message) return;
    Object.assign(message, { state: "failed", why: problem(stanza).slice(0, 300) });
    this.#changed(from);
  }

  #roomFor(jid, known) {
    return this.#all.has(jid) || this.people().filter((one) => !known(one)).length < STRANGERS;
  }

  #talk(jid) {
    if (!this.#all.has(jid)) this.#all.set(jid, { messages: [], unread: 0, states: false, draft: "", stranger: false });
    return this.#all.get(jid);
  }

  #add(jid, message) {
    const { messages } = this.#talk(jid);
    messages.push(message);
    if (messages.length > LONGEST) messages.splice(0, messages.length - LONGEST);
  }

  #changed(jid) {
    this.#keep(jid);
    this.dispatchEvent(new CustomEvent("change", { detail: jid }));
  }

  #text(stanza, known) {
    const body = text(stanza, "body");
    return known || body.length <= STRANGERS_TEXT ? body : `${body.slice(0, STRANGERS_TEXT)}…`;
  }

  // A browser keeps some megabytes for a tab: the oldest messages make room for new ones.
  #keep(jid) {
    const talk = this.#talk(jid);
    const room = talk.stranger ? STRANGERS_ROOM : ROOM;
    const several = () => talk.messages.length > 1;
    const fits = () => (!several() || JSON.stringify(talk).length <= room) && keep(`talk:${jid}`, talk);
    while (!fits() && several()) talk.messages.splice(0, Math.ceil(talk.messages.length / 2));
  }
}
