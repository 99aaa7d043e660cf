// A network cable between the browser and the server, to be cut and mended.

import { connect, createServer } from "node:net";

/** Forwards connections to a port on loopback. */
export class Cable {
  #target;
  #server;
  #ends = new Set();
  #whole = true;

  /** Lays a cable to a port. */
  static lay(port) {
    const cable = new Cable(port);
    return new Promise((resolve) => cable.#server.listen(0, "127.0.0.1", () => resolve(cable)));
  }

  constructor(target) {
    this.#target = target;
    this.#server = createServer((near) => (this.#whole ? this.#join(near) : near.destroy()));
  }

  /** The port of this end. */
  get port() {
    return this.#server.address().port;
  }

  /** Cuts it: every connection breaks, and new ones fail. */
  cut() {
    this.#whole = false;
    for (const end of this.#ends) end.destroy();
  }

  /** Mends it: new connections work again. */
  mend() {
    this.#whole = true;
  }

  /** Takes it away. */
  close() {
    this.cut();
    this.#server.close();
  }

  #join(near) {
    const far = connect(this.#target, "127.0.0.1");
    for (const [end, other] of [
      [near, far],
      [far, near],
    ]) {
      this.#ends.add(end);
      end.pipe(other);
      end.on("error", () => other.destroy());
      end.on("close", () => {
        this.#ends.delete(end);
        other.destroy();
      });
    }
  }
}
