// The library's WebSocket transport (RFC 7395), with what a page that comes back by itself needs.

import { Strophe } from "strophe.js";
import { reading, streamError } from "../model/stanza.js";

/** Registered with the library under this name. */
export const WEBSOCKET = "castling-websocket";

class Websocket extends Strophe.Websocket {
  // The library looks for an error at any depth, so that a message with one inside would end the session of whoever
  // receives it. Only an element of the stream itself is a stream error (RFC 6120 §4.9).
  _checkStreamError(wrapper, status) {
    const error = streamError(wrapper);
    if (error === null) return false;
    const { condition } = reading(error);
    this._conn._changeConnectStatus(status, condition, error);
    this._conn._doDisconnect(condition);
    return true;
  }

  // `close` follows every `error`, and says more.
  _onError() {}

  // The library stays silent about a connection that is refused with a code of its own.
  _onClose() {
    this._conn._doDisconnect();
  }

  /** Lets go of the connection and keeps the session: it can be resumed (XEP-0198). */
  cut() {
    this._conn._doDisconnect();
  }
}

Strophe.Connection.addProtocol(WEBSOCKET, Websocket);
