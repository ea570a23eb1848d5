import assert from "node:assert/strict";
import { test } from "node:test";

import {
  atFrame,
  chooseFigure,
  decodeArray,
  frameFor,
  isDarkColour,
  merge,
  recolour,
  sceneNames,
  sliderInsets,
} from "../../../lossviz/ui/js/figure.js";

test("a colour is dark by its brightness, and what is no colour is light", () => {
  assert.equal(isDarkColour(" #14181E"), true);
  assert.equal(isDarkColour("#FBFAF7"), false);
  assert.equal(isDarkColour("#0000ff"), true);
  assert.equal(isDarkColour("#00ff00"), false);
  assert.equal(isDarkColour(""), false);
  assert.equal(isDarkColour("black"), false);
});

test("recolour replaces each colour once, also those with parentheses", () => {
  const colours = { "#aaa": "#bbb", "#bbb": "#ccc", "rgba(0,0,0,0.5)": "#fff" };
  assert.equal(recolour("#aaa #bbb rgba(0,0,0,0.5) #ddd", colours), "#bbb #ccc #fff #ddd");
});

test("merge goes into objects, replaces arrays, and changes neither argument", () => {
  const base = { line: { color: "red", width: 2 }, x: [1, 2], y: { bdata: "AAA=", dtype: "i2" } };
  const copy = structuredClone(base);
  const merged = merge(base, { line: { width: 3 }, x: [9], y: { bdata: "AQA=", dtype: "i1" } });
  assert.deepEqual(merged, {
    line: { color: "red", width: 3 },
    x: [9],
    y: { bdata: "AQA=", dtype: "i1" },
  });
  assert.deepEqual(base, copy);
});

test("the frame is the nearest to the slider, the first of two that are equally near", () => {
  const figure = { frames: ["-1", "0", "2.5", "10"].map((name) => ({ name })) };
  const name = (value) => frameFor(figure, { value }).name;
  assert.deepEqual([-9, -0.5, 0.4, 2, 6.25, 99].map(name), ["-1", "-1", "0", "2.5", "2.5", "10"]);
});

test("the frame of a segmented control goes by the place of the button, not by its text", () => {
  const figure = { frames: [{ name: "loss" }, { name: "accuracy" }] };
  assert.equal(frameFor(figure, { index: 1 }, ["accuracy", "loss"]).name, "loss");
  assert.equal(frameFor(figure, { index: 2 }, ["accuracy", "loss"]), null);
  assert.equal(frameFor(figure, { index: 0 }, undefined), null);
});

test("without frames, or without a control, there is no frame", () => {
  assert.equal(frameFor({}, { value: 1 }), null);
  assert.equal(frameFor({ frames: [] }, { value: 1 }), null);
  assert.equal(frameFor({ frames: [{ name: "1" }] }, null), null);
});

test("a frame changes its traces and its parts of the layout, and the figure stays as it was", () => {
  const figure = {
    data: [
      { x: [0, 1], y: [0, 1], line: { color: "red" } },
      { x: [5], y: [5] },
    ],
    layout: {
      annotations: [{ text: "a", x: 1 }, { text: "b" }],
      title: { text: "t" },
      meta: { slider: [0, 1] },
    },
  };
  const copy = structuredClone(figure);
  const frame = {
    traces: [1],
    data: [{ x: [6] }],
    layout: { annotations: [{ text: "new" }], meta: { upto: [[0, 1]] } },
  };
  const { data, layout } = atFrame(figure, frame);
  assert.deepEqual(data, [
    { x: [0], y: [0], line: { color: "red" } },
    { x: [6], y: [5] },
  ]);
  assert.deepEqual(layout.annotations, [{ text: "new", x: 1 }, { text: "b" }]);
  assert.deepEqual(layout.meta, { slider: [0, 1], upto: [[0, 1]] });
  assert.deepEqual(figure, copy);
  assert.deepEqual(atFrame(figure, null), { data: copy.data, layout: copy.layout });
});

test("a figure is drawn only up to the number of points that its meta says", () => {
  const figure = { data: [{ x: [0, 1, 2], y: [3, 4, 5] }], layout: { meta: { upto: [[0, 2]] } } };
  assert.deepEqual(atFrame(figure, null).data, [{ x: [0, 1], y: [3, 4] }]);
});

test("scenes are found by their names", () => {
  assert.deepEqual(sceneNames({ scene: {}, scene2: {}, sceneless: {}, xaxis: {} }), ["scene", "scene2"]);
});

test("the slider stands under the plotting area, or under the named part of it", () => {
  const margin = { l: 62, r: 14 };
  assert.deepEqual(sliderInsets({ margin }, 1076), { left: 62, right: 14 });
  const part = sliderInsets({ margin, meta: { slider: [0.5, 0.75] } }, 1076);
  assert.deepEqual(part, { left: 562, right: 264 });
  assert.deepEqual(sliderInsets({ margin: { l: 0, r: 0 } }, 500), { left: 12, right: 12 });
});

test("arrays are lists, or base64 of typed arrays in one or two dimensions", () => {
  const bdata = Buffer.from(new Float64Array([1.5, -2, 3, 4, 5, 6]).buffer).toString("base64");
  assert.deepEqual(decodeArray([1, 2]), [1, 2]);
  assert.deepEqual([...decodeArray({ bdata, dtype: "f8" })], [1.5, -2, 3, 4, 5, 6]);
  const rows = decodeArray({ bdata, dtype: "f8", shape: "2, 3" });
  assert.deepEqual(
    rows.map((row) => [...row]),
    [
      [1.5, -2, 3],
      [4, 5, 6],
    ],
  );
  const small = Buffer.from(new Int8Array([-1, 7]).buffer).toString("base64");
  assert.deepEqual([...decodeArray({ bdata: small, dtype: "i1" })], [-1, 7]);
});

test("the wide figure, or a panel of the narrow one, by the width of the chart", () => {
  const both = { wide: "wide", narrow: { Left: "left", Right: "right" } };
  const names = ["Left", "Right"];
  assert.deepEqual(chooseFigure(both, false, 1), { figure: "wide", panel: null, names });
  assert.deepEqual(chooseFigure(both, true, 1), { figure: "right", panel: 1, names });
  assert.deepEqual(chooseFigure(both, true, 5), { figure: "right", panel: 1, names });
});

test("where only one of the two has come it is drawn, and the next narrow one as well", () => {
  assert.deepEqual(chooseFigure({ wide: "wide", narrow: {} }, true, 0), {
    figure: "wide",
    panel: null,
    names: [],
  });
  assert.deepEqual(chooseFigure({ wide: null, narrow: { "": "narrow" } }, false, -1), {
    figure: "narrow",
    panel: 0,
    names: [""],
  });
});
