"""The picture as it is on screen, saved by the browser as PNG or SVG."""

import streamlit as st

_JS = """
const button = (format, run) => {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = format.toUpperCase();
  element.onclick = () => run(format);
  return element;
};

export default function ({ data, parentElement }) {
  const box = parentElement.querySelector(".lossviz-save");
  const save = (format) => {
    const plot = document.querySelector(`.st-key-${data.chart} .lossviz-plot`);
    if (!plot?._fullLayout) return;
    const { width, height } = plot._fullLayout;
    const paper = getComputedStyle(plot).getPropertyValue("--st-background-color");
    const figure = { data: plot.data, layout: { ...plot.layout, paper_bgcolor: paper } };
    window.Plotly.downloadImage(figure, { format, width, height, scale: 2, filename: data.chart });
  };
  box.replaceChildren(button("png", save), button("svg", save));
}
"""
_SAVE = st.components.v2.component(
    "lossviz_save", html='<div class="lossviz-save">\n</div>', js=_JS, isolate_styles=False
)


def save_picture(chart: str) -> None:
    """Two buttons that save the chart of that key."""
    _SAVE(key=f"{chart}_save", data={"chart": chart}, width="content")
