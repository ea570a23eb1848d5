// What a viewer does in a chart: turns a scene, clicks in a map, drags a point that moves a slider.

import { nearestStep, setSliderValue, sliderInput } from "./controls.js";
import { dataAt, drawnScenes, lastPoint, valueAt } from "./plotly_internals.js";

export const cameras = new Map(); // chart key -> camera that the viewer has turned to

const REACH = 30; // px around a point that can be dragged

export class Interaction {
  constructor(chart) {
    this.chart = chart;
    this.plot = chart.plot;
    this.dragged = null;
    this.plot.on("plotly_relayouting", (event) => this.onTurn(event));
    this.plot.on("plotly_relayout", (event) => this.onTurn(event));
    this.plot.addEventListener("click", (event) => this.onClick(event));
    this.plot.addEventListener("pointerdown", (event) => this.onPointerDown(event), true);
    this.plot.addEventListener("pointermove", (event) => this.onPointerMove(event), true);
    for (const end of ["pointerup", "pointercancel"]) {
      this.plot.addEventListener(end, () => this.onPointerUp(), true);
    }
  }

  // The other scenes of the figure turn along.
  onTurn(event) {
    const turned = Object.keys(event).find((name) => /^scene\d*\.camera$/.test(name));
    if (!turned || this.turning) return;
    const camera = event[turned];
    cameras.set(this.chart.payload.key, camera);
    const others = drawnScenes(this.plot).filter((name) => `${name}.camera` !== turned);
    if (!others.length) return;
    this.turning = true; // the events of the other scenes must not come back here
    const follow = Object.fromEntries(others.map((name) => [`${name}.camera`, camera]));
    window.Plotly.relayout(this.plot, follow).finally(() => {
      this.turning = false;
    });
  }

  slider() {
    return this.chart.follow && sliderInput(this.chart.follow);
  }

  // The point that moves the followed slider, by the figure's meta: [index of the trace, "x" or "y"].
  grip() {
    const [index, along] = this.plot.layout?.meta?.grip ?? [];
    const point = this.slider() && index !== undefined && lastPoint(this.plot, index);
    return point ? { x: point.x, y: point.y, along, axis: point.axes[along] } : null;
  }

  position(event) {
    const box = this.plot.getBoundingClientRect();
    const scale = box.width / this.plot.offsetWidth;
    return { x: (event.clientX - box.left) / scale, y: (event.clientY - box.top) / scale };
  }

  // The grip, if it is within reach of the pointer.
  gripNear(event) {
    const grip = this.grip();
    const at = this.position(event);
    return grip && Math.hypot(at.x - grip.x, at.y - grip.y) <= REACH ? grip : null;
  }

  onPointerDown(event) {
    const grip = event.button ? null : this.gripNear(event);
    if (!grip) return;
    this.dragged = grip;
    this.plot.setPointerCapture(event.pointerId);
    this.plot.style.cursor = "grabbing";
    event.preventDefault();
    event.stopPropagation();
  }

  onPointerMove(event) {
    if (!this.dragged) {
      this.plot.style.cursor = event.pointerType === "mouse" && this.gripNear(event) ? "grab" : "";
      return;
    }
    const input = this.slider();
    if (!input) return;
    const { axis, along } = this.dragged;
    const value = nearestStep(input, valueAt(axis, this.position(event)[along]));
    if (Number(input.value) !== value) setSliderValue(input, value); // the server is told at the release
    event.stopPropagation();
  }

  onPointerUp() {
    if (!this.dragged) return;
    this.dragged = null;
    this.plot.style.cursor = "";
    const input = this.slider();
    if (input) this.chart.component.setTriggerValue("dragged", Number(input.value));
  }

  // A click anywhere in a map, not only on a point, in the data's own coordinates.
  onClick(event) {
    const place = this.chart.payload.clickable && dataAt(this.plot, this.position(event));
    if (place) this.chart.component.setTriggerValue("click", { ...place, picture: this.chart.picture });
  }
}
