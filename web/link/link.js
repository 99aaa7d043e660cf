// The way to the server: opens a session, keeps it over cuts and reloads, and says what has become of it.

import { $iq, Strophe } from "strophe.js";
import { domain, local, saslName } from "../model/jid.js";
import { NS, reading } from "../model/stanza.js";
import { drop, keep, kept } from "../model/store.js";
import { pending as pendingStream } from "./acknowledgement.js";
import { Backoff } from "./backoff.js";
import { pending as pendingBosh, resumable } from "./bosh.js";
import { build } from "./connection.js";
import { Pulse } from "./pulse.js";
import { isBroken, isFinal, isTemporary } from "./reasons.js";
import * as unsent from "./unsent.js";

const { Status } = Strophe;
/** How long an attempt may take, milliseconds: a network that swallows everything says nothing. */
const LONGEST = 20_000;

/**
 * Events: `state` whenever `state` changes, `stanza` (detail: the element), `fresh` when a new session has begun,
 * `ready` when messages can be sent, after a cut too, `settled` when the server has acknowledged something.
 */
export class Link extends EventTarget {
  /** `out`, `opening`, `online`, `waiting` or `ended`. */
  state = "out";
  /** Why the session ended or the log-in failed: a stream error's condition, or `wrong`, `later`, `unreachable`. */
  reason = null;
  /** What the server said when it ended the session; empty if nothing. */
  said = "";
  /** When the next attempt will be, milliseconds since the epoch. */
  nextAt = null;
  /** `{ jid, resource, transport, keys }` of who is logged in. */
  account = null;

  #brand = null;
  #connection = null;
  #password = null;
  #tries = [];
  #deadline = null;
  #backoff = new Backoff(() => this.#open());
  #pulse = new Pulse((probe) => this.#probe(probe));

  constructor() {
    super();
    addEventListener("offline", () => this.#cut());
  }

  /** Logs somebody in; `transport` is `websocket`, `bosh` or `auto`. */
  logIn(brand, jid, password, transport) {
    this.#brand = brand;
    this.#password = password.normalize("NFKC");
    this.#tries = transport === "auto" ? ["websocket", "bosh"] : [transport];
    this.account = { jid, resource: `page-${crypto.randomUUID().slice(0, 8)}`, transport: null, keys: null };
    this.#open();
  }

  /** Takes up what this tab has kept; with `anew` as another session of the same user. */
  takeUp(brand, account, anew) {
    this.#brand = brand;
    this.account = account;
    if (anew) {
      this.account.resource = `page-${crypto.randomUUID().slice(0, 8)}`;
      ["bosh", "stream", "unsent"].forEach(drop);
    }
    this.#open();
  }

  /** Tries again now. */
  retry() {
    this.#backoff.stop({ again: true });
    if (this.state === "waiting" || this.state === "ended") this.#open();
  }

  /** Hands a stanza to the session; false while there is none. */
  send(stanza) {
    if (this.state !== "online") return false;
    this.#connection.send(stanza);
    return true;
  }

  /** Ends the session for good; done when the server has been told, or cannot be. */
  async logOut() {
    const connection = this.#connection;
    this.#let(connection);
    this.#backoff.stop({ again: true });
    if (!connection) return;
    await new Promise((resolve) => {
      connection.connect_callback = (status) => status === Status.DISCONNECTED && resolve();
      connection._proto.end?.();
      connection.disconnect("log out");
    });
  }

  /** The stanzas, serialised, that the server has not acknowledged. */
  pending() {
    const stream = this.#connection?.sm?.state ?? kept("stream");
    return [...unsent.waiting(), ...pendingStream(stream), ...pendingBosh()];
  }

  #open() {
    this.#backoff.stop();
    const transport = this.account.transport ?? this.#tries[0];
    const connection = build(transport, this.#brand, {
      settled: () => this.dispatchEvent(new Event("settled")),
      heard: (stanza) => this.#connection === connection && this.#heard(stanza),
    });
    this.#connection = connection;
    this.#deadline = setTimeout(() => this.#late(connection), LONGEST);
    this.#is("opening", null);
    const follow = (status, condition, element) => {
      if (this.#connection === connection) this.#follow(connection, status, condition, element);
    };
    const state = transport === "bosh" ? resumable() : null;
    if (state) {
      connection.takenUp = true;
      connection._proto.takeUp(state, follow);
      return;
    }
    const { jid, resource, keys } = this.account;
    connection.connect(`${jid}/${resource}`, this.#password ?? keys, follow, 60, 1, undefined, saslName(local(jid)));
  }

  #follow(connection, status, condition, element) {
    if (status === Status.CONNECTED) this.#connected(connection);
    else if (status === Status.ATTACHED) this.#attached(connection);
    else if (status === Status.AUTHFAIL) this.#refused(connection, element);
    else if (isBroken(status)) this.#broken(connection, condition, element);
  }

  #connected(connection) {
    const { account } = this;
    account.keys = connection.scram_keys ?? account.keys;
    account.transport ??= this.#tries[0];
    this.#password = null;
    connection.pass = null;
    keep("account", { ...account, domain: this.#brand.domain });
    this.#online(connection);
    if (connection.hasResumed()) {
      this.dispatchEvent(new Event("ready"));
      return;
    }
    if (account.transport === "bosh") connection._proto.begin();
    this.dispatchEvent(new Event("fresh"));
    // Stream management counts from its own answer on; what follows is covered by it already.
    unsent.take().forEach((stanza) => this.send(stanza));
    this.dispatchEvent(new Event("ready"));
  }

  // The answer to a ping shows that the session is still there.
  #attached(connection) {
    connection.listen();
    connection.sendIQ(
      ping(this.account.jid),
      () => this.#back(connection),
      () => this.#back(connection),
    );
  }

  #back(connection) {
    if (this.#connection !== connection) return;
    this.#online(connection, true);
    this.dispatchEvent(new Event("ready"));
  }

  #online(connection, listening = false) {
    clearTimeout(this.#deadline);
    if (!listening) connection.listen();
    this.#backoff.stop({ again: true });
    this.#pulse.start();
    this.#is("online", null);
  }

  #heard(stanza) {
    this.#pulse.heard();
    this.dispatchEvent(new CustomEvent("stanza", { detail: stanza }));
  }

  // A connection is lost, or was never there.
  #broken(connection, condition, error) {
    this.#let(connection);
    this.said = error ? reading(error).words : "";
    if (isFinal(condition)) this.#fail(connection, condition);
    else if (connection.takenUp && !resumable()) this.#open();
    else if (this.account.transport) this.#wait();
    else if (this.#tries.length > 1) {
      this.#tries.shift();
      this.#open();
    } else this.#fail(connection, "unreachable");
  }

  #cut() {
    const connection = this.#connection;
    if (!connection || !this.account?.transport) return;
    this.#let(connection);
    connection._proto.cut();
    this.#wait();
  }

  #wait() {
    this.nextAt = this.#backoff.plan();
    this.#is("waiting", null);
  }

  // The server does not take the password, or not now (RFC 6120 §6.5).
  #refused(connection, failure) {
    const later = isTemporary(failure);
    this.#let(connection);
    connection.disconnect();
    if (later && this.account.transport) this.#wait();
    else this.#fail(connection, later ? "later" : "wrong");
  }

  #fail(connection, reason) {
    this.#let(connection);
    connection._proto.cut();
    this.#password = null;
    // Whoever was never in stays out; who was in is told, and may come back.
    const was = this.account.transport !== null && reason !== "wrong";
    this.#is(was ? "ended" : "out", reason);
  }

  #late(connection) {
    if (this.#connection !== connection) return;
    this.#broken(connection, null, null);
    connection._proto.cut();
  }

  #let(connection) {
    clearTimeout(this.#deadline);
    if (this.#connection === connection) this.#connection = null;
    this.#pulse.stop();
  }

  #probe(asks) {
    const connection = this.#connection;
    if (!asks || !connection) this.#cut();
    else
      connection.sendIQ(
        ping(this.account.jid),
        () => this.#pulse.heard(),
        () => this.#pulse.heard(),
      );
  }

  #is(state, reason) {
    this.state = state;
    this.reason = reason;
    this.dispatchEvent(new Event("state"));
  }
}

function ping(jid) {
  return $iq({ type: "get", to: domain(jid) }).c("ping", { xmlns: NS.ping });
}
