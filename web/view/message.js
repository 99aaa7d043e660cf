// One message, and the line between two days.

import { el, spoken } from "./dom.js";
import { clockOf, dayOf, wholeOf } from "./time.js";

/** Messages of one side within this time belong together. */
const TOGETHER = 180_000;

/** Whether a message follows the one before it without a pause. */
export function follows(message, before) {
  return (
    before !== undefined &&
    before.mine === message.mine &&
    Math.abs(message.at - before.at) < TOGETHER &&
    dayOf(message.at) === dayOf(before.at)
  );
}

/** The line above the first message of a day; null if it is not the first. */
export function dayAbove(message, before) {
  const day = dayOf(message.at);
  if (before && dayOf(before.at) === day) return null;
  return el("p", { class: "day" }, el("span", {}, day));
}

/** A message as it is shown; `name` is who wrote it. */
export function bubble(message, name, follows) {
  const side = message.mine ? "mine" : "theirs";
  const who = spoken(`${message.mine ? "You" : name}: `);
  const time = el(
    "time",
    { datetime: new Date(message.at).toISOString(), title: wholeOf(message.at) },
    clockOf(message.at),
  );
  const body = el("p", { class: "body", dir: "auto" }, message.body);
  const foot = el("p", { class: "foot" }, message.late ? "sent " : null, time, fate(message));
  const element = el(
    "div",
    { class: `message ${side}${follows ? " follows" : ""}`, "data-id": message.id ?? "" },
    who,
    body,
    foot,
  );
  element.dataset.state = message.state ?? "";
  return element;
}

// What has become of a message of ours.
function fate({ mine, state, why }) {
  if (!mine) return null;
  if (state === "failed") return el("span", { class: "fate failed" }, ` not delivered: ${why}`);
  if (state === "waiting") return el("span", { class: "fate" }, " waiting for the network");
  return el(
    "span",
    { class: "fate", title: state === "done" ? "Received by the server" : "Sending" },
    state === "done" ? " ✓" : " …",
    spoken(state === "done" ? "sent" : "sending"),
  );
}
