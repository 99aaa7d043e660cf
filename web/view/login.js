// The way in: a brand, a name, a password.

import { typed } from "../model/jid.js";
import { dress } from "./brand.js";
import { byId, el } from "./dom.js";
import { showPlace } from "./title.js";

/** With more brands than this a list is easier than cards. */
const CARDS = 6;

const WORDS = {
  wrong: "Wrong user name or password. (Each site has its own accounts.)",
  later: "The server cannot check passwords at the moment. Try again in a minute.",
  unreachable: "The server cannot be reached. Check your network, or choose another connection below.",
  "no-auth-mech": "This page cannot log in here: the server offers no SCRAM mechanism.",
  "host-unknown": "This site is no longer available.",
};

/** The log-in form. `enter(brand, jid, password, transport)` is called when it is sent. */
export class Login {
  #brands = [];
  #chosen = null;

  constructor(enter) {
    this.enter = enter;
    byId("login-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /** Shows the brands to choose from; the one chosen is that of `domain`, else the first. */
  brands(brands, domain) {
    this.#brands = brands;
    const first = brands.find((brand) => brand.domain === domain) ?? brands[0];
    const place = byId("brands");
    byId("brand-choice").hidden = brands.length < 2;
    place.replaceChildren(
      ...(brands.length > CARDS ? [this.#select(first)] : brands.map((brand) => this.#card(brand, first))),
    );
    if (first) this.#choose(first);
    else this.say("No site is configured on this server yet.");
  }

  /** Shows the form, with a reason if the last attempt failed. */
  show(reason, jid) {
    byId("login").hidden = false;
    this.busy(false);
    byId("password").value = "";
    if (jid) byId("user").value = jid.split("@")[0];
    if (reason) this.say(WORDS[reason] ?? `The server says: ${reason.replaceAll("-", " ")}.`);
    if (this.#chosen) this.#choose(this.#chosen);
    byId(reason && byId("user").value ? "password" : "user").focus();
  }

  /** Hides the form. */
  hide() {
    byId("login").hidden = true;
    byId("password").value = "";
    this.say("");
  }

  /** While an attempt is made. */
  busy(busy) {
    byId("login-button").setAttribute("aria-disabled", String(busy));
    byId("login-button").textContent = busy ? "Logging in…" : "Log in";
  }

  /** Takes no log-in, and says why. */
  refuse(why) {
    byId("login-button").setAttribute("aria-disabled", "true");
    this.say(why);
  }

  /** Says what is wrong. */
  say(text) {
    byId("login-problem").textContent = text;
  }

  #submit() {
    if (byId("login-button").getAttribute("aria-disabled") === "true" || !this.#chosen) return;
    const jid = typed(byId("user").value, this.#chosen.domain);
    const password = byId("password").value;
    if (!jid || !password) {
      this.say(jid ? "The password is missing." : "The user name is missing or contains characters that are not allowed.");
      byId(jid ? "password" : "user").focus();
      return;
    }
    const brand = this.#brands.find(({ domain }) => jid.endsWith(`@${domain}`));
    if (!brand) {
      this.say("That address belongs to a site that is not served here. Enter only your user name.");
      return;
    }
    this.say("");
    this.busy(true);
    this.enter(brand, jid, password, document.querySelector("input[name=transport]:checked").value);
  }

  #choose(brand) {
    this.#chosen = brand;
    dress(brand);
    byId("login-domain").textContent = brand.domain;
    showPlace("Log in", brand.title);
  }

  #card(brand, first) {
    const radio = el("input", {
      type: "radio",
      name: "brand",
      value: brand.domain,
      onchange: () => this.#choose(brand),
    });
    radio.checked = brand === first;
    const swatch = el("span", { class: "swatch", "aria-hidden": "true" });
    if (brand.color) swatch.style.setProperty("background-color", brand.color);
    const title = el("bdi", { class: "card-title" }, brand.title);
    const domain = brand.title === brand.domain ? null : el("span", { class: "card-domain" }, brand.domain);
    return el("label", { class: "card" }, radio, swatch, el("span", { class: "card-text" }, title, domain));
  }

  #select(first) {
    const select = el("select", {
      "aria-label": "Site",
      onchange: () => this.#choose(this.#brands[select.selectedIndex]),
    });
    for (const brand of this.#brands)
      select.append(el("option", { value: brand.domain }, `${brand.title} – ${brand.domain}`));
    select.selectedIndex = this.#brands.indexOf(first);
    return select;
  }
}
