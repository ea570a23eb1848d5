import assert from "node:assert/strict";
import { test } from "node:test";

import { nearestStep } from "../../../lossviz/ui/js/controls.js";
import { incrementPerTick } from "../../../lossviz/ui/js/play.js";

test("a value is moved to the nearest step within the limits, without rounding errors", () => {
  const slider = { min: "-8", max: "8", step: "0.1" };
  assert.equal(nearestStep(slider, 0.3 + 1e-9), 0.3);
  assert.equal(nearestStep(slider, 0.349), 0.3);
  assert.equal(nearestStep(slider, 0.36), 0.4);
  assert.equal(nearestStep(slider, 99), 8);
  assert.equal(nearestStep(slider, -99), -8);
  assert.equal(nearestStep({ min: "1", max: "24", step: "5" }, 8), 6);
});

test("a slider that plays reaches its end in about the time that is asked for, by whole steps", () => {
  assert.equal(incrementPerTick(0, 250, 1, 5), 2); // 125 ticks of 40 ms
  assert.equal(incrementPerTick(0, 300, 1, 6), 2);
  assert.equal(incrementPerTick(0, 10, 1, 100), 1, "never slower than a step a tick");
  assert.ok(Math.abs(incrementPerTick(-1, 1, 0.1, 0.4) - 0.2) < 1e-12);
});
