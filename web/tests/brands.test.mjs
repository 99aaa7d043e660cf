import assert from "node:assert/strict";
import { test } from "node:test";
import { boshOf, websocketOf } from "../model/brands.js";

test("addresses as configured, else where the page is from", () => {
  const here = { protocol: "https:", host: "chess.example:5443" };
  const plain = { websocket: null, bosh: null };
  assert.equal(websocketOf(plain, here), "wss://chess.example:5443/xmpp-websocket");
  assert.equal(boshOf(plain, here), "https://chess.example:5443/http-bind");
  assert.equal(websocketOf(plain, { protocol: "http:", host: "localhost" }), "ws://localhost/xmpp-websocket");
  assert.equal(websocketOf({ websocket: "wss://ws.example/x" }, here), "wss://ws.example/x");
});
