// Debian's Chromium, without a screen and without calls home.

import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // A name that is not this machine's own, so that browsers take its pages for unsafe without https.
  "--host-resolver-rules=MAP wuchess.example 127.0.0.1",
];

/** How long anything may take that a test waits for, milliseconds. */
export const PATIENCE = 30_000;

/** A browser; each person gets a context of their own from it. */
export function launch() {
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
}
