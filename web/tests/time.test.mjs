import assert from "node:assert/strict";
import { test } from "node:test";
import { dayOf } from "../view/time.js";

test("days by the calendar, not by hours", () => {
  const now = new Date(2026, 2, 30, 0, 5).getTime();
  assert.equal(dayOf(now, now), "Today");
  assert.equal(dayOf(new Date(2026, 2, 29, 23, 59).getTime(), now), "Yesterday");
  assert.notEqual(dayOf(new Date(2026, 2, 28, 23, 59).getTime(), now), "Yesterday");
});
