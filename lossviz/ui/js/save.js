// Two buttons that save a chart as it is on screen.

import { figureOnScreen } from "./plotly_internals.js";

function saveButton(format, save) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = format.toUpperCase();
  button.onclick = () => save(format);
  return button;
}

export default function mount({ data, parentElement }) {
  const save = (format) => {
    const plot = document.querySelector(`.st-key-${data.chart} .lossviz-plot`);
    const figure = plot && figureOnScreen(plot);
    if (!figure) return;
    const { width, height } = figure.layout;
    window.Plotly.downloadImage(figure, { format, width, height, scale: 2, filename: data.chart });
  };
  const formats = ["png", "svg"];
  parentElement
    .querySelector(".lossviz-save")
    .replaceChildren(...formats.map((format) => saveButton(format, save)));
}
