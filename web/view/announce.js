// What a screen reader is told beside what it reads by itself.

import { byId } from "./dom.js";

/** Says something when there is time for it. */
export function announce(text) {
  const region = byId("announcer");
  // The same words twice are a change only if they are another node.
  region.replaceChildren(document.createTextNode(text));
}
