// When to try again: longer and longer, at once when the network or the reader comes back.

const FIRST = 1_000;
const LONGEST = 30_000;

/** Calls `retry` after a pause that grows with each failure. */
export class Backoff {
  #retry;
  #timer = null;
  #failures = 0;

  constructor(retry) {
    this.#retry = retry;
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.hurry();
    });
  }

  /** Plans the next attempt; returns when it will be, milliseconds since the epoch. */
  plan() {
    const longest = Math.min(FIRST * 2 ** this.#failures, LONGEST);
    this.#failures += 1;
    // Not all pages of a site at the same moment.
    const pause = longest * (0.75 + Math.random() / 4);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#now(), pause);
    return Date.now() + pause;
  }

  /** Tries now if an attempt is planned. */
  hurry() {
    if (this.#timer !== null) this.#now();
  }

  /** Forgets the plan, and with `again` also the failures so far. */
  stop({ again = false } = {}) {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (again) this.#failures = 0;
  }

  #now() {
    this.stop();
    this.#retry();
  }
}
