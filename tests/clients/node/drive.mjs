#!/usr/bin/env node
// Browsers' clients on a string: the same orders and events as ../drive.py has, a line of JSON each. Different are
//
//   {"do": "log-in", "as": "jack", "client": "strophe" | "xmpp", "service": "wss://chess.example:5281/xmpp-websocket",
//    "jid": "jack@chess.example/desk", "password": "…", "resumes": true}
//                                  an address with http or https means BOSH, which only "strophe" speaks; certificates
//                                  are verified against NODE_EXTRA_CA_CERTS; names under .example are this machine
//   {"do": "reload", "as": "jack"}        "strophe": the page is loaded anew and goes on with its session; needs `resumes`

import readline from "node:readline";

import { StrophePlayer } from "./strophe.mjs";
import { XmppPlayer } from "./xmpp.mjs";

const CLIENTS = { strophe: StrophePlayer, xmpp: XmppPlayer };
const ORDERS = ["online", "presence", "say", "raw", "barrier", "freeze", "break", "resume", "reload", "go"];
const players = new Map();

const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

async function obey(order) {
  if (order.do === "log-in") {
    const player = new CLIENTS[order.client](order, tell);
    players.set(order.as, player);
    return player.logIn();
  }
  if (!ORDERS.includes(order.do)) throw new Error(`no such order: ${order.do}`);
  return players.get(order.as)[order.do]({ type: order.do === "say" ? "chat" : undefined, ...order });
}

let number = 0;
for await (const line of readline.createInterface({ input: process.stdin })) {
  number += 1;
  try {
    await obey(JSON.parse(line));
    tell({ done: number });
  } catch (error) {
    tell({ failed: number, why: `${error.name}: ${error.message}` });
  }
}
process.exit(0);
