// What hands do in a chart: turn a scene, click in a map, take hold of a point that is the grip of a slider.

const cameras = new Map(); // chart key -> camera that the viewer has turned to

const GRIP = 30; // px around a point that can be dragged
const setValue = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;

class Hands {
  constructor(chart) {
    this.chart = chart;
    this.plot = chart.plot;
    this.plot.on("plotly_relayouting", (event) => this.turn(event));
    this.plot.on("plotly_relayout", (event) => this.turn(event));
    this.plot.addEventListener("click", (event) => this.click(event));
    this.plot.addEventListener("pointerdown", (event) => this.take(event), true);
    this.plot.addEventListener("pointermove", (event) => this.drag(event), true);
    for (const end of ["pointerup", "pointercancel"]) {
      this.plot.addEventListener(end, () => this.release(), true);
    }
  }

  turn(event) {
    const turned = Object.keys(event).find((name) => /^scene\d*\.camera$/.test(name));
    if (!turned || this.turning) return;
    const camera = event[turned];
    cameras.set(this.chart.payload.key, camera);
    const others = scenes(this.plot._fullLayout).filter((name) => `${name}.camera` !== turned);
    if (!others.length) return;
    this.turning = true; // the other scenes follow; their own events must not come back here
    const follow = Object.fromEntries(others.map((name) => [`${name}.camera`, camera]));
    window.Plotly.relayout(this.plot, follow).finally(() => (this.turning = false));
  }

  // Where in the picture the grip of the followed slider is, and along which axis it goes.
  grip() {
    const [index, along] = this.plot.layout?.meta?.grip ?? [];
    const trace = this.input() && this.plot._fullData?.[index];
    if (!trace?.x?.length) return null;
    const full = this.plot._fullLayout;
    const axis = (name) => full[`${name[0]}axis${name.slice(1)}`];
    const [x, y] = [axis(trace.xaxis), axis(trace.yaxis)];
    return { x: x._offset + x.c2p(trace.x.at(-1)), y: y._offset + y.c2p(trace.y.at(-1)), along, axis: { x, y }[along] };
  }

  input() {
    return this.chart.follow && slider(this.chart.follow);
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
    const input = this.input();
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
    const input = this.input();
    if (input) this.chart.component.setTriggerValue("dragged", Number(input.value));
  }

  // A click anywhere in a map, not only on a point: in the data's own coordinates. A figure with other
  // panels than maps names the one that takes clicks in its meta.
  click(event) {
    if (!this.chart.payload.clickable) return;
    const full = this.plot._fullLayout;
    const at = this.place(event);
    for (const id of Object.keys(full._plots ?? {})) {
      if ((full.meta?.click ?? id) !== id) continue;
      const { xaxis, yaxis } = full._plots[id];
      const [x, y] = [at.x - xaxis._offset, at.y - yaxis._offset];
      if (x >= 0 && y >= 0 && x <= xaxis._length && y <= yaxis._length) {
        this.chart.component.setTriggerValue("click", { x: xaxis.p2d(x), y: yaxis.p2d(y) });
        return;
      }
    }
  }
}
