// This tab's own session. A duplicated tab begins with a copy of its twin's storage, and must not answer as the twin.

import { keep, kept } from "./model/store.js";

/** How long a tab that reloads waits for the lock of the page that it was. */
const PATIENCE = 2_000;

/** Whether what this tab has kept is its own; false in a copy, which gets a name of its own. */
export async function isOwn() {
  const name = kept("tab") ?? crypto.randomUUID();
  keep("tab", name);
  if (await lock(name)) return true;
  const other = crypto.randomUUID();
  keep("tab", other);
  await lock(other);
  return false;
}

// Held until the tab is gone. Without the API (no https) nobody can log in anyway.
function lock(name) {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    const held = () => {
      resolve(true);
      return new Promise(() => {});
    };
    navigator.locks
      .request(`castling.${name}`, { signal: AbortSignal.timeout(PATIENCE) }, held)
      .catch(() => resolve(false));
  });
}
