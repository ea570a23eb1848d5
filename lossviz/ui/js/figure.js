// A figure as it came from Python, prepared for Plotly: colours of the theme, the frame of the followed control,
// arrays, and where the slider below the picture begins and ends. Nothing here touches the page.

// Whether a colour, "#rrggbb", is dark.
export function isDarkColour(text) {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(text.trim());
  if (!hex) return false;
  const [r, g, b] = hex.slice(1).map((part) => parseInt(part, 16));
  return 0.3 * r + 0.6 * g + 0.1 * b < 128;
}

// Which figure of a payload is drawn: the wide one, whose panel is null, or a panel of the narrow one. While pictures
// follow each other quickly only one of the two may have come: then it is drawn, whatever the width.
export function chooseFigure({ wide, narrow }, small, panel) {
  const names = Object.keys(narrow);
  if (!names.length || (wide && !small)) return { figure: wide, panel: null, names };
  const shown = Math.max(0, Math.min(panel, names.length - 1));
  return { figure: narrow[names[shown]], panel: shown, names };
}

// A figure's JSON with each colour replaced by its counterpart in the dark theme.
export function recolour(text, colours) {
  const names = Object.keys(colours).map((name) => name.replace(/[()]/g, "\\$&"));
  return text.replace(new RegExp(names.join("|"), "g"), (found) => colours[found]);
}

// A copy of an object with what another says, level by level; arrays are replaced as a whole.
export function merge(base, part) {
  const merged = { ...base };
  for (const [key, value] of Object.entries(part)) {
    const deep = value && typeof value === "object" && !Array.isArray(value) && !("bdata" in value);
    merged[key] = deep && merged[key] ? merge(merged[key], value) : value;
  }
  return merged;
}

// The frame for the state of the followed control: the nearest to a slider's value, or the one that belongs to the
// chosen button, by the names in the buttons' order. Null where there is none.
export function frameFor(figure, state, names) {
  if (!figure.frames?.length || !state) return null;
  if (state.index !== undefined)
    return figure.frames.find((frame) => frame.name === names?.[state.index]) ?? null;
  const distance = figure.frames.map((frame) => Math.abs(Number(frame.name) - state.value));
  return figure.frames[distance.indexOf(Math.min(...distance))];
}

// The figure's data and layout with what the frame changes, in lists and objects of their own. `meta.upto` in the
// layout says how much of a trace is drawn: [index of the trace, number of points].
export function atFrame(figure, frame) {
  const data = figure.data.slice();
  const layout = { ...figure.layout };
  (frame?.traces ?? []).forEach((index, k) => {
    data[index] = merge(data[index], frame.data[k]);
  });
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

// The names of a layout's 3D scenes.
export const sceneNames = (layout) => Object.keys(layout).filter((name) => /^scene\d*$/.test(name));

const LEAST = 12; // px

// Where the slider below a picture of that width begins and ends, in pixels from the picture's left and right edge:
// under the whole plotting area, or under the part of it that `meta.slider` names, as fractions of its width.
// The thumb stays within the picture also where a relief fills it.
export function sliderInsets(layout, width) {
  const { l = 80, r = 80 } = layout.margin ?? {}; // Plotly's own default
  const [start, end] = layout.meta?.slider ?? [0, 1];
  const inner = width - l - r;
  return { left: Math.max(LEAST, l + start * inner), right: Math.max(LEAST, r + (1 - end) * inner) };
}

const TYPES = {
  f8: Float64Array,
  f4: Float32Array,
  i4: Int32Array,
  u4: Uint32Array,
  i2: Int16Array,
  u2: Uint16Array,
  i1: Int8Array,
  u1: Uint8Array,
};

// Numbers as Plotly's JSON has them: a list, or {bdata, dtype, shape}; of two dimensions as rows.
export function decodeArray(value) {
  if (!value?.bdata) return Array.from(value);
  const bytes = Uint8Array.from(atob(value.bdata), (character) => character.charCodeAt(0));
  const flat = new TYPES[value.dtype](bytes.buffer);
  const [rows, columns] = String(value.shape ?? "")
    .split(",")
    .map(Number);
  return columns
    ? Array.from({ length: rows }, (_, i) => flat.subarray(i * columns, (i + 1) * columns))
    : flat;
}
