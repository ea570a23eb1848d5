"""How fast the app is in a browser, against an empty Streamlit page in the same run.

    python tests/benchmarks/bench_browser.py

Milliseconds depend on the machine and on what else it does; the ratios much less, because the cases take
turns. Nothing here fails: it prints what it measured beside what was aimed at.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "browser"))

from driving import ARGUMENTS, CHROMIUM, WIDE, Viewer, serving, until  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

PRESSES, WARM_UP, STARTS, DRAG = 30, 5, 5, 4.0
CASES = {"empty": ("empty fragment", 0.0), "lines": ("one chart, 4 lines x 401", 2.5),
         "panels": ("four panels", 6.0), "surface": ("3-D surface 51 x 51", 4.0)}  # fmt: skip

# From the key's own event to the next picture, or to the next text of the empty page, in the browser's time.
WATCH = """() => {
  window.took = null;
  const text = document.querySelector(".bench"); // of the empty page
  const seen = text ? text.closest(".stHtml").parentElement : document.querySelector(".lossviz-chart");
  let pressed = 0;
  document.addEventListener("keydown", () => { pressed = performance.now(); }, true);
  new MutationObserver(() => {
    if (pressed) requestAnimationFrame(() => { window.took ??= performance.now() - pressed; });
  }).observe(seen, {
    subtree: true, childList: true, characterData: true, attributeFilter: ["data-pictures"],
  });
}"""


def viewer(chromium: Any, server: Any) -> Viewer:
    context = chromium.new_context(viewport=WIDE, color_scheme="light")
    return Viewer(server, context, context.new_page())


def press(one: Viewer) -> float:
    """Milliseconds from a key press on the slider to the picture."""
    one.page.evaluate("window.took = null")
    one.page.keyboard.press("ArrowRight")
    return float(until(lambda: one.page.evaluate("window.took"), lambda ms: ms is not None))


def key_to_picture(chromium: Any, folder: Path) -> dict[str, list[float]]:
    """Each case in a tab of its own; the tabs take turns."""
    took: dict[str, list[float]] = {case: [] for case in CASES}
    for server in serving(folder, HERE / "cases_app.py"):
        tabs = {case: viewer(chromium, server) for case in CASES}
        for case, one in tabs.items():
            one.page.goto(f"{server.url}/?case={case}")
            one.page.locator(".bench" if case == "empty" else ".lossviz-chart[data-pictures]").wait_for(
                state="attached"
            )
            one.page.evaluate(WATCH)
            one.slider("value").focus()
        for turn in range(WARM_UP + PRESSES):
            for case, one in tabs.items():
                ms = press(one)
                if turn >= WARM_UP:
                    took[case].append(ms)
        for one in tabs.values():
            one.context.close()
    return took


def dragging(chromium: Any, folder: Path) -> float:
    """Pictures a second on Stuck neuron while the pointer is down and moving."""
    for server in serving(folder):
        one = viewer(chromium, server).open("/stuck-neuron")
        x, y = one.grip("neuron_z")
        one.page.mouse.move(x, y)
        one.page.mouse.down()
        pictures, begun, step = one.pictures, time.monotonic(), 0
        while (now := time.monotonic()) < begun + DRAG:
            step += 1
            one.page.mouse.move(x - abs(step * 7 % 800 - 400), y)
        rate = (one.pictures - pictures) / (now - begun)
        one.page.mouse.up()
        one.context.close()
    return rate


def first_title(chromium: Any, folder: Path, script: Path) -> float:
    """Seconds from the first request to a server that has just started to its title."""
    for server in serving(folder, script):
        one = viewer(chromium, server)
        begun = time.monotonic()
        one.page.goto(server.url)
        one.page.locator("h1").wait_for()
        seconds = time.monotonic() - begun
        one.context.close()
    return seconds


def row(name: str, measured: str, compared: float, target: float, met: Callable[[float, float], bool]) -> str:
    unit = "x" if met(0, 1) else "/s"
    verdict = "" if not target else "met" if met(compared, target) else "MISSED"
    aim = f"{target:g}{unit}" if target else ""
    return f"{name:28} {measured:>16} {compared:8.2f}{unit:3} {aim:>7}  {verdict}"


def main() -> None:
    if CHROMIUM is None:
        sys.exit("no Chromium on the PATH")

    def below(value: float, target: float) -> bool:
        return value <= target

    with sync_playwright() as play, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        took = key_to_picture(chromium, folder)
        rate = dragging(chromium, folder)
        titles: dict[str, list[float]] = {"app": [], "plain": []}
        for _ in range(STARTS):
            titles["plain"].append(first_title(chromium, folder, HERE / "plain_app.py"))
            titles["app"].append(first_title(chromium, folder, HERE.parents[1] / "app.py"))
        chromium.close()

    empty = median(took["empty"])
    print(f"{'key press to picture':28} {'p50 / p95 ms':>16} {'to empty':>11} {'target':>7}")
    for case, (label, target) in CASES.items():
        times = sorted(took[case])
        spread = f"{median(times):.0f} / {times[int(0.95 * len(times))]:.0f}"
        print(row(label, spread, median(times) / empty, target, below))
    print(row("dragging, precomputed", "", rate, 20.0, lambda value, target: value >= target))
    app, plain = median(titles["app"]), median(titles["plain"])
    print(row("first title", f"{app:.2f} / {plain:.2f} s", app / plain, 1.2, below))


if __name__ == "__main__":
    main()
