// Stream management (XEP-0198): what is not acknowledged outlives a reload, also between two sessions.

import { StreamManagement } from "strophe.js";
import { drop, keep, kept } from "../model/store.js";
import * as unsent from "./unsent.js";

const NAME = "stream";
/** A message that is being stored is not in the first answer; this long after it we ask again. */
const AGAIN = 500;

/** Where the library keeps the state of its session. */
const storage = {
  load: () => kept(NAME),
  save: (_key, state) => keep(NAME, state),
  clear: () => drop(NAME),
};

/** The library's stream management, telling when something is acknowledged. */
export class Acknowledgement extends StreamManagement {
  /** `isUsable()` tells whether the connection still stands, `settled` is called after each acknowledgement. */
  constructor(sendRaw, isUsable, settled) {
    super(sendRaw, { storage, maxUnacked: 1 });
    this.isUsable = isUsable;
    this.settled = settled;
  }

  // What a failed resumption leaves is sent again by `unsent`, which a reload does not forget.
  _handleFailed(view) {
    super._handleFailed(view);
    unsent.add(this._pendingResend);
    this._pendingResend = [];
  }

  _handleAck(view) {
    super._handleAck(view);
    this.settled();
    clearTimeout(this.again);
    if (this.state.unacked.length > 0) this.again = setTimeout(() => this.ask(), AGAIN);
  }

  ask() {
    if (this.isUsable() && this.state.unacked.length > 0) this.requestAck();
  }

  _handleResumed(view) {
    super._handleResumed(view);
    this.settled();
  }
}

/** The serialised stanzas that the server has not acknowledged. */
export function pending(state) {
  return (state?.unacked ?? []).map((one) => one.stanza);
}
