import assert from "node:assert/strict";
import { test } from "node:test";

import { changedKeys, findChanges } from "../../../lossviz/ui/js/patch.js";

const picture = () => ({
  data: [
    { type: "scatter", x: [1, 2], y: [3, 4], line: { color: "red" } },
    { type: "contour", z: [[1]] },
  ],
  layout: {
    width: 100,
    annotations: [{ text: "a", x: 1, font: { size: 12 } }],
    shapes: [{ x0: 1, x1: 1, line: { width: 2 } }],
    meta: { upto: [] },
  },
});

function changed(change) {
  const to = picture();
  change(to);
  return findChanges(picture(), to);
}

test("keys differ by value, and a missing one differs from one that is there", () => {
  assert.deepEqual(changedKeys({ a: [1], b: 2, c: 3 }, { a: [1], b: 4, d: 5 }), ["b", "c", "d"]);
});

test("two pictures that are alike differ in nothing", () => {
  assert.deepEqual(findChanges(picture(), picture()), { traces: [], annotations: [], shapes: [] });
});

test("what a drawn plot can be patched with is found, with its index", () => {
  const changes = changed(({ data, layout }) => {
    data[1].z = [[2]];
    layout.annotations[0].text = "b";
    layout.shapes[0].x0 = 5;
    layout.meta = { upto: [[0, 1]] }; // says what is in the traces already
  });
  assert.deepEqual(
    Object.entries(changes).map(([kind, items]) => [kind, items.map(([i]) => i)]),
    [
      ["traces", [1]],
      ["annotations", [0]],
      ["shapes", [0]],
    ],
  );
  assert.deepEqual(changes.traces[0][1].z, [[2]]);
});

test("anything else must be drawn", () => {
  const changes = [
    ({ layout }) => { layout.width = 101; },
    ({ layout }) => { layout.xaxis = { range: [0, 1] }; },
    ({ data }) => { data[0].line = { color: "blue" }; },
    ({ data }) => { data.push({}); },
    ({ layout }) => { layout.annotations[0].font = { size: 13 }; },
    ({ layout }) => { layout.annotations.pop(); },
    ({ layout }) => { delete layout.shapes; },
    ({ layout }) => { layout.shapes[0].line = { width: 3 }; },
  ]; // biome-ignore format: one change a line
  for (const change of changes) assert.equal(changed(change), null, change.toString());
});
