// What the end of a connection means for the next attempt.

import { Strophe } from "strophe.js";

const { Status } = Strophe;

/** The server means it: coming back by itself would only be thrown out again (RFC 6120 §4.9.3). */
const FINAL = new Set(["conflict", "host-gone", "host-unknown", "no-auth-mech", "not-authorized", "policy-violation"]);
const BROKEN = new Set([Status.ERROR, Status.CONNFAIL, Status.CONNTIMEOUT, Status.DISCONNECTED]);

/** Whether a stream that ended with this condition is to be opened again by a person only. */
export function isFinal(condition) {
  return FINAL.has(condition);
}

/** Whether this status of the library means that the connection is gone. */
export function isBroken(status) {
  return BROKEN.has(status);
}

/** Whether a log-in that failed may be tried again with the same password (RFC 6120 §6.5.10). */
export function isTemporary(failure) {
  return [...(failure?.children ?? [])].some((one) => one.localName === "temporary-auth-failure");
}
