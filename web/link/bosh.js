// The library's BOSH transport (XEP-0124, XEP-0206), with requests that outlive a reload and a cut: each is sent again
// with its rid until its answer has been read, and the server answers a rid once only.

import { Request, Strophe } from "strophe.js";
import { parse, reading, streamError } from "../model/stanza.js";
import { drop, keep, kept } from "../model/store.js";
import * as unsent from "./unsent.js";

/** Registered with the library under this name. */
export const BOSH = "castling-bosh";

const NAME = "bosh";
/** Empty requests before a server without a way to log in is given up. */
const PATIENCE = 3;
/** How often an empty request may come if the server does not say, seconds. */
const POLLING = 5;

/** The session that can be taken up; null if there is none. */
export function resumable() {
  return kept(NAME);
}

/** The serialised requests and stanzas that the server has not acknowledged. */
export function pending(state = kept(NAME)) {
  return state ? [...unacknowledged(state).map((one) => one.body), ...state.queue] : [];
}

function unacknowledged({ requests, received }) {
  return requests.filter(({ rid }) => rid > received);
}

class Bosh extends Strophe.Bosh {
  constructor(connection) {
    super(connection);
    this.early = null;
    this.keeping = false;
    this.received = 0;
    this.polling = POLLING;
    this.blank = 0;
  }

  _connect_cb(body) {
    this.polling = Number(body.getAttribute("polling")) || this.polling;
    return super._connect_cb(body);
  }

  // The features may come with a later answer (XEP-0206 §3), but not much later.
  _no_auth_received(callback) {
    this.blank += 1;
    if (this.blank <= PATIENCE) return super._no_auth_received(callback);
    this._conn._changeConnectStatus(Strophe.Status.CONNFAIL, "no-auth-mech");
    return this.cut();
  }

  // Acknowledges answers (XEP-0124 §9.1), so that the server lets go of what has arrived, and of nothing else.
  _buildBody() {
    const opening = this.sid === null;
    const oldest = this._requests[0]?.rid ?? this.rid;
    const body = super._buildBody();
    return body.attrs({ ack: opening ? 1 : oldest - 1 });
  }

  // Whatever changes the requests or the queue comes through here.
  _throttledRequestHandler() {
    super._throttledRequestHandler();
    this.keep();
    clearTimeout(this.again);
    if (this.isHeldWithNews()) this.again = setTimeout(() => this.ask(), (this.polling + 0.2) * 1_000);
  }

  // The server holds the only request there is, also one that carries something; a second makes it answer the first.
  // If that one is empty, it must not come too soon (XEP-0124 §11).
  isHeldWithNews() {
    const [request, other] = this._requests;
    return this.keeping && request && !other && request.xmlData.firstChild !== null && request.rid > this.received;
  }

  ask() {
    if (!this.isHeldWithNews() || this._conn.disconnecting) return;
    this._conn._data.push(null);
    this._conn.flush();
  }

  // An answer is read only after those before it, whichever connection was faster; a failed request is not tried again
  // here but by the link, which also knows about reloads.
  _onRequestStateChange(read, request) {
    if (request.abort || request.xhr.readyState !== 4) return super._onRequestStateChange(read, request);
    const answer = request.xhr.responseXML?.documentElement;
    // A hotel's network answers with a page of its own.
    if (request.xhr.status !== 200 || answer?.localName !== "body") return this.fail(request.xhr.status);
    if (this._requests[0] !== request) {
      if (this._requests.includes(request)) this.early = () => this._onRequestStateChange(read, request);
      return undefined;
    }
    // What the server has received may be more than what it answers (XEP-0124 §9.2).
    this.received = Math.max(this.received, request.rid, Number(answer.getAttribute("ack")) || 0);
    const over = answer.getAttribute("type") === "terminate";
    if (over) this.over(answer);
    super._onRequestStateChange(read, request);
    if (!over) this.next();
    return undefined;
  }

  // The library knows no stream errors over BOSH but one (XEP-0206 §8).
  over(answer) {
    this.end();
    const error = streamError(answer);
    if (error) this._conn._changeConnectStatus(Strophe.Status.ERROR, reading(error).condition, error);
  }

  // A hidden page's timers are slow: the next request goes out with the answer, not with the next tick.
  next() {
    this._conn.settled?.();
    const early = this.early;
    this.early = null;
    early?.();
    if (this._conn.authenticated && !this._conn.disconnecting && this._requests.length === 0) this._conn.flush();
  }

  fail(status) {
    if (status >= 400 && status < 500) this.end();
    this._abortAllRequests();
    this._conn._doDisconnect();
  }

  /** Lets go of the connection and keeps the session: it can be taken up by sid and rid. */
  cut() {
    this._abortAllRequests();
    this._conn._doDisconnect();
  }

  _doDisconnect() {
    this.keeping = false;
    super._doDisconnect();
  }

  /** Begins to keep the session. */
  begin() {
    this.keeping = true;
    this.keep();
  }

  /** The session is over: what it had not delivered waits for the next one. */
  end() {
    if (this.keeping) unsent.add(entries(kept(NAME)));
    this.keeping = false;
    drop(NAME);
  }

  keep() {
    if (!this.keeping || this.sid === null) return;
    const { sid, rid, wait, hold, window, received, polling } = this;
    const requests = this._requests.map((one) => ({ rid: one.rid, body: one.data }));
    const queue = this._conn._data.filter((one) => one?.nodeType).map((one) => Strophe.serialize(one));
    keep(NAME, { jid: this._conn.jid, sid, rid, wait, hold, window, received, polling, requests, queue });
  }

  /** Takes a kept session up: the requests without an answer are sent again as they were. */
  takeUp(state, callback) {
    const connection = this._conn;
    const read = connection._dataRecv.bind(connection);
    connection._data = state.queue.map(parse);
    this._requests = state.requests.map(({ rid, body }) => {
      const request = new Request(parse(body), this._onRequestStateChange.bind(this, read), rid);
      request.data = body;
      return request;
    });
    this.received = state.received;
    this.polling = state.polling;
    this.keeping = true;
    connection.restored = true;
    connection.attach(state.jid, state.sid, state.rid, callback, state.wait, state.hold, state.window);
    this._throttledRequestHandler();
  }
}

// The stanzas in a kept session's requests and queue, as `unsent` takes them.
function entries(state) {
  if (!state) return [];
  const carried = unacknowledged(state)
    .flatMap(({ body }) => [...parse(body).children])
    .map((one) => Strophe.serialize(one));
  return [...carried, ...state.queue].map((stanza) => ({ stanza, queuedAt: Date.now() }));
}

Strophe.Connection.addProtocol(BOSH, Bosh);
