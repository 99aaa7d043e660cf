// Notices a connection that has died without a word.

const SILENCE = 50_000;
const ANSWER = 15_000;

/** Calls `probe(true)` after a silence to ask the server something, `probe(false)` when that was not answered. */
export class Pulse {
  #probe;
  #timer = null;
  #running = false;

  constructor(probe) {
    this.#probe = probe;
    // A machine that was asleep has a dead connection more often than not.
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && this.#running) this.#ask();
    });
  }

  /** Begins to listen. */
  start() {
    this.#running = true;
    this.heard();
  }

  /** Something has arrived. */
  heard() {
    if (!this.#running) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), SILENCE);
  }

  /** Ends. */
  stop() {
    this.#running = false;
    clearTimeout(this.#timer);
  }

  #ask() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#probe(false), ANSWER);
    this.#probe(true);
  }
}
