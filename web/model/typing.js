// Who is typing (XEP-0085).

import { bare } from "./jid.js";
import { NS } from "./stanza.js";

/** After this long without a key we have paused; after the other we no longer believe that somebody types. */
const PAUSE = 5_000;
const BELIEF = 30_000;

/** Event `change`, with the address in `detail`. `send(jid, state)` tells somebody our state. */
export class Typing extends EventTarget {
  #others = new Map();
  #ours = new Map();
  #send;

  constructor(send) {
    super();
    this.#send = send;
  }

  /** Whether somebody is typing. */
  isTyping(jid) {
    return this.#others.has(jid);
  }

  /** A message that has arrived. */
  heard(stanza) {
    const from = bare(stanza.getAttribute("from"));
    const state = [...stanza.children].find((one) => one.namespaceURI === NS.states)?.localName;
    if (stanza.getAttribute("type") === "error" || !state) return;
    clearTimeout(this.#others.get(from));
    this.#others.delete(from);
    if (state === "composing")
      this.#others.set(
        from,
        setTimeout(() => this.#stopped(from), BELIEF),
      );
    this.dispatchEvent(new CustomEvent("change", { detail: from }));
  }

  /** We have typed something, or cleared it. */
  typed(jid, empty) {
    const before = this.#ours.has(jid);
    clearTimeout(this.#ours.get(jid));
    this.#ours.delete(jid);
    if (empty) {
      if (before) this.#send(jid, "active");
      return;
    }
    this.#ours.set(
      jid,
      setTimeout(() => this.#paused(jid), PAUSE),
    );
    if (!before) this.#send(jid, "composing");
  }

  /** We have sent a message, which says itself that we are active. */
  sent(jid) {
    clearTimeout(this.#ours.get(jid));
    this.#ours.delete(jid);
  }

  /** Nobody is heard any more: the connection is lost. */
  silence() {
    for (const [jid, timer] of this.#others) {
      clearTimeout(timer);
      this.#stopped(jid);
    }
  }

  #paused(jid) {
    this.#ours.delete(jid);
    this.#send(jid, "paused");
  }

  #stopped(jid) {
    this.#others.delete(jid);
    this.dispatchEvent(new CustomEvent("change", { detail: jid }));
  }
}
