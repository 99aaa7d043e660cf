// What the page says about its connection.

import { announce } from "./announce.js";
import { byId } from "./dom.js";

const ENDED = {
  conflict: "This session ended because it was continued elsewhere.",
  "policy-violation": "The server ended this session because its rules were violated.",
  "host-gone": "This site is no longer available.",
};

/** The bar above everything; it speaks up only when something is wrong. */
export class Notice {
  #link;
  #timer = null;
  #told = "";

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
    byId("countdown").textContent = "";
    byId("notice-text").textContent = shown ? words(this.#link) : "";
    if (state === "waiting") this.#count();
    if (state !== "opening") this.#tell(byId("notice-text").textContent);
    // A focus on what is hidden would be lost.
    if (document.activeElement === byId("retry") && (!shown || state === "opening")) byId("desk").focus();
    byId("retry").hidden = state === "opening";
  }

  // Trouble is told once, however many attempts fail, and so is its end.
  #tell(text) {
    if (text === this.#told) return;
    this.#told = text;
    announce(text || "The connection is back.");
  }

  // Beside what is read aloud, so that nobody has to listen to every second.
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
    if (said && reason !== "host-gone") return `The server ended this session: “${said}”`;
    return ENDED[reason] ?? `The server ended this session: ${reason.replaceAll("-", " ")}.`;
  }
  return navigator.onLine
    ? "Connection lost. Your messages will be sent when it is back."
    : "You are offline. Your messages will be sent when the network is back.";
}
