// Oneself: name, presence, status, the way out.

import { avatar, byId } from "./dom.js";

/** The head of the list. `out()` is called to log out. */
export class Self {
  constructor(desk, jid, out) {
    byId("self-avatar").replaceChildren(avatar(jid));
    byId("self-jid").textContent = jid;
    byId("self-show").value = desk.self.show;
    byId("self-status").value = desk.self.status;
    const show = () => desk.show(byId("self-show").value, byId("self-status").value.trim());
    byId("self-show").addEventListener("change", show);
    byId("self-status").addEventListener("change", show);
    byId("self-form").addEventListener("submit", (event) => event.preventDefault());
    byId("log-out").addEventListener("click", out);
  }
}
