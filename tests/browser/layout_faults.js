// What is wrong with the layout of the page as it is on screen, one sentence a fault, from the boxes of texts, controls
// and pictures. `phone` says that it is a phone's screen, which picture and slider must fit, and which a finger touches.

({ phone }) => {
  const found = new Set();
  const INSET = 2; // px by which boxes may overlap: letters do not fill theirs
  const FINGER = 39.5; // px
  const main = document.querySelector('[data-testid="stMain"]');

  const visible = (node) => node.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const short = (words) => words.replace(/\s+/g, " ").trim().slice(0, 50);
  // A node's box, without a share of its height above and below: of a text without the leading.
  const box = ({ left, right, top, bottom, height }, share = 0) => ({
    left,
    right,
    top: top + share * height,
    bottom: bottom - share * height,
  });
  const meet = (a, b) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > INSET &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > INSET;
  const besideWindow = ({ left, right }) => left < -1 || right > innerWidth + 1;
  const eachPair = (list, look) => {
    for (const [i, one] of list.entries()) for (const other of list.slice(i + 1)) look(one, other);
  };

  // The lines of the texts that Plotly has drawn.
  const linesOf = (node) => {
    const lines = [...node.querySelectorAll("tspan.line")];
    return (lines.length ? lines : [node]).filter((line) => line.textContent.trim());
  };
  const drawn = [...document.querySelectorAll(".lossviz-plot svg text")]
    .filter((node) => visible(node) && node.getBoundingClientRect().width)
    .flatMap((node) =>
      linesOf(node).map((line) => ({
        node,
        words: short(line.textContent),
        plot: node.closest(".lossviz-plot"),
        box: box(line.getBoundingClientRect(), node.closest('[transform*="rotate(-90"]') ? 0 : 0.25),
      })),
    );

  // The lines of the texts of the page.
  const written = [];
  const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const node = text.parentElement;
    const noText = node.closest(
      ".lossviz-said, svg, style, script, .katex-mathml, [data-testid=stIconMaterial]",
    );
    if (!text.data.trim() || noText || !visible(node)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    for (const rect of range.getClientRects()) {
      if (rect.width > 1 && rect.height > 1)
        written.push({ node, words: short(text.data), box: box(rect, 0.25) });
    }
  }

  // The controls of the page; of a slider its rail and its grip.
  const CONTROLS = "button, a[href], input, textarea, [role=switch], [role=tab]";
  const WHOLE = "label, [data-testid$=Input], [data-testid=stFileUploader], .stSelectbox, .stTextArea";
  const controls = [...document.querySelectorAll(CONTROLS)]
    .filter((node) => visible(node) && !node.closest(".lossviz-plot, [data-collapsed=true]"))
    .filter((node) => !(node.getAttribute("aria-label") ?? "").startsWith("Scroll tabs"))
    .map((node) => {
      const slider = node.closest(".stSlider");
      const whole = slider ?? node.closest(WHOLE) ?? node;
      const name = node.getAttribute("aria-label") || node.textContent || node.dataset.testid || node.tagName;
      const where = box((node.matches("input") ? whole : node).getBoundingClientRect());
      if (slider) {
        const { top, bottom } = node.getBoundingClientRect();
        [where.top, where.bottom] = [(top + bottom) / 2 - 8, (top + bottom) / 2 + 8];
      }
      return { node, slider, whole, words: short(name), box: where };
    })
    .filter(({ box: where }) => where.right - where.left > 3 && where.bottom - where.top > 3);

  // The maps of a picture, and the axes that they stand on.
  const mapsOf = (plot) => {
    const corner = plot.getBoundingClientRect();
    const scale = Number(plot.parentElement.dataset.scale);
    return Object.entries(plot._fullLayout._plots ?? {})
      .filter(([id]) =>
        plot._fullData.some(
          (trace) => ["heatmap", "contour"].includes(trace.type) && trace.xaxis + trace.yaxis === id,
        ),
      )
      .map(([, { xaxis, yaxis }]) => ({
        axes: [xaxis._id, yaxis._id],
        box: {
          left: corner.left + scale * xaxis._offset,
          right: corner.left + scale * (xaxis._offset + xaxis._length),
          top: corner.top + scale * yaxis._offset,
          bottom: corner.top + scale * (yaxis._offset + yaxis._length),
        },
      }));
  };
  const belongs = ({ node, plot }, { axes }) => {
    const annotation = node.closest(".annotation");
    if (!annotation) return Boolean(node.closest(".plot, .overplot, .contourlabels"));
    const { xref, yref } = plot._fullLayout.annotations[Number(annotation.dataset.index)];
    return [xref, yref].some((ref) => axes.includes(ref.split(" ")[0]));
  };

  for (const text of drawn) {
    const edge = text.plot.querySelector(".main-svg").getBoundingClientRect();
    const { left, right, top, bottom } = text.box;
    const out = Math.max(edge.left - left, right - edge.right, edge.top - top, bottom - edge.bottom);
    if (out > 1) found.add(`"${text.words}" is cut by ${Math.ceil(out)} px`);
    if (besideWindow(text.box)) found.add(`"${text.words}" lies beside the window`);
    for (const map of mapsOf(text.plot)) {
      if (!belongs(text, map) && meet(text.box, map.box)) found.add(`"${text.words}" lies on a map`);
    }
    for (const { words, box: where } of [...written, ...controls]) {
      if (meet(text.box, where)) found.add(`"${words}" of the page lies on "${text.words}"`);
    }
  }
  eachPair(drawn, (one, other) => {
    if (one.node !== other.node && meet(one.box, other.box))
      found.add(`"${one.words}" lies on "${other.words}"`);
  });
  eachPair(written, (one, other) => {
    const same = one.node === other.node || one.node.closest(".katex");
    if (!same && meet(one.box, other.box)) found.add(`"${one.words}" of the page lies on "${other.words}"`);
  });
  eachPair(controls, (one, other) => {
    const parts = one.whole.contains(other.node) || other.whole.contains(one.node);
    if (!parts && meet(one.box, other.box)) found.add(`the control "${one.words}" lies on "${other.words}"`);
  });

  for (const { node, words, box: where } of written) {
    for (let parent = node; parent !== main; parent = parent.parentElement) {
      const { overflowX, overflowY, clipPath } = getComputedStyle(parent);
      if (clipPath !== "none") break; // for screen readers only
      const edge = parent.getBoundingClientRect();
      const across = ["hidden", "clip"].includes(overflowX)
        ? Math.max(where.right - edge.right, edge.left - where.left)
        : 0;
      const along = ["hidden", "clip"].includes(overflowY)
        ? Math.max(where.bottom - edge.bottom, edge.top - where.top)
        : 0;
      if (Math.max(across, along) > 1) found.add(`"${words}" of the page is cut`);
    }
  }
  for (const { node, words, box: where } of [...written, ...controls]) {
    if (besideWindow(where) && !node.closest("[role=tablist], [data-testid=stDataFrame]")) {
      found.add(`"${words}" of the page lies beside the window`);
    }
  }

  if (phone) {
    const picture = document.querySelector(".lossviz-plot")?.getBoundingClientRect();
    const slider = document
      .querySelector('[class*="st-key-axis_slider_"] .stSlider')
      ?.getBoundingClientRect();
    const tall = picture ? Math.max(slider?.bottom ?? 0, picture.bottom) - picture.top : 0;
    const bar = document.querySelector('[data-testid="stHeader"]').getBoundingClientRect();
    const covered = innerHeight > 520 ? bar.height : 0; // in a low window it scrolls away
    if (tall > innerHeight - covered) found.add(`picture and slider are ${Math.round(tall)} px high`);
    for (const { node, slider: follows, whole, words } of controls) {
      const line = node.closest("p, li");
      const inText = node.matches("a") && line && line.textContent.trim() !== node.textContent.trim();
      const { width, height } = (node.matches("input") ? whole : node).getBoundingClientRect();
      if (inText || follows || width <= 1) continue;
      if (!words) found.add(`a control has no name: ${node.outerHTML.slice(0, 80)}`);
      if (Math.min(width, height) < FINGER) {
        found.add(`the control "${words}" is ${Math.round(width)} x ${Math.round(height)} px`);
      }
    }
  }
  return [...found];
};
