// The sites that this server serves: `/brands.json`.

import { parse } from "./color.js";

/** The brands in the server's order: `{ domain, title, color, websocket, bosh }`; the last two null where not given. */
export async function fetchBrands() {
  const answer = await fetch("brands.json", { headers: { accept: "application/json" } });
  if (!answer.ok) throw new Error(`brands.json: ${answer.status}`);
  const { brands } = await answer.json();
  return brands.map(readBrand);
}

function readBrand({ domain, title, color, websocket, bosh }) {
  return {
    domain: String(domain),
    title: String(title || domain),
    color: parse(color) ? color : null,
    websocket: websocket ?? null,
    bosh: bosh ?? null,
  };
}

/** Where a brand's WebSocket is: what the server says, else the page's own origin. */
export function websocketOf(brand, here = location) {
  return brand.websocket ?? `${here.protocol === "https:" ? "wss" : "ws"}://${here.host}/xmpp-websocket`;
}

/** Where a brand's BOSH is. */
export function boshOf(brand, here = location) {
  return brand.bosh ?? `${here.protocol}//${here.host}/http-bind`;
}
