// One chart, updated in place. Plotly redraws the same element, so zoom, camera and focus are kept;
// a named slider of the page is followed while it is dragged, and a named choice when it is made, by pictures
// that came with the figure.

const charts = new WeakMap(); // parentElement -> Chart

const NARROW = 560; // px of chart width below which the narrow layout is drawn
const REST = 500; // ms without a new picture after which a motion has come to rest

function loadPlotly(source) {
  if (!window.lossvizPlotly) {
    window.lossvizPlotly = new Promise((resolve) => {
      if (window.Plotly) return resolve(true);
      const script = document.createElement("script");
      script.src = new URL(source, document.baseURI).href;
      script.onload = () => resolve(Boolean(window.Plotly)); // a missing route answers with a page
      script.onerror = () => resolve(false);
      document.head.append(script);
    });
  }
  return window.lossvizPlotly;
}

class Chart {
  constructor(root) {
    this.root = root;
    this.plot = root.querySelector(".lossviz-plot");
    this.tabs = root.querySelector(".lossviz-tabs");
    this.panel = 0;
    this.told = false; // that it is narrow
    this.pictures = 0;
    this.gone = false;
    this.busy = Promise.resolve();
    this.resize = new ResizeObserver(() => this.schedule());
    this.resize.observe(root);
    this.theme = new MutationObserver(() => this.schedule());
    for (let node = root; node; node = node.parentElement) {
      this.theme.observe(node, { attributes: true, attributeFilter: ["style", "class"] });
    }
    this.onInput = (event) => {
      if (this.follow && event.target === slider(this.follow)) this.schedule();
    };
    document.addEventListener("input", this.onInput, true);
  }

  update(component, text) {
    this.component = component;
    if (text !== this.text) {
      this.text = text;
      this.payload = JSON.parse(text);
      this.shown = null;
      this.parsed = {};
    }
    this.follow = this.payload.follow;
    this.watchControl();
    this.root.setAttribute("aria-label", this.payload.alt);
    loadPlotly(this.payload.plotly).then((loaded) => {
      if (loaded) this.schedule();
      else component.setStateValue("missing", true);
    });
  }

  // The control's own DOM is Streamlit's: it may be replaced at any rerun, so it is found anew each time.
  watchControl() {
    const box = this.follow && document.querySelector(`.st-key-${this.follow}`);
    if (box === this.box) return;
    this.controlObserver?.disconnect();
    this.box = box;
    if (!box) {
      if (this.follow) setTimeout(() => !this.gone && (this.watchControl(), this.schedule()), 50);
      return;
    }
    this.controlObserver = new MutationObserver(() => this.schedule());
    this.controlObserver.observe(box, {
      subtree: true, childList: true, attributes: true, attributeFilter: ["value", "aria-valuetext", "aria-checked"],
    });
    this.schedule();
  }

  schedule() {
    if (this.pending || this.gone) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = 0;
      this.busy = this.busy.then(() => this.draw()).catch((error) => {
        if (!this.gone) console.error("lossviz chart:", error);
      });
    });
  }

  figure() {
    const names = Object.keys(this.payload.narrow);
    const small = this.root.clientWidth < NARROW;
    const narrow = this.payload.wide ? small && names.length > 0 : true; // of a live chart one layout may be missing
    if (this.payload.live && small !== this.told) this.component.setStateValue("narrow", (this.told = small));
    const dark = isDark(this.root);
    this.panel = Math.min(this.panel, names.length - 1);
    const which = narrow ? names[this.panel] : "";
    const id = `${narrow ? "n" + this.panel : "w"}${dark ? "d" : "l"}`;
    if (!this.parsed[id]) {
      const figure = narrow ? this.payload.narrow[which] : this.payload.wide;
      const source = JSON.stringify(figure);
      this.parsed[id] = JSON.parse(dark ? recolour(source, this.payload.dark) : source);
    }
    this.drawTabs(narrow && names.length > 1 ? names : []);
    return [id, this.parsed[id]];
  }

  drawTabs(names) {
    const state = names.join("|") + this.panel;
    if (this.tabState === state) return;
    this.tabState = state;
    this.tabs.replaceChildren(
      ...names.map((name, i) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = name;
        button.setAttribute("aria-pressed", String(i === this.panel));
        button.onclick = () => {
          this.panel = i;
          this.schedule();
        };
        return button;
      }),
    );
  }

  async draw() {
    if (this.gone || !window.Plotly || !this.payload || !this.root.isConnected) return;
    const width = this.root.clientWidth;
    if (!width) return;
    const [id, figure] = this.figure();
    const frame = frameOf(figure, this.follow);
    const state = `${id} ${frame?.name} ${width}`;
    if (state === this.shown) return;

    const { data, layout } = atFrame(figure, frame);
    const aspect = layout.meta?.aspect; // height = slope * width + offset, so that maps stay square
    layout.width = width;
    if (aspect) layout.height = Math.round(aspect[0] * width + aspect[1]);
    const camera = cameras.get(this.payload.key);
    if (camera) for (const scene of scenes(layout)) layout[scene] = { ...layout[scene], camera };
    layout.uirevision = this.payload.key;

    const next = { id, data, layout };
    const moved = this.move(next);
    if (!moved) {
      const own = structuredClone({ data, layout }); // Plotly writes into what it is given
      await window.Plotly.react(this.plot, own.data, own.layout, { displayModeBar: false, responsive: false });
    }
    if (this.gone) return window.Plotly.purge(this.plot);
    this.drawn = next;
    this.shown = state;
    this.pictures += 1;
    Object.assign(this.root.dataset, { state, pictures: String(this.pictures), layout: id, moving: String(moved) });
    this.hands ??= new Hands(this);
  }

  // What only moves is moved; at rest it is drawn anew, exactly.
  move(next) {
    clearTimeout(this.rest);
    const exact = !this.drawn || this.exact || this.drawn.id !== next.id;
    this.exact = false;
    if (exact) return false;
    try {
      if (!nudge(this.plot, this.drawn, next)) return false;
    } catch (error) {
      console.warn("lossviz chart: drawn instead of moved:", error);
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
    this.gone = true;
    this.resize.disconnect();
    this.theme.disconnect();
    this.controlObserver?.disconnect();
    document.removeEventListener("input", this.onInput, true);
    cancelAnimationFrame(this.pending);
    clearTimeout(this.rest);
    this.busy.finally(() => window.Plotly?.purge(this.plot));
  }
}

export default function (component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector(".lossviz-chart");
  let chart = charts.get(root);
  if (!chart) charts.set(root, (chart = new Chart(root)));
  chart.update(component, typeof data === "string" ? data : new TextDecoder().decode(data));
  return () => {
    charts.delete(root);
    chart.destroy();
  };
}
