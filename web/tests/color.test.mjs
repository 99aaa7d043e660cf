import assert from "node:assert/strict";
import { test } from "node:test";
import { contrast, palette, parse } from "../model/color.js";

test("colours of a style sheet that are no plain colour are refused", () => {
  assert.deepEqual(parse("#7A4"), [0x77, 0xaa, 0x44]);
  for (const bad of ["red", "#12", "#1234567", "url(x)", "#7a4;}", "", null, undefined]) assert.equal(parse(bad), null);
});

test("white on any brand, and any brand on either paper, can be read", () => {
  for (const color of ["#ffffff", "#000000", "#ffff00", "#7a4", "#47a", "#f00", "#00ff88", "nonsense"]) {
    const { fill, onLight, onDark } = palette(color);
    assert.ok(contrast(parse(fill), [255, 255, 255]) >= 4.5, `${color}: ${fill} under white`);
    assert.ok(contrast(parse(onLight), parse("#f1f1ee")) >= 4.5, `${color}: ${onLight} on light`);
    assert.ok(contrast(parse(onDark), parse("#262a2f")) >= 4.5, `${color}: ${onDark} on dark`);
  }
});
