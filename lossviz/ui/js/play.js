// A play button that moves a slider of the page, as a hand would; whatever follows the slider plays.

const players = new WeakMap(); // button -> { timer }

const slider = (key) => document.querySelector(`.st-key-${key} input[type=range]`);
const setValue = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;

function move(input, value) {
  setValue.call(input, String(value)); // React keeps its own value property on the element
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
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
    const input = slider(data.follow);
    if (input) setTriggerValue("stopped", Number(input.value));
  };
  button.onclick = () => {
    if (player.timer) return stop();
    const input = slider(data.follow);
    if (!input) return;
    const [low, high, step] = [input.min, input.max, input.step].map(Number);
    let value = Number(input.value);
    if (value >= high) move(input, (value = low));
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) {
      move(input, high);
      return stop();
    }
    const perTick = Math.max(step, step * Math.round((high - low) / step / (data.seconds * 25)));
    player.timer = setInterval(() => {
      const now = slider(data.follow);
      if (!now || !button.isConnected) return clearInterval(player.timer);
      if (Number(now.value) !== value) return stop(); // somebody else took the slider
      value = Math.min(high, Number((value + perTick).toFixed(6)));
      move(now, value);
      if (value >= high) setTimeout(stop, 60), clearInterval(player.timer);
    }, 40);
    show();
  };
  show();
  return () => {
    clearInterval(player.timer);
    players.delete(button);
  };
}
