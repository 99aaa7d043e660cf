// What outlives a reload: this tab's sessionStorage, every name with our prefix. Another tab has its own.

const PREFIX = "castling.";

/** Keeps a value under a name; false if the browser has no room left for it. */
export function keep(name, value) {
  try {
    sessionStorage.setItem(PREFIX + name, JSON.stringify(value));
    return true;
  } catch (error) {
    if (error.name === "QuotaExceededError") return false;
    throw error;
  }
}

/** The value kept under a name; null if there is none or it cannot be read. */
export function kept(name) {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + name));
  } catch {
    return null;
  }
}

/** Forgets a name. */
export function drop(name) {
  sessionStorage.removeItem(PREFIX + name);
}

/** What stands behind `prefix` in each kept name that begins with it. */
export function names(prefix) {
  const whole = PREFIX + prefix;
  return Object.keys(sessionStorage)
    .filter((name) => name.startsWith(whole))
    .map((name) => name.slice(whole.length));
}

/** Forgets everything that the page has kept. */
export function clear() {
  for (const name of names("")) drop(name);
}
