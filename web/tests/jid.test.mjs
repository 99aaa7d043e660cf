import assert from "node:assert/strict";
import { test } from "node:test";
import { bare, domain, local, resource, saslName, typed } from "../model/jid.js";

test("the parts of an address", () => {
  assert.equal(bare("anna@chess.example/a/b@c"), "anna@chess.example");
  assert.equal(resource("anna@chess.example/a/b@c"), "a/b@c");
  assert.equal(local("chess.example/a@b"), "");
  assert.equal(domain("anna@chess.example/x"), "chess.example");
  assert.equal(domain("chess.example"), "chess.example");
  assert.equal(bare(null), "");
});

test("what somebody typed", () => {
  assert.equal(typed("  Anna ", "chess.example"), "anna@chess.example");
  assert.equal(typed("anna@WuChess.example", "chess.example"), "anna@wuchess.example");
  for (const bad of ["", " ", "a b", "a@b@c", "@chess.example", "anna@", "a/b", "<a>", "a&b"]) {
    assert.equal(typed(bad, "chess.example"), null, bad);
  }
});

test("names in SCRAM keep their commas and equals signs", () => {
  assert.equal(saslName("a=b,c=2C"), "a=3Db=2Cc=3D2C");
});
