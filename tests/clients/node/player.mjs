// What the players have in common: whoever waits for something looks again at each thing that happens.

import { Wire } from "./wire.mjs";

const PATIENCE = 25_000;

export class Player {
  #waiting = new Set();
  happened = new Set();

  /** `order` is that of `log-in`; `report` is called with each event. */
  constructor(order, report) {
    this.jid = order.jid;
    this.password = order.password;
    this.bare = order.jid.split("/")[0];
    this.domain = this.bare.split("@")[1];
    this.resumes = Boolean(order.resumes);
    this.service = new URL(order.service);
    this.report = (event) => report({ at: order.as, ...event });
  }

  /** The server's address, by way of a wire that can be cut if this player is to resume. */
  async address() {
    if (this.resumes) {
      this.wire = await Wire.open(this.service.port);
      this.service.port = this.wire.port;
    }
    return this.service.href;
  }

  /** Something has happened. */
  happens(what) {
    this.happened.add(what);
    this.#look();
  }

  /** A stanza that has come, and what is to be told of it. */
  took(event) {
    this.report(event);
    if (event.event === "presence" && event.from === this.jid) this.happens("own presence");
  }

  #look() {
    for (const look of this.#waiting) look();
  }

  /** Waits for one of these; whether it was the first. */
  until(wanted, ...others) {
    return new Promise((resolve, reject) => {
      const wait = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`${wanted} did not come; what came: ${[...this.happened].join(", ")}`));
      }, PATIENCE);
      const look = () => {
        const what = [wanted, ...others].find((one) => this.happened.has(one));
        if (what === undefined) return;
        clearTimeout(wait);
        this.#waiting.delete(look);
        if (what === wanted) resolve();
        else reject(new Error(`${what} instead of ${wanted}`));
      };
      this.#waiting.add(look);
      look();
    });
  }

  freeze() {
    this.wire.freeze();
  }
}
