// This tab's own session. A duplicated tab begins with a copy of its twin's storage, and must not answer as the twin.

import { drop, keep, kept } from "./model/store.js";

/** How long a tab that may be a copy waits for the lock that its twin would hold, milliseconds. */
const PATIENCE = 2_000;
/** The same where the page that was here before has said that it leaves: on a busy machine it may linger. */
const LONGEST = 30_000;

// A copy of a tab that still shows its page has no such word.
addEventListener("pagehide", () => keep("left", true));

/** Whether what this tab has kept is its own; false in a copy, which gets a name of its own. */
export async function isOwn() {
  const name = kept("tab") ?? crypto.randomUUID();
  const patience = kept("left") ? LONGEST : PATIENCE;
  drop("left");
  keep("tab", name);
  if (await lock(name, patience)) return true;
  const other = crypto.randomUUID();
  keep("tab", other);
  await lock(other, patience);
  return false;
}

// Held until the tab is gone. Without the API (no https) nobody can log in anyway.
function lock(name, patience) {
  if (!navigator.locks) return Promise.resolve(true);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), patience);
  return new Promise((resolve) => {
    const held = () => {
      clearTimeout(timer);
      resolve(true);
      return new Promise(() => {});
    };
    navigator.locks.request(`castling.${name}`, { signal: late.signal }, held).catch(() => resolve(false));
  });
}
