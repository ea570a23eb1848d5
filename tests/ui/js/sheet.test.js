import assert from "node:assert/strict";
import test from "node:test";

import { wrap } from "../../../lossviz/ui/js/sheet.js";

const letters = (text) => text.length;

test("words go into lines of at most the width", () => {
  assert.deepEqual(wrap("one two  three four", 9, letters), ["one two", "three", "four"]);
  assert.deepEqual(wrap("", 9, letters), [""]);
});

test("a word that is wider than a line is broken, and begins where the last one ended", () => {
  assert.deepEqual(wrap("at abcdefghijkl end", 9, letters), ["at abcdef", "ghijkl", "end"]);
});
