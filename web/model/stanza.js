// Reading stanzas. Text from the network stays text: nothing here or in the views turns it into markup.

import { Strophe } from "strophe.js";

export const NS = {
  client: "jabber:client",
  roster: "jabber:iq:roster",
  delay: "urn:xmpp:delay",
  states: "http://jabber.org/protocol/chatstates",
  nick: "http://jabber.org/protocol/nick",
  info: "http://jabber.org/protocol/disco#info",
  ping: "urn:xmpp:ping",
  stanzas: "urn:ietf:params:xml:ns:xmpp-stanzas",
  streams: "urn:ietf:params:xml:ns:xmpp-streams",
  stream: "http://etherx.jabber.org/streams",
};

/** The first child of this name and namespace; null if there is none. */
export function child(element, name, ns) {
  for (const one of element.children) {
    if (one.localName === name && one.namespaceURI === ns) return one;
  }
  return null;
}

/** The text of a child of the stanza's own namespace; empty if there is none. */
export function text(stanza, name) {
  return child(stanza, name, stanza.namespaceURI)?.textContent ?? "";
}

/** When a delayed stanza was sent (XEP-0203), milliseconds; null if it is not delayed. Never in the future. */
export function delayed(stanza) {
  const stamp = Date.parse(child(stanza, "delay", NS.delay)?.getAttribute("stamp") ?? "");
  return Number.isNaN(stamp) ? null : Math.min(stamp, Date.now());
}

/** What an error says, in words for a person: its text, else its condition (RFC 6120 §8.3). */
export function problem(stanza) {
  const error = child(stanza, "error", stanza.namespaceURI);
  const said = error && child(error, "text", NS.stanzas)?.textContent.trim();
  if (said) return said;
  const condition = [...(error?.children ?? [])].find((one) => one.namespaceURI === NS.stanzas);
  return condition?.localName.replaceAll("-", " ") ?? "refused";
}

/** The stream error among an element's own children (RFC 6120 §4.9), or null. Deeper ones are in messages. */
export function streamError(wrapper) {
  return child(wrapper, "error", NS.stream);
}

/** What a stream error says: `{ condition, words }`; the words are the server's own, or empty. */
export function reading(error) {
  const known = [...error.children].filter((one) => one.namespaceURI === NS.streams);
  const condition = known.find((one) => one.localName !== "text")?.localName ?? "undefined-condition";
  return {
    condition,
    words:
      known
        .find((one) => one.localName === "text")
        ?.textContent.trim()
        .slice(0, 300) ?? "",
  };
}

/** The text without the characters that XML cannot carry (XML 1.0 §2.2). */
export function sendable(typed) {
  return typed.replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "");
}

/** Parses one element that this page has serialised itself. */
export function parse(xml) {
  return Strophe.toElement(xml);
}
