import assert from "node:assert/strict";
import { test } from "node:test";

import { fit } from "../../../lossviz/ui/js/size.js";

const tall = { height: 500 };
const square = { meta: { aspect: [0.5, 60] } };

test("a picture with room enough is as wide as its chart", () => {
  assert.deepEqual(fit(tall, 1100, 900, true), { width: 1100, height: 500, scale: 1, left: 0 });
  assert.deepEqual(fit(square, 1000, 900, true), { width: 1000, height: 560, scale: 1, left: 0 });
  assert.deepEqual(fit(tall, 1100, Number.POSITIVE_INFINITY, true).height, 500);
});

test("on less than a layout needs it is laid out for that, and scaled to the chart's width", () => {
  const { width, scale } = fit(tall, 688, 900, true);
  assert.equal(width, 860);
  assert.equal(scale, 0.8);
  assert.equal(fit(tall, 688, 900, false).scale, 1);
  assert.equal(fit(tall, 267, 900, false).scale, 0.75);
});

test("on less height than it needs it is scaled to that, and laid out for more width", () => {
  assert.deepEqual(fit(tall, 900, 400, true), { width: 1125, height: 500, scale: 0.8, left: 0 });
  assert.equal(fit(tall, 900, 100, true).scale, 0.6);
});

test("a picture whose height follows its width is centred instead", () => {
  assert.deepEqual(fit(square, 1000, 448, true), { width: 1000, height: 560, scale: 0.8, left: 100 });
});
