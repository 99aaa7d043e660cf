// The libraries, and what they expect of a browser.

import dns from "node:dns";
import { webcrypto } from "node:crypto";

import ws from "ws";
import { client, xml } from "@xmpp/client";
import { Strophe, $msg, $pres, $iq } from "strophe.js";

import { XMLHttpRequest } from "./xhr.mjs";

// The tests' domains are on this machine.
const lookup = dns.lookup;
dns.lookup = (name, ...rest) => lookup(name.endsWith(".example") ? "127.0.0.1" : name, ...rest);

globalThis.crypto ??= webcrypto;
globalThis.WebSocket = ws;
globalThis.XMLHttpRequest = XMLHttpRequest;

export { client, xml, Strophe, $msg, $pres, $iq };
