// Strophe.js, over WebSocket or BOSH as the address says.

import { Strophe, $iq, $msg, $pres } from "./packages.mjs";
import { Player } from "./player.mjs";

const NAMES = Object.fromEntries(Object.entries(Strophe.Status).map(([name, number]) => [number, name]));
const FAILURES = ["AUTHFAIL", "CONNFAIL", "DISCONNECTED"];
const STREAM = "http://etherx.jabber.org/streams";
const DELAY = "urn:xmpp:delay";

Strophe.setLogLevel(Strophe.LogLevel.FATAL); // its log goes to standard output, which has the events

const text = (element, name) => [...element.childNodes].find((child) => child.nodeName === name)?.textContent ?? "";

export class StrophePlayer extends Player {
  /** What a page keeps in its session storage. */
  #kept = new Map();

  async logIn() {
    this.href = await this.address();
    this.#make();
    await this.#dial();
  }

  #make() {
    const storage = {
      load: (key) => this.#kept.get(key) ?? null,
      save: (key, state) => this.#kept.set(key, structuredClone(state)),
      clear: (key) => this.#kept.delete(key),
    };
    const options = { enableStreamManagement: this.resumes, streamManagement: { storage, maxUnacked: 1 } };
    this.connection = new Strophe.Connection(this.href, options);
    this.connection.xmlInput = (element) => this.#streamError(element);
  }

  get overBosh() {
    return this.href.startsWith("http");
  }

  async #dial() {
    FAILURES.concat("CONNECTED").forEach((status) => this.happened.delete(status));
    this.connection.connect(this.jid, this.password, this.#heeds());
    this.#listen();
    // over WebSocket it keeps the text of a stream error to itself
    const read = ({ data }) => this.#streamError(new DOMParser().parseFromString(data, "text/xml"));
    this.connection._proto.socket?.addEventListener("message", read);
    await this.until("CONNECTED", ...FAILURES);
  }

  /** For the status of the connection that there is now. */
  #heeds() {
    const connection = this.connection;
    return (status) => {
      if (connection !== this.connection) return;
      const name = NAMES[status];
      if (name === "DISCONNECTED") this.report({ event: "disconnected" });
      this.happens(name);
    };
  }

  #streamError(received) {
    const error = received.getElementsByTagNameNS?.(STREAM, "error")[0];
    if (!error) return;
    const children = [...error.childNodes].filter((child) => child.nodeType === 1);
    const condition = children.find((child) => child.nodeName !== "text")?.nodeName;
    this.report({ event: "stream-error", condition, text: text(error, "text") });
  }

  #listen() {
    const keep = (handle) => (element) => (handle(element), true);
    this.connection.addHandler(keep((element) => this.#message(element)), null, "message");
    this.connection.addHandler(keep((element) => this.#presence(element)), null, "presence");
    const pushed = keep((element) => this.connection.send($iq({ type: "result", id: element.getAttribute("id") })));
    this.connection.addHandler(pushed, "jabber:iq:roster", "iq", "set");
  }

  #stanza(event, element, more) {
    const error = [...element.childNodes].find((child) => child.nodeName === "error");
    const [id, from, to] = ["id", "from", "to"].map((name) => element.getAttribute(name));
    const condition = error ? [...error.childNodes].find((child) => child.nodeType === 1)?.nodeName : null;
    this.took({ event, id, from, to, error: condition, xml: Strophe.serialize(element), ...more });
  }

  #message(element) {
    const type = element.getAttribute("type") ?? "normal";
    const delayed = element.getElementsByTagNameNS(DELAY, "delay").length > 0;
    this.#stanza("message", element, { type, body: text(element, "body"), delayed });
  }

  #presence(element) {
    const type = element.getAttribute("type") ?? "available";
    this.#stanza("presence", element, { type, show: text(element, "show"), status: text(element, "status") });
  }

  #ask(iq) {
    return new Promise((resolve, reject) => {
      this.connection.sendIQ(iq, resolve, () => reject(new Error("an error, or no answer")), 25_000);
    });
  }

  async online() {
    await this.#ask($iq({ type: "get" }).c("query", { xmlns: "jabber:iq:roster" }));
    this.connection.send($pres());
    await this.until("own presence");
  }

  presence({ show, status, to, type }) {
    const presence = $pres({ to, type });
    if (show) presence.c("show").t(show).up();
    if (status) presence.c("status").t(status).up();
    this.connection.send(presence);
  }

  say({ to, body, id, type }) {
    this.connection.send($msg({ to, type, id: id ?? this.connection.getUniqueId() }).c("body").t(body));
  }

  raw({ xml }) {
    this.connection.send(new DOMParser().parseFromString(xml, "text/xml").documentElement);
  }

  barrier() {
    return this.#ask($iq({ type: "get", to: this.domain }).c("ping", { xmlns: "urn:xmpp:ping" }));
  }

  async break() {
    this.happened.delete("DISCONNECTED");
    this.wire.cut();
    if (!this.overBosh) await this.until("DISCONNECTED");
  }

  /** Over BOSH Strophe.js asks again by itself, with the number that had no answer. */
  async resume() {
    this.wire.thaw();
    if (this.overBosh) return this.barrier();
    await this.#dial();
    if (!this.connection.hasResumed()) throw new Error("a new session instead of a resumed one");
  }

  /** The page is loaded anew: what it has kept is all that is left of it. */
  async reload() {
    const old = this.connection;
    const { sid, rid } = old._proto;
    old._proto._abortAllRequests();
    old.connected = old.authenticated = false;
    clearTimeout(old._idleTimeout);
    this.#make();
    this.wire.cut();
    this.wire.thaw();
    if (!this.overBosh) return this.resume();
    this.connection.attach(this.jid, sid, rid, this.#heeds());
    this.#listen();
    await this.barrier();
  }

  async go() {
    this.connection.disconnect("bye");
    await this.until("DISCONNECTED");
    this.wire?.close();
  }
}
