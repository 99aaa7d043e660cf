// Questions that wait for an answer: whom to add, whether to remove somebody.

import { typed } from "../model/jid.js";
import { byId } from "./dom.js";

/** Asks for an address and a name; `add(jid, name)` returns false if it could not be done now. */
export class AddDialog {
  #home;

  constructor(home, add) {
    this.#home = home;
    byId("add-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(add);
    });
  }

  /** Opens it, for somebody if an address is given. */
  open(jid = "") {
    byId("add-jid").value = jid;
    byId("add-name").value = "";
    byId("add-domain").textContent = this.#home;
    byId("add-problem").textContent = "";
    byId("add-dialog").showModal();
    byId(jid ? "add-name" : "add-jid").focus();
  }

  #submit(add) {
    const jid = typed(byId("add-jid").value, this.#home);
    if (!jid) {
      byId("add-problem").textContent = "That is not a valid address: enter a user name, or name@site.";
      byId("add-jid").focus();
    } else if (add(jid, byId("add-name").value.trim())) byId("add-dialog").close();
    else byId("add-problem").textContent = "Not connected. Try again when the connection is back.";
  }
}

/** Asks whether somebody is to be removed. */
export class RemoveDialog {
  #jid = null;

  constructor(remove) {
    byId("remove-form").addEventListener("submit", (event) => {
      if (event.submitter?.value === "remove") remove(this.#jid);
    });
  }

  /** Opens it. */
  open(jid, name) {
    this.#jid = jid;
    byId("remove-name").textContent = name;
    byId("remove-dialog").showModal();
  }
}

/** Buttons that close the dialog they are in. */
export function closers() {
  for (const button of document.querySelectorAll("dialog [data-close]")) {
    button.addEventListener("click", () => button.closest("dialog").close());
  }
}
