// Streamlit's own controls in the page, found by the key that they were given in Python.

const setNativeValue =
  typeof HTMLInputElement === "undefined"
    ? null // under Node, where the unit tests run
    : Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;

const container = (key) => document.querySelector(`.st-key-${key}`);

export const sliderInput = (key) => document.querySelector(`.st-key-${key} input[type=range]`);

// Sets a slider as a drag would: whatever follows it sees an input event, and the server hears nothing yet.
export function setSliderValue(input, value) {
  setNativeValue.call(input, String(value)); // React keeps its own value property on the element
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

// The state of a control: {value} of a slider, {index} of the chosen button of a segmented control, or null.
export function controlState(key) {
  if (!key) return null;
  const input = sliderInput(key);
  if (input) return { value: Number(input.value) };
  const buttons = [...document.querySelectorAll(`.st-key-${key} button[aria-checked]`)];
  const index = buttons.findIndex((button) => button.getAttribute("aria-checked") === "true");
  return index < 0 ? null : { index };
}

// The nearest step of a slider to a value, within its limits.
export function nearestStep({ min, max, step }, value) {
  const [low, high, size] = [min, max, step].map(Number);
  const wanted = low + size * Math.round((value - low) / size);
  return Number(Math.min(high, Math.max(low, wanted)).toFixed(6));
}

const CHANGES = {
  subtree: true,
  childList: true,
  attributes: true,
  attributeFilter: ["value", "aria-valuetext", "aria-checked"],
};

// Calls back whenever a control changes. Streamlit may add the control's elements after the chart, and may replace them
// at any rerun: so the page is observed, and they are looked for again while there are none.
export class ControlWatcher {
  constructor(onChange) {
    this.onChange = onChange;
    this.key = null;
    this.element = null;
    this.changes = new MutationObserver(onChange);
    this.arrival = new MutationObserver(() => {
      if (this.key && !this.element?.isConnected) this.find(this.key);
    });
    this.arrival.observe(document.body, { subtree: true, childList: true });
    this.onInput = (event) => {
      if (this.key && event.target === sliderInput(this.key)) onChange();
    };
    document.addEventListener("input", this.onInput, true);
  }

  find(key) {
    const element = key ? container(key) : null;
    if (key === this.key && element === this.element && element) return;
    this.key = key;
    this.element = element;
    this.changes.disconnect();
    if (!element) return;
    this.changes.observe(element, CHANGES);
    this.onChange();
  }

  disconnect() {
    this.changes.disconnect();
    this.arrival.disconnect();
    document.removeEventListener("input", this.onInput, true);
  }
}
