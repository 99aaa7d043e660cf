// A connection of the library for one attempt: a transport, SCRAM only, and stream management over WebSocket.

import { Strophe } from "strophe.js";
import { boshOf, websocketOf } from "../model/brands.js";
import { parse } from "../model/stanza.js";
import { Acknowledgement } from "./acknowledgement.js";
import { BOSH } from "./bosh.js";
import { WEBSOCKET } from "./websocket.js";

Strophe.setLogLevel(Strophe.LogLevel.ERROR);

// No PLAIN: the password never leaves the page, and what comes back after a reload does without it.
const mechanisms = [Strophe.SASLSHA1, Strophe.SASLSHA256, Strophe.SASLSHA384, Strophe.SASLSHA512];

/**
 * A connection that has not begun. `settled` is called whenever the server has acknowledged something, `heard` for each
 * stanza in its order.
 */
export function build(transport, brand, { settled, heard }) {
  const websocket = transport === "websocket";
  const connection = new Strophe.Connection(websocket ? websocketOf(brand) : boshOf(brand), {
    protocol: websocket ? WEBSOCKET : BOSH,
    enableStreamManagement: websocket,
    mechanisms,
  });
  if (websocket) connection.sm = acknowledgement(connection, settled);
  connection.settled = settled;
  connection.listen = () => {
    for (const name of ["message", "presence", "iq"]) connection.addHandler(guarded(heard), null, name, null);
  };
  return connection;
}

function acknowledgement(connection, settled) {
  const send = (xml) => {
    connection._data.push(parse(xml));
    connection._proto._send();
  };
  return new Acknowledgement(send, () => connection.connected && !connection.disconnecting, settled);
}

// The library removes a handler that throws; one odd stanza must not make the page deaf.
function guarded(heard) {
  return (stanza) => {
    try {
      heard(stanza);
    } catch (error) {
      console.error("cannot handle a stanza", error);
    }
    return true;
  };
}
