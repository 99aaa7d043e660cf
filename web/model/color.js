// A brand's colour is the site's choice; that text on it can be read is ours (WCAG 2.2, 1.4.3).

const WHITE = [255, 255, 255];
const READABLE = 4.6;

/** `#rgb` or `#rrggbb` as three numbers; null for anything else. */
export function parse(color) {
  const match = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(color ?? "");
  if (!match) return null;
  const digits = match[1].length === 3 ? match[1].replace(/./g, "$&$&") : match[1];
  return [0, 2, 4].map((at) => Number.parseInt(digits.slice(at, at + 2), 16));
}

/** Three numbers as `#rrggbb`. */
export function hex(rgb) {
  return `#${rgb.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
}

function luminance(rgb) {
  const [r, g, b] = rgb.map((part) => {
    const unit = part / 255;
    return unit <= 0.04045 ? unit / 12.92 : ((unit + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The contrast of two colours, 1 to 21. */
export function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function mix(from, to, share) {
  return from.map((part, at) => part + (to[at] - part) * share);
}

/** The colour moved towards `end` until it stands out enough against `ground`. */
export function readable(rgb, ground, end) {
  let moved = rgb;
  for (let share = 0.04; contrast(moved, ground) < READABLE && share <= 1; share += 0.04) moved = mix(rgb, end, share);
  return moved;
}

/** The colours of a page in the brand's colour: a filled ground for white text, and text on light and dark paper. */
export function palette(color) {
  const own = parse(color) ?? parse("#4a6572");
  return {
    own: hex(own),
    fill: hex(readable(own, WHITE, [0, 0, 0])),
    onLight: hex(readable(own, parse("#f1f1ee"), [0, 0, 0])),
    onDark: hex(readable(own, parse("#262a2f"), WHITE)),
  };
}
