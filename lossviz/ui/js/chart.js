// One chart, updated in place. Plotly redraws the same element, so that zoom, camera and focus stay. A slider of the
// page is followed while it is dragged, and a segmented control when it is clicked, by frames that came with the figure.

import { Announcer, sentence } from "./announce.js";
import { ControlWatcher, controlState } from "./controls.js";
import {
  atFrame,
  chooseFigure,
  frameFor,
  isDarkColour,
  recolour,
  sceneNames,
  sliderInsets,
} from "./figure.js";
import "./history.js"; // of the whole page, which has no script of its own
import { cameras, Interaction } from "./interaction.js";
import "./menu.js";
import { findChanges } from "./patch.js";
import { patchPlot } from "./plotly_internals.js";
import { loadPlotly } from "./plotly_loader.js";
import { fit, NARROW, place } from "./size.js";
import { tidySliders } from "./sliders.js";

const REST = 500; // ms without a new picture after which the plot is drawn exactly
const REPEAT = 1000; // ms after which the server is told once more which layout is needed

const charts = new WeakMap(); // element -> Chart

const isDark = (element) => isDarkColour(getComputedStyle(element).getPropertyValue("--st-background-color"));

class Chart {
  constructor(root) {
    this.root = root;
    this.plot = root.querySelector(".lossviz-plot");
    this.tabs = root.querySelector(".lossviz-tabs");
    this.room = root.querySelector(".lossviz-room");
    this.panel = 0;
    this.reported = { small: null, at: 0 };
    this.reportedMissing = false;
    this.pictures = 0;
    this.destroyed = false;
    this.queue = Promise.resolve();
    this.control = new ControlWatcher(() => this.schedule());
    this.announcer = new Announcer(root.querySelector(".lossviz-said"));
    tidySliders();
    this.resize = new ResizeObserver(() => this.schedule());
    this.resize.observe(root);
    this.resize.observe(this.room);
    this.theme = new MutationObserver(() => this.schedule());
    for (let node = root; node; node = node.parentElement) {
      this.theme.observe(node, { attributes: true, attributeFilter: ["style", "class"] });
    }
  }

  update(component, text) {
    this.component = component;
    if (text !== this.text) {
      this.text = text;
      this.payload = JSON.parse(text);
      this.shown = null; // also what is being drawn now is of the payload before
      this.parsed = {};
      this.failed = false;
    }
    this.follow = this.payload.follow;
    this.control.find(this.follow);
    this.root.setAttribute("aria-label", this.payload.alt);
    this.root.toggleAttribute("data-steady", this.payload.steady);
    if (this.root.clientWidth) this.placeSlider(...this.sized(...this.currentFigure()));
    loadPlotly(this.payload.plotly).then((loaded) => {
      if (this.destroyed) return;
      if (loaded) this.schedule();
      if (loaded === this.reportedMissing) {
        this.reportedMissing = !loaded;
        this.component.setStateValue("missing", !loaded);
      }
    });
  }

  // A figure's layout, and the size in which it is shown: in the height that the style sheet leaves for a picture.
  sized(id, { layout }) {
    const room = (this.room.offsetHeight || Number.POSITIVE_INFINITY) - this.tabs.offsetHeight;
    return [layout, fit(layout, this.root.clientWidth, room, id.startsWith("w"))];
  }

  // The slider below the picture is Streamlit's: where it begins and ends is told to the style sheet.
  placeSlider(layout, size) {
    const { left, right } = sliderInsets(layout, size.width);
    const { style } = document.documentElement;
    style.setProperty("--lossviz-slider-left", `${size.left + left * size.scale}px`);
    style.setProperty("--lossviz-slider-right", `${size.left + right * size.scale}px`);
  }

  schedule() {
    if (this.pending || this.destroyed) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = 0;
      this.queue = this.queue.then(() => this.draw()).catch((error) => this.redraw(error));
    });
  }

  // A picture that could not be drawn is drawn once more, as a whole.
  redraw(error) {
    if (this.destroyed) return;
    console.error("lossviz chart:", error);
    if (this.failed) return;
    this.failed = true;
    this.drawn = null;
    this.schedule();
  }

  // The name of the layout that fits, as "wl" (wide, light) or "n0d" (narrow, first panel, dark), and its figure.
  currentFigure() {
    const small = this.root.clientWidth < NARROW;
    if (this.payload.live) this.reportLayout(small);
    const { figure, panel, names } = chooseFigure(this.payload, small, this.panel);
    const narrow = panel !== null;
    const dark = isDark(this.root);
    const id = `${narrow ? `n${panel}` : "w"}${dark ? "d" : "l"}`;
    if (!this.parsed[id]) {
      const source = JSON.stringify(figure);
      this.parsed[id] = JSON.parse(dark ? recolour(source, this.payload.dark) : source);
    }
    this.drawTabs(narrow && names.length > 1 ? names : [], panel);
    return [id, this.parsed[id]];
  }

  // Tells the server which layout is needed, and once more if the other one still comes: it may not have heard.
  reportLayout(small) {
    const { wide, narrow } = this.payload;
    const missing = small ? !Object.keys(narrow).length : !wide;
    const now = performance.now();
    if (small === this.reported.small && !(missing && now - this.reported.at > REPEAT)) return;
    this.reported = { small, at: now };
    this.component.setStateValue("narrow", small);
  }

  // The buttons that switch between the panels of a narrow figure.
  drawTabs(names, shown) {
    const state = names.join("|") + shown;
    if (this.tabState === state) return;
    this.tabState = state;
    this.tabs.replaceChildren(
      ...names.map((name, i) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = name;
        button.setAttribute("aria-pressed", String(i === shown));
        button.onclick = () => {
          this.panel = i;
          this.schedule();
        };
        return button;
      }),
    );
  }

  async draw() {
    if (this.destroyed || !window.Plotly || !this.payload || !this.root.isConnected) return;
    const width = this.root.clientWidth;
    if (!width) return;
    const { text, payload } = this;
    const [id, figure] = this.currentFigure();
    const frame = frameFor(figure, controlState(this.follow), this.payload.options);
    const [, size] = this.sized(id, figure);
    const state = `${id} ${frame?.name} ${width}`;
    const whole = `${state} ${size.height} ${size.scale}`;
    if (whole === this.shown) return;

    const { data, layout } = atFrame(figure, frame);
    layout.width = size.width;
    layout.height = size.height;
    const camera = cameras.get(this.payload.key);
    if (camera) for (const scene of sceneNames(layout)) layout[scene] = { ...layout[scene], camera };
    layout.uirevision = this.payload.key;
    this.placeSlider(layout, size);
    place(this.plot, size);

    const next = { id, data, layout };
    const patched = this.patch(next);
    if (!patched) {
      const own = structuredClone({ data, layout }); // Plotly writes into what it is given
      await window.Plotly.react(this.plot, own.data, own.layout, {
        displayModeBar: false,
        responsive: false,
      });
    }
    if (this.destroyed) {
      window.Plotly.purge(this.plot);
      return;
    }
    this.drawn = next;
    this.picture = { ...payload.clicked_in, frame: frame?.name };
    if (text === this.text) this.shown = whole; // else newer data came while Plotly drew these
    this.pictures += 1;
    const status = {
      state,
      pictures: String(this.pictures),
      layout: id,
      moving: String(patched),
      scale: size.scale,
    };
    Object.assign(this.root.dataset, status);
    this.announcer.picture(this.words(next));
    this.interaction ??= new Interaction(this);
  }

  // What is said of a picture. A figure without a sentence has its alternative, which is the label as well: the first one
  // need not be there twice.
  words(figure) {
    const { alt } = this.payload;
    this.firstAlt ??= alt;
    return sentence(figure) || (alt === this.firstAlt ? "" : alt);
  }

  // Patches the plot if it can be; at rest it is drawn again, exactly.
  patch(next) {
    clearTimeout(this.rest);
    const exact = !this.drawn || this.exact || this.drawn.id !== next.id;
    this.exact = false;
    const changes = exact ? null : findChanges(this.drawn, next);
    try {
      if (!changes || !patchPlot(this.plot, changes)) return false;
    } catch (error) {
      console.warn("lossviz chart: drawn instead of patched:", error);
      return false;
    }
    this.rest = setTimeout(() => {
      this.exact = true;
      this.shown = null;
      this.schedule();
    }, REST);
    return true;
  }

  destroy() {
    this.destroyed = true;
    this.resize.disconnect();
    this.theme.disconnect();
    this.control.disconnect();
    this.announcer.stop();
    cancelAnimationFrame(this.pending);
    clearTimeout(this.rest);
    this.queue.finally(() => window.Plotly?.purge(this.plot));
  }
}

export default function mount(component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector(".lossviz-chart");
  let chart = charts.get(root);
  if (!chart) {
    chart = new Chart(root);
    charts.set(root, chart);
  }
  chart.update(component, typeof data === "string" ? data : new TextDecoder().decode(data));
  return () => {
    charts.delete(root);
    chart.destroy();
  };
}
