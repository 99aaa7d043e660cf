// Making elements. Strings become text nodes and attribute values, never markup.

/** An element; `on…` entries of `attributes` are listeners, true and false set and clear, null is left out. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (typeof value === "boolean") element.toggleAttribute(name, value);
    else if (value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((one) => one !== null));
  return element;
}

/** The page's element of this id. */
export function byId(id) {
  return document.getElementById(id);
}

/** Text that only screen readers say. */
export function spoken(text) {
  return el("span", { class: "spoken" }, text);
}

/** A name from the network: its direction does not turn its surroundings around. */
export function bdi(text) {
  return el("bdi", {}, text);
}

/** A round picture with somebody's first letter. */
export function avatar(name, show) {
  const letter = [...name.trim()].find((one) => /\p{L}|\p{N}/u.test(one)) ?? "?";
  const dot = show ? el("span", { class: `dot dot-${show}` }) : null;
  return el("span", { class: "avatar", "aria-hidden": "true" }, letter.toUpperCase(), dot);
}

/** How a presence is called. */
export const SHOWN = {
  chat: "Free to chat",
  available: "Online",
  away: "Away",
  xa: "Away for longer",
  dnd: "Do not disturb",
  offline: "Offline",
};
