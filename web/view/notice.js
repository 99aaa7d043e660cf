// What the page says about its connection.

import { byId } from "./dom.js";

const ENDED = {
  conflict: "You have logged in with the same session elsewhere, so this one ended.",
  "policy-violation": "The server has ended this session, because something is against its rules.",
  "host-gone": "The server does not serve this site any more.",
};

/** The bar above everything; it speaks up only when something is wrong. */
export class Notice {
  #link;
  #timer = null;

  constructor(link) {
    this.#link = link;
    byId("retry").addEventListener("click", () => link.retry());
    link.addEventListener("state", () => this.#draw());
    this.#draw();
  }

  #draw() {
    clearInterval(this.#timer);
    const { state } = this.#link;
    const shown = state === "waiting" || state === "ended" || (state === "opening" && !byId("desk").hidden);
    byId("notice").hidden = !shown;
    byId("desk").dataset.state = state;
    byId("retry").hidden = state === "opening";
    byId("countdown").textContent = "";
    if (!shown) {
      byId("notice-text").textContent = "";
      return;
    }
    byId("notice-text").textContent = words(this.#link);
    if (state === "waiting") this.#count();
  }

  // Beside the text that is read aloud, so that nobody has to listen to every second.
  #count() {
    const show = () => {
      const seconds = Math.max(0, Math.ceil((this.#link.nextAt - Date.now()) / 1000));
      byId("countdown").textContent = seconds > 0 ? `Next attempt in ${seconds} s.` : "";
    };
    show();
    this.#timer = setInterval(show, 1000);
  }
}

function words({ state, reason, said }) {
  if (state === "opening") return "Connecting…";
  if (state === "ended") {
    const why = ENDED[reason] ?? `The server has ended this session: ${reason.replaceAll("-", " ")}.`;
    return said ? `${why} It says: “${said}”` : why;
  }
  return navigator.onLine
    ? "The connection is lost. What you write is sent when it is back."
    : "You are offline. What you write is sent when the network is back.";
}
