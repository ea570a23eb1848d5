// Streamlit's sliders, as a screen reader finds them. They are named twice, by their group and by themselves ("Step, Step,
// slider"), and the value and the ends are in the slider as well as beside it as text. Once is enough.

const BESIDE = '[data-testid="stSliderTickBar"], [data-testid="stSliderThumbValue"]';

function tidy() {
  for (const input of document.querySelectorAll(".stSlider input[type=range][aria-labelledby]")) {
    const group = input.closest("[role=group]");
    if (!group || group.getAttribute("aria-label") !== input.getAttribute("aria-label")) continue;
    input.removeAttribute("aria-labelledby"); // its own aria-label stays
    group.removeAttribute("aria-label");
  }
  for (const text of document.querySelectorAll(`:is(${BESIDE}):not([aria-hidden])`)) {
    text.setAttribute("aria-hidden", "true");
  }
}

let watching = false;

// From now on, in all of the page: sliders come and go as views change.
export function tidySliders() {
  if (watching) return;
  watching = true;
  let pending = false;
  const observer = new MutationObserver(() => {
    if (pending) return;
    pending = true;
    requestAnimationFrame(() => {
      pending = false;
      tidy();
    });
  });
  observer.observe(document.body, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["aria-labelledby"],
  });
  tidy();
}
