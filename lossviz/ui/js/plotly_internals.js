// Everything that reaches into Plotly's insides: names that begin with an underscore, its modules, the SVG that it
// writes. They may change with any minor version, so that plotly is pinned to one, and tests/browser/test_plotly_internals.py
// says in one sentence what a new version has changed.
//
// `patchPlot` changes a drawn plot in a few milliseconds instead of fifty, since Plotly lays out every axis and every
// text again. What it does not know it leaves alone: then it returns false, and its caller lets Plotly draw. At rest its
// caller does so in any case: what stands still is always Plotly's own picture.

import { decodeArray, merge, sceneNames } from "./figure.js";

const SVG = "http://www.w3.org/2000/svg";
const TAG = /(<\/?(?:b|br|span)(?: style="[^"<>]*")?>)/; // the tags that our texts have; Plotly knows more
const ENTITY = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };
const LAYER = { scatter: ".scatterlayer", contour: ".contourlayer", heatmap: ".heatmaplayer" };
const SHARE = { left: 0, center: 0.5, right: 1, top: 0, middle: 0.5, bottom: 1 }; // of a text before its anchor

// --- positions ---------------------------------------------------------------------------------------------------

const axisOf = (full, id) => full[`${id[0]}axis${id.slice(1)}`];

// The last point of a trace: its place in pixels from the plot's corner, and its two axes. Null if there is none.
export function lastPoint(plot, index) {
  const trace = plot._fullData?.[index];
  if (!trace?.x?.length) return null;
  const [x, y] = [axisOf(plot._fullLayout, trace.xaxis), axisOf(plot._fullLayout, trace.yaxis)];
  return {
    x: x._offset + x.c2p(trace.x.at(-1)),
    y: y._offset + y.c2p(trace.y.at(-1)),
    axes: { x, y },
  };
}

// The number on an axis at a distance in pixels from the plot's left, or top.
export const valueAt = (axis, pixel) => axis.p2c(pixel - axis._offset);

// The data coordinates of a place in pixels, in the panel that it lies in; null outside of all panels. A figure whose
// meta has a `click`, as "xy2", takes clicks in that panel only.
export function dataAt(plot, { x, y }) {
  const full = plot._fullLayout;
  for (const [id, { xaxis, yaxis }] of Object.entries(full._plots ?? {})) {
    if ((full.meta?.click ?? id) !== id) continue;
    const [right, down] = [x - xaxis._offset, y - yaxis._offset];
    if (right >= 0 && down >= 0 && right <= xaxis._length && down <= yaxis._length) {
      return { x: xaxis.p2d(right), y: yaxis.p2d(down) };
    }
  }
  return null;
}

export const drawnScenes = (plot) => sceneNames(plot._fullLayout);

// The figure as it is drawn, with its size and the background of the page; null before it is drawn.
export function figureOnScreen(plot) {
  if (!plot._fullLayout) return null;
  const { width, height } = plot._fullLayout;
  const paper = getComputedStyle(plot).getPropertyValue("--st-background-color");
  return { data: plot.data, layout: { ...plot.layout, width, height, paper_bgcolor: paper } };
}

// --- patching a drawn plot ---------------------------------------------------------------------------------------

// Pixels from the figure's left or top to a place that is given in shares of the paper, in shares of an axis,
// or on an axis, where texts and shapes differ on logarithmic ones.
function pixels(full, ref, vertical, value, onAxis) {
  const [name, shares] = ref.split(" ");
  const share = vertical ? 1 - value : value;
  if (name === "paper") {
    const { l, t, w, h } = full._size;
    return vertical ? t + h * share : l + w * share;
  }
  const axis = axisOf(full, name);
  return axis._offset + (shares ? axis._length * share : axis[onAxis](value));
}

const sameAxes = (one, other) => ["type", "xaxis", "yaxis"].every((name) => one?.[name] === other[name]);

function patchTrace(plot, index, part) {
  const full = plot._fullData[index];
  const panel = plot._fullLayout._plots[full.xaxis + full.yaxis];
  const layer = LAYER[full.type] && panel?.plot?.select(LAYER[full.type]);
  const filled = /^tonext/.test(full.fill); // it would need its neighbour
  const severalContours = full.type === "contour" && layer.selectAll(".contour").size() > 1; // only one would stay
  const withTexts = full.type === "heatmap" && full.texttemplate; // its texts would stay
  const encoded = JSON.stringify(part.marker ?? "").includes("bdata");
  if (!layer || filled || severalContours || withTexts || encoded) return false;
  if (panel.xaxis.autorange || panel.yaxis.autorange) return false;
  for (const axis of ["x", "y", "z"]) if (part[axis]) full[axis] = decodeArray(part[axis]);
  if (part.text !== undefined) full.text = part.text;
  if (part.marker) full.marker = merge(full.marker, part.marker);
  if (full.type === "scatter") full._length = Math.min(full.x.length, full.y.length);
  const points = full._module.calc(plot, full);
  points[0].trace = full;
  points[0].t ??= plot.calcdata[index][0].t ?? {};
  plot.calcdata[index] = points;
  // The layer of heat maps holds nothing but what it is given.
  const given =
    full.type === "heatmap" ? plot.calcdata.filter(([first]) => sameAxes(first.trace, full)) : [points];
  full._module.plot(plot, panel, given, layer, { duration: 0 });
  if (full.type === "scatter") {
    // its `style` would go through every point of every trace
    const [first, ...more] = points[0].node3.node().querySelectorAll("path.js-line");
    for (const line of more) line.setAttribute("style", first.getAttribute("style"));
  } else {
    full._module.style(plot);
  }
  return true;
}

// Text with its tags as parts of an SVG text, built as Plotly builds it.
function writeText(node, text) {
  const stack = [node];
  let lines = 0;
  const enter = (attributes) => {
    const part = document.createElementNS(SVG, "tspan");
    for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, value);
    stack.at(-1).append(part);
    stack.push(part);
  };
  const line = () => {
    const open = stack.splice(1).slice(1); // what was bold goes on in the next line
    const [x, y] = ["x", "y"].map((name) => node.getAttribute(name));
    enter({ class: "line", dy: `${1.3 * lines++}em`, x, y });
    for (const part of open) enter({ style: part.getAttribute("style") });
  };
  node.replaceChildren();
  if (text.includes("<br>")) line();
  for (const part of text.replace(/\n/g, " ").split(TAG)) {
    if (part === "<br>") line();
    else if (part.startsWith("</")) stack.pop();
    else if (part === "<b>") enter({ style: "font-weight:bold" });
    else if (TAG.test(part)) enter({ style: part.slice(13, -2).replace("color:", "fill:") });
    else if (part) stack.at(-1).append(part.replace(/&(lt|gt|amp);/g, (entity) => ENTITY[entity]));
  }
}

// Moves a text within its box, where Plotly put it when it was another: an empty one, which has no height.
function shiftText(node, dx, dy) {
  for (const part of [node, ...node.querySelectorAll("tspan.line")]) {
    part.setAttribute("x", Number(part.getAttribute("x")) + dx);
    part.setAttribute("y", Number(part.getAttribute("y")) + dy);
  }
}

// All are written before the first is measured: the browser lays texts out once.
function patchTexts(plot, texts) {
  const full = plot._fullLayout;
  const nodes = texts.map(([index, text]) => {
    const node = plot.querySelector(`.annotation[data-index="${index}"] text.annotation-text`);
    const plain = text.text.split(TAG).every((part) => TAG.test(part) || !part.includes("<"));
    if (!node || !plain || text.showarrow || text.textangle || node.getAttribute("text-anchor") !== "start") {
      return null;
    }
    if (node.dataset.unformatted !== text.text) {
      node.dataset.unformatted = text.text;
      writeText(node, text.text);
    }
    return node;
  });
  if (nodes.includes(null)) return false;
  const boxes = nodes.map((node) => node.getBBox());
  for (const [k, box] of boxes.entries()) {
    const text = texts[k][1];
    const frame = 2 * (text.borderwidth + text.borderpad);
    const [dx, dy] = [frame / 2 - box.x, frame / 2 - box.y];
    if (Math.hypot(dx, dy) > 1) shiftText(nodes[k], dx, dy);
    const [width, height] = [Math.round(box.width + frame), Math.round(box.height + frame)];
    const place = (ref, vertical, value, anchor, size, shift) => {
      const at = ref === "paper" || ref.includes(" ") ? (vertical ? 1 - value : value) : 0.5;
      const share = SHARE[anchor] ?? (at < 1 / 3 ? 0 : at > 2 / 3 ? 1 : 0.5);
      return Math.round(pixels(full, ref, vertical, value, "r2p") - size * share + shift);
    };
    const x = place(text.xref, false, text.x, text.xanchor, width, text.xshift);
    const y = place(text.yref, true, text.y, text.yanchor, height, -text.yshift);
    const background = nodes[k].parentNode.querySelector("rect.bg");
    background.setAttribute("width", Math.max(0, width - text.borderwidth));
    background.setAttribute("height", Math.max(0, height - text.borderwidth));
    nodes[k].parentNode.setAttribute("transform", `translate(${x},${y})`);
  }
  return true;
}

function patchShape(plot, index, shape) {
  const node = plot.querySelector(`.shapelayer path[data-index="${index}"]`);
  const scaled = shape.xsizemode === "scaled" && shape.ysizemode === "scaled";
  if (!node || !scaled || !["line", "rect"].includes(shape.type)) return false;
  const full = plot._fullLayout;
  const [x0, x1] = [shape.x0, shape.x1].map((value) => pixels(full, shape.xref, false, value, "d2p"));
  const [y0, y1] = [shape.y0, shape.y1].map((value) => pixels(full, shape.yref, true, value, "d2p"));
  node.setAttribute(
    "d",
    shape.type === "line" ? `M${x0},${y0}L${x1},${y1}` : `M${x0},${y0}H${x1}V${y1}H${x0}Z`,
  );
  return true;
}

// Makes in a drawn plot the changes that `findChanges` has found; false where it cannot: then the plot must be drawn.
export function patchPlot(plot, { traces, annotations, shapes }) {
  const complete = (kind, changes) =>
    changes.map(([i, item]) => [i, { ...plot._fullLayout[kind][i], ...item }]);
  return (
    traces.every(([i, trace]) => patchTrace(plot, i, trace)) &&
    complete("shapes", shapes).every(([i, shape]) => patchShape(plot, i, shape)) &&
    patchTexts(plot, complete("annotations", annotations))
  );
}
