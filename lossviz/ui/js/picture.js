// What is to be drawn: the theme's colours, and a figure at the value of the control that it follows.

function isDark(element) {
  const probe = getComputedStyle(element).getPropertyValue("--st-background-color").trim();
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(probe);
  if (!hex) return false;
  const [r, g, b] = hex.slice(1).map((part) => parseInt(part, 16));
  return 0.3 * r + 0.6 * g + 0.1 * b < 128;
}

function recolour(text, colours) {
  const names = Object.keys(colours).map((name) => name.replace(/[()]/g, "\\$&"));
  return text.replace(new RegExp(names.join("|"), "g"), (found) => colours[found]);
}

function merge(base, part) {
  const merged = { ...base };
  for (const [key, value] of Object.entries(part)) {
    const deep = value && typeof value === "object" && !Array.isArray(value) && !("bdata" in value);
    merged[key] = deep && merged[key] ? merge(merged[key], value) : value;
  }
  return merged;
}

const slider = (key) => document.querySelector(`.st-key-${key} input[type=range]`);
const pressed = (key) => document.querySelector(`.st-key-${key} button[aria-checked=true]`)?.textContent;
const scenes = (layout) => Object.keys(layout).filter((name) => /^scene\d*$/.test(name));

// The frame nearest to a slider's value, or the one that is called as the pressed choice; null where there is none.
function frameOf(figure, control) {
  if (!figure.frames?.length) return null;
  const input = control && slider(control);
  if (!input) return figure.frames.find((f) => f.name === pressed(control)) ?? null;
  const value = Number(input.value);
  if (!figure.byValue) figure.byValue = figure.frames.map((f) => Number(f.name));
  let best = 0;
  figure.byValue.forEach((v, i) => {
    if (Math.abs(v - value) < Math.abs(figure.byValue[best] - value)) best = i;
  });
  return figure.frames[best];
}

// The figure's data and layout with what the frame changes, in lists and objects of their own.
function atFrame(figure, frame) {
  const data = figure.data.slice();
  const layout = { ...figure.layout };
  (frame?.traces ?? []).forEach((index, k) => (data[index] = merge(data[index], frame.data[k])));
  for (const [kind, change] of Object.entries(frame?.layout ?? {})) {
    layout[kind] = Array.isArray(change)
      ? layout[kind].map((item, i) => (i < change.length ? merge(item, change[i]) : item))
      : merge(layout[kind] ?? {}, change);
  }
  for (const [index, length] of layout.meta?.upto ?? []) {
    const trace = { ...data[index] };
    for (const axis of ["x", "y", "z"]) {
      if (Array.isArray(trace[axis])) trace[axis] = trace[axis].slice(0, length);
    }
    data[index] = trace;
  }
  return { data, layout };
}
