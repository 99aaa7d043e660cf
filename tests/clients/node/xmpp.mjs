// @xmpp/client, over WebSocket.

import { client, xml } from "./packages.mjs";
import { Player } from "./player.mjs";

export class XmppPlayer extends Player {
  async logIn() {
    const service = await this.address();
    const [username] = this.bare.split("@");
    const resource = this.jid.slice(this.bare.length + 1);
    this.client = client({ service, domain: this.domain, username, password: this.password, resource, timeout: 25_000 });
    if (!this.resumes) this.client.reconnect.stop();
    this.client.reconnect.delay = 10;
    this.client.streamManagement.requestAckDebounce = 20;
    this.client.on("error", (error) => this.#error(error));
    this.client.on("stanza", (stanza) => this.#stanza(stanza));
    this.client.on("disconnect", () => (this.report({ event: "disconnected" }), this.happens("disconnect")));
    this.client.streamManagement.on("resumed", () => this.happens("resumed"));
    this.client.streamManagement.on("fail", () => this.happens("lost stanza"));
    this.client.iqCallee.set("jabber:iq:roster", "query", () => true);
    this.#count();
    await this.client.start();
    await this.until("enabled");
  }

  /** It would not count answers that it has waited for, nor what comes together with `<enabled/>`. */
  #count() {
    let handled = 0;
    Object.defineProperty(this.client.streamManagement, "inbound", { get: () => handled, set: () => {} });
    this.client.on("element", (element) => {
      if (this.client.isStanza(element)) handled += 1;
      if (!element.is("enabled", "urn:xmpp:sm:3")) return;
      handled = 0;
      this.happens("enabled");
    });
  }

  #error(error) {
    if (error.name === "StreamError") {
      this.report({ event: "stream-error", condition: error.condition, text: error.text ?? "" });
    }
  }

  #stanza(stanza) {
    const { id, from, to, type } = stanza.attrs;
    const error = stanza.getChild("error")?.getChildElements()[0]?.name ?? null;
    const common = { id, from, to, error, xml: stanza.toString() };
    const text = (name) => stanza.getChildText(name) ?? "";
    if (stanza.is("message")) {
      const delayed = Boolean(stanza.getChild("delay", "urn:xmpp:delay"));
      this.took({ event: "message", ...common, type: type ?? "normal", body: text("body"), delayed });
    } else if (stanza.is("presence")) {
      const more = { type: type ?? "available", show: text("show"), status: text("status") };
      this.took({ event: "presence", ...common, ...more });
    }
  }

  async online() {
    await this.client.iqCaller.get(xml("query", "jabber:iq:roster"));
    await this.presence({});
    await this.until("own presence");
  }

  presence({ show, status, to, type }) {
    const children = Object.entries({ show, status }).filter(([, text]) => text);
    return this.client.send(xml("presence", { to, type }, ...children.map(([name, text]) => xml(name, {}, text))));
  }

  say({ to, body, id, type }) {
    return this.client.send(xml("message", { to, type, id }, xml("body", {}, body)));
  }

  raw({ xml }) {
    return this.client.write(xml);
  }

  barrier() {
    return this.client.iqCaller.get(xml("ping", "urn:xmpp:ping"), this.domain);
  }

  async break() {
    ["disconnect", "resumed"].forEach((what) => this.happened.delete(what));
    this.wire.cut();
    await this.until("disconnect");
  }

  /** It connects again and resumes by itself. */
  async resume() {
    this.wire.thaw();
    await this.until("resumed", "lost stanza");
  }

  async go() {
    this.client.reconnect.stop();
    await this.client.stop();
    this.wire?.close();
  }
}
