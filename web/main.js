// The page: brings the link, the desk and the views together.

import "./policy.js";
import { Desk } from "./desk.js";
import { Link } from "./link/link.js";
import { fetchBrands } from "./model/brands.js";
import { clear, drop, keep, kept } from "./model/store.js";
import { isOwn } from "./tab.js";
import { closers } from "./view/dialogs.js";
import { Login } from "./view/login.js";
import { Room } from "./view/room.js";

const link = new Link();
let brand = null;
let room = null;

const login = new Login((chosen, jid, password, transport) => {
  // Somebody else's conversations do not belong here.
  const before = kept("account");
  if (before && before.jid !== jid) clear();
  brand = chosen;
  link.logIn(chosen, jid, password, transport);
});

link.addEventListener("state", () => {
  if (link.state === "online") enter();
  else if (link.state === "out") leave();
});

// The first time that somebody is online, or as soon as a reloaded page knows who it was.
function enter() {
  if (room) return;
  login.hide();
  room = new Room(new Desk(link), link, brand, logOut);
}

// Out without having asked for it: what was said stays for whoever knows the password.
function leave() {
  if (!room) {
    login.show(link.reason, link.account?.jid);
    return;
  }
  keep("account", { ...link.account, keys: null });
  keep("reason", link.reason);
  location.reload();
}

async function logOut() {
  clear();
  await link.logOut();
  clear();
  history.replaceState(null, "");
  location.reload();
}

async function begin() {
  closers();
  // A page from the browser's memory has dead connections.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  const brands = await fetchBrands();
  const account = kept("account");
  brand = brands.find(({ domain }) => domain === account?.domain) ?? null;
  login.brands(brands, account?.domain ?? location.hostname);
  if (!globalThis.isSecureContext) {
    login.show(null);
    login.refuse("Logging in needs a secure connection. Open this page over https://.");
    return;
  }
  const own = await isOwn();
  if (!brand || !account.keys) {
    login.show(kept("reason"), account?.jid);
    drop("reason");
    return;
  }
  link.account = account;
  enter();
  link.takeUp(brand, account, !own);
}

begin().catch((error) => {
  console.error(error);
  login.show(null);
  login.say("Cannot load the list of sites. Reload the page to try again.");
});
