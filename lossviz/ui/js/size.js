// For which size a picture is laid out, and by how much it is scaled then: so that texts that stand side by side have
// the room that they need, and that picture and slider fit the screen.

export const NARROW = 680; // px of chart width below which the narrow layout is drawn
const LEAST = { wide: 860, narrow: 356 }; // px that a layout needs: on less it is laid out for these and scaled
const SMALLEST = 0.6; // of its size: smaller texts could not be read

// The size of a layout for a chart of that width: {width, height} that it is laid out for, its scale, and the px to
// its left. Its height is fixed, or by `meta.aspect` = [slope, offset] slope * width + offset, so that maps stay square.
// `room` is the height that there is; a picture that has no width to give away is centred.
export function fit(layout, width, room, wide) {
  const [slope, offset] = layout.meta?.aspect ?? [0, layout.height ?? 450];
  const widest = Math.min(1, width / LEAST[wide ? "wide" : "narrow"]);
  const tallest = room / (slope ? slope * (width / widest) + offset : offset);
  const scale = Math.max(SMALLEST, Math.min(widest, tallest));
  const across = Math.round(width / (slope ? Math.max(SMALLEST, widest) : scale));
  const height = Math.round(slope * across + offset);
  return { width: across, height, scale, left: Math.max(0, Math.round((width - across * scale) / 2)) };
}

// Shows a plot in that size.
export function place(plot, { width, height, scale, left }) {
  const exact = scale === 1;
  Object.assign(plot.style, {
    width: exact ? "" : `${width}px`,
    height: exact ? "" : `${height}px`,
    transform: exact ? "" : `scale(${scale})`,
    marginLeft: exact ? "" : `${left}px`,
    marginBottom: exact ? "" : `${Math.round(height * (scale - 1))}px`,
  });
}
