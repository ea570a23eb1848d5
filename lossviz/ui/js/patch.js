// What differs between two pictures, if it is only what a drawn plot can be patched with.

const PATCHABLE = {
  traces: new Set(["x", "y", "z", "text", "marker"]),
  annotations: new Set(["text", "x", "y", "xanchor", "yanchor", "xshift", "yshift"]),
  shapes: new Set(["x0", "x1", "y0", "y1"]),
};

const equal = (one, other) => one === other || JSON.stringify(one) === JSON.stringify(other);

// The keys whose values differ.
export function changedKeys(one, other) {
  return Object.keys({ ...one, ...other }).filter((key) => !equal(one[key], other[key]));
}

// The traces, annotations and shapes that differ between two {data, layout}, as lists of [index, new item];
// null if anything else differs.
export function findChanges(from, to) {
  const { annotations: oldTexts, shapes: oldShapes, meta: _oldMeta, ...oldLayout } = from.layout;
  const { annotations: newTexts, shapes: newShapes, meta: _newMeta, ...newLayout } = to.layout;
  if (changedKeys(oldLayout, newLayout).length) return null;
  const lists = {
    traces: [from.data, to.data],
    annotations: [oldTexts ?? [], newTexts ?? []],
    shapes: [oldShapes ?? [], newShapes ?? []],
  };
  const changes = {};
  for (const [kind, [before, after]] of Object.entries(lists)) {
    if (before.length !== after.length) return null;
    changes[kind] = [];
    for (const [i, item] of after.entries()) {
      const keys = item === before[i] ? [] : changedKeys(before[i], item);
      if (!keys.every((key) => PATCHABLE[kind].has(key))) return null;
      if (keys.length) changes[kind].push([i, item]);
    }
  }
  return changes;
}
