// One chart, updated in place. Plotly redraws the same element, so zoom, camera and focus are kept;
// a named slider of the page is followed while it is dragged, and a named choice when it is made, by pictures
// that came with the figure.

const charts = new WeakMap(); // parentElement -> Chart
const cameras = new Map(); // chart key -> camera that the viewer has turned to

const GRIP = 30; // px around a point that can be dragged
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

function isDark(element) {
  const probe = getComputedStyle(element).getPropertyValue("--st-background-color").trim();
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(probe);
  if (!hex) return false;
  const [r, g, b] = hex.slice(1).map((part) => parseInt(part, 16));
  return 0.3 * r + 0.6 * g + 0.1 * b < 128;
}

function recolour(text, colours) {
  const names = Object.keys(colours).map((name) => name.replace(/[()]/g, "\\$&"));
  return text.replace(new RegExp(names.join("|"), "g"), (found) => colours[found]);
}

function merge(base, part) {
  const merged = { ...base };
  for (const [key, value] of Object.entries(part)) {
    const deep = value && typeof value === "object" && !Array.isArray(value) && !("bdata" in value);
    merged[key] = deep && merged[key] ? merge(merged[key], value) : value;
  }
  return merged;
}

const slider = (key) => document.querySelector(`.st-key-${key} input[type=range]`);
const pressed = (key) => document.querySelector(`.st-key-${key} button[aria-checked=true]`)?.textContent;
const setValue = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

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

  frame(figure) {
    if (!figure.frames?.length) return null;
    const input = this.follow && slider(this.follow);
    if (!input) return figure.frames.find((f) => f.name === pressed(this.follow)) ?? null;
    const value = Number(input.value);
    if (!figure.byValue) figure.byValue = figure.frames.map((f) => Number(f.name));
    let best = 0;
    figure.byValue.forEach((v, i) => {
      if (Math.abs(v - value) < Math.abs(figure.byValue[best] - value)) best = i;
    });
    return figure.frames[best];
  }

  async draw() {
    if (this.gone || !window.Plotly || !this.payload || !this.root.isConnected) return;
    const width = this.root.clientWidth;
    if (!width) return;
    const [id, figure] = this.figure();
    const frame = this.frame(figure);
    const state = `${id} ${frame?.name} ${width}`;
    if (state === this.shown) return;

    let { data, layout } = figure;
    if (frame) {
      data = data.slice();
      (frame.traces ?? []).forEach((index, k) => (data[index] = merge(data[index], frame.data[k])));
      layout = { ...layout };
      for (const [kind, change] of Object.entries(frame.layout ?? {})) {
        layout[kind] = Array.isArray(change)
          ? layout[kind].map((item, i) => (i < change.length ? merge(item, change[i]) : item))
          : merge(layout[kind] ?? {}, change);
      }
    } else {
      layout = { ...layout };
    }
    for (const [index, length] of layout.meta?.upto ?? []) {
      const trace = { ...(data === figure.data ? (data = data.slice()) : data)[index] };
      for (const axis of ["x", "y", "z"]) {
        if (Array.isArray(trace[axis])) trace[axis] = trace[axis].slice(0, length);
      }
      data[index] = trace;
    }
    const aspect = layout.meta?.aspect; // height = slope * width + offset, so that maps stay square
    layout.width = width;
    if (aspect) layout.height = Math.round(aspect[0] * width + aspect[1]);
    const camera = cameras.get(this.payload.key);
    if (camera) for (const scene of this.scenes(layout)) layout[scene] = { ...layout[scene], camera };
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
    this.listen();
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

  scenes(layout) {
    return Object.keys(layout).filter((name) => /^scene\d*$/.test(name));
  }

  listen() {
    if (this.listening) return;
    this.listening = true;
    const turned = (event) => {
      const scene = Object.keys(event).find((name) => /^scene\d*\.camera$/.test(name));
      if (!scene || this.turning) return;
      const camera = event[scene];
      cameras.set(this.payload.key, camera);
      const others = this.scenes(this.plot._fullLayout).filter((name) => `${name}.camera` !== scene);
      if (!others.length) return;
      this.turning = true; // the other scenes follow; their own events must not come back here
      const turn = Object.fromEntries(others.map((name) => [`${name}.camera`, camera]));
      window.Plotly.relayout(this.plot, turn).finally(() => (this.turning = false));
    };
    this.plot.on("plotly_relayouting", turned);
    this.plot.on("plotly_relayout", turned);
    this.plot.addEventListener("click", (event) => this.click(event));
    this.plot.addEventListener("pointerdown", (event) => this.take(event), true);
    this.plot.addEventListener("pointermove", (event) => this.drag(event), true);
    for (const end of ["pointerup", "pointercancel"]) {
      this.plot.addEventListener(end, (event) => this.release(event), true);
    }
  }

  // A point of the picture that is a grip of the followed slider: where it is, and along which axis it goes.
  grip() {
    const [index, along] = this.plot.layout?.meta?.grip ?? [];
    const trace = this.follow && slider(this.follow) && this.plot._fullData?.[index];
    if (!trace?.x?.length) return null;
    const full = this.plot._fullLayout;
    const axis = (name) => full[`${name[0]}axis${name.slice(1)}`];
    const [x, y] = [axis(trace.xaxis), axis(trace.yaxis)];
    return { x: x._offset + x.c2p(trace.x.at(-1)), y: y._offset + y.c2p(trace.y.at(-1)), along, axis: { x, y }[along] };
  }

  place(event) {
    const box = this.plot.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  take(event) {
    const grip = this.grip();
    const at = this.place(event);
    if (!grip || event.button || Math.hypot(at.x - grip.x, at.y - grip.y) > GRIP) return;
    this.held = grip;
    this.plot.setPointerCapture(event.pointerId);
    this.plot.style.cursor = "grabbing";
    event.preventDefault();
    event.stopPropagation();
  }

  drag(event) {
    const at = this.place(event);
    if (!this.held) {
      const grip = event.pointerType === "mouse" && this.grip();
      this.plot.style.cursor = grip && Math.hypot(at.x - grip.x, at.y - grip.y) <= GRIP ? "grab" : "";
      return;
    }
    const input = slider(this.follow);
    if (!input) return;
    const { axis, along } = this.held;
    const [low, high, step] = [input.min, input.max, input.step].map(Number);
    const wanted = low + step * Math.round((axis.p2c(at[along] - axis._offset) - low) / step);
    const value = Number(Math.min(high, Math.max(low, wanted)).toFixed(6));
    if (Number(input.value) !== value) {
      setValue.call(input, String(value)); // as a hand on the slider would, and like that sent at the release
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }
    event.stopPropagation();
  }

  release() {
    if (!this.held) return;
    this.held = null;
    this.plot.style.cursor = "";
    const input = slider(this.follow);
    if (input) this.component.setTriggerValue("dragged", Number(input.value));
  }

  // A click anywhere in a map, not only on a point: in the data's own coordinates. A figure with other
  // panels than maps names the one that takes clicks in its meta.
  click(event) {
    if (!this.payload.clickable) return;
    const full = this.plot._fullLayout;
    const box = this.plot.getBoundingClientRect();
    for (const id of Object.keys(full._plots ?? {})) {
      if ((full.meta?.click ?? id) !== id) continue;
      const { xaxis, yaxis } = full._plots[id];
      const x = event.clientX - box.left - xaxis._offset;
      const y = event.clientY - box.top - yaxis._offset;
      if (x >= 0 && y >= 0 && x <= xaxis._length && y <= yaxis._length) {
        this.component.setTriggerValue("click", { x: xaxis.p2d(x), y: yaxis.p2d(y) });
        return;
      }
    }
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
