// A picture on a sheet of its own: a margin around it, its title above, its caption and its source below, and the fonts
// inside, so that it looks the same where they are not installed.

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = 32; // px
const SCALE = 2; // pixels of a PNG for each of the picture's
const SANS = '"Source Sans", "Segoe UI", system-ui, sans-serif';
const SERIF = '"Source Serif", Georgia, serif';

// Lines of at most that width; a word that is wider than a line, as an address may be, is broken.
export function wrap(text, width, measure) {
  const lines = [""];
  const fits = (more) => measure(lines.at(-1) + more) <= width;
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const space = lines.at(-1) && " ";
    if (fits(space + word)) {
      lines[lines.length - 1] += space + word;
    } else if (measure(word) <= width) {
      lines.push(word);
    } else {
      for (const letter of space + word) {
        if (!fits(letter)) lines.push("");
        lines[lines.length - 1] += letter;
      }
    }
  }
  return lines;
}

function measureIn(font) {
  const context = document.createElement("canvas").getContext("2d");
  context.font = font;
  return (text) => context.measureText(text).width;
}

const element = (name, attributes, ...children) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};

// The text as lines below each other, from `top` on, and where they end.
function paragraph(text, { weight = 400, size, family, colour, top, width }) {
  const lines = wrap(text, width, measureIn(`${weight} ${size}px ${family}`));
  const step = Math.round(1.3 * size);
  const look = { "font-family": family, "font-size": size, "font-weight": weight, fill: colour };
  const parts = lines.map((line, i) =>
    element("text", { x: MARGIN, y: top + size + i * step, ...look }, line),
  );
  return { parts, bottom: top + lines.length * step };
}

// The SVG of a picture with the words around it: {text, width, height}.
export function withWords(picture, { title, caption, address, alt, fonts, paper, ink, mute }) {
  const inner = document.importNode(
    new DOMParser().parseFromString(picture, "image/svg+xml").documentElement,
    true,
  );
  const [width, height] = ["width", "height"].map((name) => Number(inner.getAttribute(name)));
  const small = { size: 15, family: SANS, colour: mute, width };
  const size = width < 560 ? 22 : 30;
  const head = paragraph(title, { weight: 600, size, family: SERIF, colour: ink, top: MARGIN, width });
  const top = head.bottom + 14;
  const below = paragraph(caption, { ...small, top: top + height + 16 });
  const source = paragraph(`lossviz · ${address}`, { ...small, top: below.bottom + 6 });
  for (const [name, value] of Object.entries({ x: MARGIN, y: top, overflow: "visible" })) {
    inner.setAttribute(name, value);
  }
  inner.style.overflow = "visible";
  const whole = { width: width + 2 * MARGIN, height: source.bottom + MARGIN };
  const sheet = element(
    "svg",
    { ...whole, viewBox: `0 0 ${whole.width} ${whole.height}`, role: "img" },
    element("title", {}, title),
    element("desc", {}, alt),
    element("style", {}, fonts),
    element("rect", { ...whole, fill: paper }),
    ...head.parts,
    inner,
    ...below.parts,
    element("a", { href: address }, ...source.parts),
  );
  return { ...whole, text: new XMLSerializer().serializeToString(sheet) };
}

// The same as a PNG.
export async function asPng({ text, width, height }) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [SCALE * width, SCALE * height];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
