// The page in a brand's colour and name.

import { palette } from "../model/color.js";

/** Dresses the page for a brand. */
export function dress(brand) {
  const { own, fill, onLight, onDark } = palette(brand?.color);
  const { style } = document.documentElement;
  style.setProperty("--brand", own);
  style.setProperty("--brand-fill", fill);
  style.setProperty("--brand-on-light", onLight);
  style.setProperty("--brand-on-dark", onDark);
  for (const place of document.querySelectorAll("[data-brand-title]")) place.textContent = brand?.title ?? "Castling";
}
