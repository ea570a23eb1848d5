// A play button that moves a slider of the page as a drag would; whatever follows the slider plays.

import { setSliderValue, sliderInput } from "./controls.js";

const TICK = 40; // ms
const LAST = 60; // ms in which the last value is drawn before the server is told

const players = new WeakMap(); // button -> { timer }

// By how much a slider moves at each tick, to reach its end in about so many seconds: at least one step.
export function incrementPerTick(low, high, step, seconds) {
  return Math.max(step, step * Math.round((high - low) / step / ((seconds * 1000) / TICK)));
}

export default function mount({ data, parentElement, setTriggerValue }) {
  const button = parentElement.querySelector("button");
  const player = players.get(button) ?? { timer: 0 };
  players.set(button, player);

  const show = () => {
    const playing = Boolean(player.timer);
    button.dataset.playing = String(playing);
    button.setAttribute("aria-label", playing ? "Pause" : "Play");
  };
  const stop = () => {
    clearInterval(player.timer);
    player.timer = 0;
    show();
    const input = sliderInput(data.follow);
    if (input) setTriggerValue("stopped", Number(input.value));
  };
  const play = () => {
    const input = sliderInput(data.follow);
    if (!input) return;
    const [low, high, step] = [input.min, input.max, input.step].map(Number);
    let value = Number(input.value);
    if (value >= high) {
      value = low;
      setSliderValue(input, value);
    }
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) {
      setSliderValue(input, high);
      stop();
      return;
    }
    const increment = incrementPerTick(low, high, step, data.seconds);
    const tick = () => {
      const slider = sliderInput(data.follow);
      if (!slider || !button.isConnected) {
        clearInterval(player.timer);
      } else if (Number(slider.value) !== value) {
        stop(); // the viewer has moved the slider
      } else {
        value = Math.min(high, Number((value + increment).toFixed(6)));
        setSliderValue(slider, value);
        if (value >= high) {
          clearInterval(player.timer);
          setTimeout(stop, LAST);
        }
      }
    };
    player.timer = setInterval(tick, TICK);
    show();
  };
  button.onclick = () => (player.timer ? stop() : play());
  show();
  return () => {
    clearInterval(player.timer);
    players.delete(button);
  };
}
