// Two buttons that save a chart as it is on screen, with its title, its caption and the address of its page.

import { figureOnScreen } from "./plotly_internals.js";
import { asPng, withWords } from "./sheet.js";

const loaded = new Map(); // address of a style sheet -> its text

function fetchFonts(address) {
  if (!loaded.has(address)) {
    const text = fetch(new URL(address, document.baseURI)).then((reply) => {
      if (!reply.ok) throw new Error(`${address}: ${reply.status}`);
      return reply.text();
    });
    text.catch(() => loaded.delete(address)); // the next click tries again
    loaded.set(address, text);
  }
  return loaded.get(address);
}

function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function save(format, data) {
  const chart = document.querySelector(`.st-key-${data.chart} .lossviz-chart`);
  const figure = chart && figureOnScreen(chart.querySelector(".lossviz-plot"));
  if (!figure) return;
  const { width, height } = figure.layout;
  const [url, fonts] = await Promise.all([
    window.Plotly.toImage(figure, { format: "svg", width, height }),
    fetchFonts(data.fonts),
  ]);
  const picture = decodeURIComponent(url.slice(url.indexOf(",") + 1));
  const look = getComputedStyle(chart);
  const sheet = withWords(picture, {
    ...data,
    fonts,
    address: window.location.href,
    alt: chart.getAttribute("aria-label"),
    paper: look.getPropertyValue("--st-background-color"),
    ink: look.getPropertyValue("--st-text-color"),
    mute: look.getPropertyValue("--st-gray-text-color"),
  });
  const blob = format === "png" ? await asPng(sheet) : new Blob([sheet.text], { type: "image/svg+xml" });
  download(blob, `${data.chart}.${format}`);
}

function saveButton(format, data) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = format.toUpperCase();
  button.onclick = () => save(format, data).catch((error) => console.error("lossviz save:", error));
  return button;
}

export default function mount({ data, parentElement }) {
  const buttons = ["png", "svg"].map((format) => saveButton(format, data));
  parentElement.querySelector(".lossviz-save").replaceChildren(...buttons);
}
