// What a session that is over may not have delivered. The next session sends it first; a receiver that has it already
// knows it by its id.

import { NS, child, parse } from "../model/stanza.js";
import { drop, keep, kept } from "../model/store.js";

const NAME = "unsent";

/** Adds stanzas `{ stanza, queuedAt }` that nobody has acknowledged. */
export function add(entries) {
  const wanted = entries.filter(({ stanza }) => worthwhile(parse(stanza)));
  if (wanted.length > 0) keep(NAME, [...(kept(NAME) ?? []), ...wanted]);
}

/** Takes all of them out, as elements; messages say when they were sent first (XEP-0203). */
export function take() {
  const entries = kept(NAME) ?? [];
  drop(NAME);
  return entries.map(({ stanza, queuedAt }) => {
    const element = parse(stanza);
    element.removeAttribute("from");
    if (element.localName === "message" && !child(element, "delay", NS.delay)) element.append(stamp(element, queuedAt));
    return element;
  });
}

/** The serialised stanzas that wait here. */
export function waiting() {
  return (kept(NAME) ?? []).map(({ stanza }) => stanza);
}

function stamp(element, at) {
  const delay = element.ownerDocument.createElementNS(NS.delay, "delay");
  delay.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns", NS.delay);
  delay.setAttribute("stamp", new Date(at).toISOString());
  return delay;
}

// A new session asks anew and shows its presence anew; who is typing is no longer true.
function worthwhile(element) {
  const type = element.getAttribute("type");
  if (element.localName === "message") return [...element.children].some((one) => one.localName === "body");
  if (element.localName === "presence") return type !== null && type !== "unavailable";
  return type === "set";
}
