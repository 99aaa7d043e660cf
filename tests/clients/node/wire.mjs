// A TCP relay between a client and the server that can fall silent or break, as a mobile network does.

import { once } from "node:events";
import net from "node:net";

export class Wire {
  #sockets = new Set();
  #flows = true;
  #waiting = [];

  /** Listens on a free port for connections to another one of this machine. */
  static async open(port) {
    const wire = new Wire();
    wire.listener = net.createServer({ noDelay: true }, (near) => wire.#relay(near, Number(port)));
    wire.listener.listen(0, "127.0.0.1");
    await once(wire.listener, "listening");
    wire.port = wire.listener.address().port;
    return wire;
  }

  #relay(near, port) {
    const far = net.connect({ port, host: "127.0.0.1", noDelay: true });
    for (const [from, to] of [[near, far], [far, near]]) {
      this.#sockets.add(from);
      from.on("data", (data) => this.#pass(() => to.write(data)));
      from.on("end", () => this.#pass(() => to.end()));
      from.on("error", () => to.destroy());
      from.on("close", () => this.#sockets.delete(from));
    }
  }

  #pass(what) {
    if (this.#flows) what();
    else this.#waiting.push(what);
  }

  /** Nothing passes any more, and neither side is told. */
  freeze() {
    this.#flows = false;
  }

  /** Both sides lose their connections, and what was under way is lost. New ones are taken and stay silent. */
  cut() {
    this.freeze();
    this.#waiting = [];
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Everything passes again. */
  thaw() {
    this.#flows = true;
    for (const what of this.#waiting.splice(0)) what();
  }

  /** Takes no new connections. What is under way still arrives. */
  close() {
    this.listener.close();
  }
}
