// Moves what has changed in a picture that Plotly has drawn, instead of asking Plotly for a new one: a few
// milliseconds instead of fifty, since Plotly lays out every axis and every text again. What is not known here
// is left alone: `nudge` then answers false, and its caller lets Plotly draw. When a motion has come to rest its
// caller does so in any case: what stands still is always Plotly's own picture.

const SVG = "http://www.w3.org/2000/svg";
const TAG = /(<\/?(?:b|br|span)(?: style="[^"<>]*")?>)/; // the tags that our texts have; Plotly knows more
const ENTITY = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };
const MOVABLE = {
  traces: new Set(["x", "y", "z", "text", "marker"]),
  annotations: new Set(["text", "x", "y", "xanchor", "yanchor", "xshift", "yshift"]),
  shapes: new Set(["x0", "x1", "y0", "y1"]),
};
const LAYER = { scatter: ".scatterlayer", contour: ".contourlayer", heatmap: ".heatmaplayer" };
const SHARE = { left: 0, center: 0.5, right: 1, top: 0, middle: 0.5, bottom: 1 }; // of a text before its anchor
const TYPES = {
  f8: Float64Array, f4: Float32Array, i4: Int32Array, u4: Uint32Array, i2: Int16Array, u2: Uint16Array, i1: Int8Array,
  u1: Uint8Array,
};

const same = (one, other) => one === other || JSON.stringify(one) === JSON.stringify(other);
const changed = (one, other) => Object.keys({ ...one, ...other }).filter((key) => !same(one[key], other[key]));

// Numbers as Plotly's JSON has them: a list, or {bdata, dtype, shape}, of two dimensions as rows.
function numbers(value) {
  if (!value?.bdata) return Array.from(value);
  const flat = new TYPES[value.dtype](Uint8Array.from(atob(value.bdata), (c) => c.charCodeAt(0)).buffer);
  const [rows, wide] = String(value.shape ?? "").split(",").map(Number);
  return wide ? Array.from({ length: rows }, (_, i) => flat.subarray(i * wide, (i + 1) * wide)) : flat;
}

// Pixels from the figure's left or top to a place that is given in shares of the paper, in shares of an axis,
// or on an axis, where texts and shapes differ on logarithmic ones.
function pixels(full, ref, vertical, value, onAxis) {
  const [name, shares] = ref.split(" ");
  const share = vertical ? 1 - value : value;
  if (name === "paper") {
    const { l, t, w, h } = full._size;
    return vertical ? t + h * share : l + w * share;
  }
  const axis = full[`${name[0]}axis${name.slice(1)}`];
  return axis._offset + (shares ? axis._length * share : axis[onAxis](value));
}

const like = (one, other) => ["type", "xaxis", "yaxis"].every((name) => one?.[name] === other[name]);

function moveTrace(plot, index, part) {
  const full = plot._fullData[index];
  const info = plot._fullLayout._plots[full.xaxis + full.yaxis];
  const layer = LAYER[full.type] && info?.plot?.select(LAYER[full.type]);
  const filled = /^tonext/.test(full.fill); // it would need its neighbour
  const crowded = full.type === "contour" && layer.selectAll(".contour").size() > 1; // it would be the only one
  const worded = full.type === "heatmap" && full.texttemplate; // its words would stay
  const coded = JSON.stringify(part.marker ?? "").includes("bdata");
  if (!layer || filled || crowded || worded || coded || info.xaxis.autorange || info.yaxis.autorange) return false;
  for (const axis of ["x", "y", "z"]) if (part[axis]) full[axis] = numbers(part[axis]);
  if (part.text !== undefined) full.text = part.text;
  if (part.marker) full.marker = merge(full.marker, part.marker);
  if (full.type === "scatter") full._length = Math.min(full.x.length, full.y.length);
  const points = full._module.calc(plot, full);
  points[0].trace = full;
  points[0].t ??= plot.calcdata[index][0].t ?? {};
  plot.calcdata[index] = points;
  // The layer of heat maps holds nothing but what it is given.
  const given = full.type === "heatmap" ? plot.calcdata.filter(([first]) => like(first.trace, full)) : [points];
  full._module.plot(plot, info, given, layer, { duration: 0 });
  if (full.type === "scatter") { // its `style` would go through every point of every trace
    const [first, ...more] = points[0].node3.node().querySelectorAll("path.js-line");
    for (const line of more) line.setAttribute("style", first.getAttribute("style"));
  } else {
    full._module.style(plot);
  }
  return true;
}

// Text with its tags as parts of an SVG text, built as Plotly builds it.
function write(node, words) {
  const stack = [node];
  let lines = 0;
  const enter = (attributes) => {
    const part = document.createElementNS(SVG, "tspan");
    Object.entries(attributes).forEach(([name, value]) => part.setAttribute(name, value));
    stack.at(-1).append(part);
    stack.push(part);
  };
  const line = () => {
    const open = stack.splice(1).slice(1); // what was bold goes on in the next line
    const [x, y] = ["x", "y"].map((name) => node.getAttribute(name));
    enter({ class: "line", dy: `${1.3 * lines++}em`, x, y });
    open.forEach((part) => enter({ style: part.getAttribute("style") }));
  };
  node.replaceChildren();
  if (words.includes("<br>")) line();
  for (const part of words.replace(/\n/g, " ").split(TAG)) {
    if (part === "<br>") line();
    else if (part.startsWith("</")) stack.pop();
    else if (part === "<b>") enter({ style: "font-weight:bold" });
    else if (TAG.test(part)) enter({ style: part.slice(13, -2).replace("color:", "fill:") });
    else if (part) stack.at(-1).append(part.replace(/&(lt|gt|amp);/g, (entity) => ENTITY[entity]));
  }
}

// All are written before the first is measured: the browser lays texts out once.
function moveTexts(plot, texts) {
  const full = plot._fullLayout;
  const nodes = texts.map(([index, text]) => {
    const node = plot.querySelector(`.annotation[data-index="${index}"] text.annotation-text`);
    const plain = text.text.split(TAG).every((part) => TAG.test(part) || !part.includes("<"));
    if (!node || !plain || text.showarrow || text.textangle || node.getAttribute("text-anchor") !== "start") return null;
    if (node.dataset.unformatted !== text.text) {
      node.dataset.unformatted = text.text;
      write(node, text.text);
    }
    return node;
  });
  if (nodes.includes(null)) return false;
  nodes.map((node) => node.getBBox()).forEach((box, k) => {
    const text = texts[k][1];
    const frame = 2 * (text.borderwidth + text.borderpad);
    const [wide, tall] = [Math.round(box.width + frame), Math.round(box.height + frame)];
    const place = (ref, vertical, value, anchor, size, shift) => {
      const at = ref === "paper" || ref.includes(" ") ? (vertical ? 1 - value : value) : 0.5;
      const share = SHARE[anchor] ?? (at < 1 / 3 ? 0 : at > 2 / 3 ? 1 : 0.5);
      return Math.round(pixels(full, ref, vertical, value, "r2p") - size * share + shift);
    };
    const x = place(text.xref, false, text.x, text.xanchor, wide, text.xshift);
    const y = place(text.yref, true, text.y, text.yanchor, tall, -text.yshift);
    const ground = nodes[k].parentNode.querySelector("rect.bg");
    ground.setAttribute("width", Math.max(0, wide - text.borderwidth));
    ground.setAttribute("height", Math.max(0, tall - text.borderwidth));
    nodes[k].parentNode.setAttribute("transform", `translate(${x},${y})`);
  });
  return true;
}

function moveShape(plot, index, shape) {
  const node = plot.querySelector(`.shapelayer path[data-index="${index}"]`);
  const scaled = shape.xsizemode === "scaled" && shape.ysizemode === "scaled";
  if (!node || !scaled || !["line", "rect"].includes(shape.type)) return false;
  const full = plot._fullLayout;
  const [x0, x1] = [shape.x0, shape.x1].map((value) => pixels(full, shape.xref, false, value, "d2p"));
  const [y0, y1] = [shape.y0, shape.y1].map((value) => pixels(full, shape.yref, true, value, "d2p"));
  node.setAttribute("d", shape.type === "line" ? `M${x0},${y0}L${x1},${y1}` : `M${x0},${y0}H${x1}V${y1}H${x0}Z`);
  return true;
}

// Moves a drawn plot from one {data, layout} to another; false where it cannot: then the plot has to be drawn.
function nudge(plot, from, to) {
  const { annotations: a, shapes: b, meta: c, ...before } = from.layout;
  const { annotations: d, shapes: e, meta: f, ...after } = to.layout;
  if (changed(before, after).length) return false;
  const moving = {};
  const lists = { traces: [from.data, to.data], annotations: [a ?? [], d ?? []], shapes: [b ?? [], e ?? []] };
  for (const [kind, [old, now]] of Object.entries(lists)) {
    const parts = now.map((item, i) => [i, item === old[i] ? [] : changed(old[i] ?? {}, item)]);
    const known = parts.every(([, keys]) => keys.every((key) => MOVABLE[kind].has(key)));
    if (old.length !== now.length || !known) return false;
    moving[kind] = parts.filter(([, keys]) => keys.length).map(([i]) => [i, now[i]]);
  }
  const whole = (kind) => ([i, item]) => [i, { ...plot._fullLayout[kind][i], ...item }];
  return (
    moving.traces.every(([i, trace]) => moveTrace(plot, i, trace)) &&
    moving.shapes.map(whole("shapes")).every(([i, shape]) => moveShape(plot, i, shape)) &&
    moveTexts(plot, moving.annotations.map(whole("annotations")))
  );
}
