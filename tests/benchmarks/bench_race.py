"""How fast the page Race is in a browser: figures per second while it trains, blank frames among them, how
soon a control answers meanwhile, and figures per second while a finished training's slider is dragged.

    python tests/benchmarks/bench_race.py

Two runs, 8 seeds; curves with decision boundaries, and the layers' heat map. Nothing here fails: it
prints what it measured beside its aim.
"""

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "browser"))

from driving import ARGUMENTS, CHROMIUM, WIDE, Viewer, serving  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

RACE = "/race?race_step=0&race_speed=Slow&race_rate=0.02"  # slow, to last longer than the measurement
SECONDS, CLICKS, DRAG = 4.0, 6, 3.0
BLANK = """() => {
  const watch = (window.watch = { frames: 0, blank: 0, on: true });
  const look = () => {
    const plot = document.querySelector(".lossviz-plot .main-svg");
    watch.frames += 1;
    if (!plot || !plot.childElementCount) watch.blank += 1;
    if (watch.on) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""

ANSWER = """([name, axis]) => new Promise((done) => {
  const named = () => [...document.querySelectorAll(".lossviz-plot .annotation-text")].some((t) =>
    t.textContent.startsWith(axis));
  const start = performance.now();
  const look = () => (named() ? done(performance.now() - start) : requestAnimationFrame(look));
  [...document.querySelectorAll(".st-key-race_measure button")].find((b) => b.textContent === name).click();
  requestAnimationFrame(look);
})"""


def frame_rate(viewer: Viewer) -> tuple[float, int, int]:
    """Figures per second, animation frames, blank ones among them."""
    viewer.page.evaluate(BLANK)
    start, before = time.perf_counter(), viewer.pictures
    viewer.page.wait_for_timeout(1000 * SECONDS)
    rate = (viewer.pictures - before) / (time.perf_counter() - start)
    watch = viewer.page.evaluate("() => { window.watch.on = false; return window.watch; }")
    return rate, watch["frames"], watch["blank"]


def answer_time(viewer: Viewer) -> float:
    """Median milliseconds in the browser from a click on a measure to its name on the axis."""
    took = []
    names = ("Cross-entropy", "Accuracy")
    for k in range(CLICKS):
        name, axis = names[k % 2], ("cross-entropy, nats", "accuracy on new examples")[k % 2]
        took.append(viewer.page.evaluate(ANSWER, [name, axis]))
        viewer.page.wait_for_timeout(300)
    return median(took)


def drag_rate(viewer: Viewer) -> float:
    """Figures per second while the slider's handle is dragged to and fro."""
    x, y = viewer.grip("race_step")
    viewer.page.mouse.move(x, y)
    viewer.page.mouse.down()
    before, start, step = viewer.pictures, time.perf_counter(), 0
    while time.perf_counter() < start + DRAG:
        step += 1
        viewer.page.mouse.move(x - 400 * abs((step % 100) / 50 - 1), y)
    rate = (viewer.pictures - before) / (time.perf_counter() - start)
    viewer.page.mouse.up()
    return rate


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        for server in serving(Path(folder)):
            viewer = Viewer(server, None, chromium.new_context(viewport=WIDE).new_page())
            for view in ("Curves", "Layers"):
                viewer.open(f"{RACE}&race_view={view}")
                viewer.page.get_by_role("button", name="Play").first.click()
                viewer.page.get_by_role("button", name="Pause").first.wait_for()
                rate, frames, blank = frame_rate(viewer)
                print(f"{view:8} while it trains: {rate:.1f} pictures a second (aim 5); "
                      f"{blank} of {frames} frames blank (aim 0)")  # fmt: skip
                if view == "Curves":
                    print(f"{'':8} a control answers in {answer_time(viewer):.0f} ms (aim 300)")
                viewer.page.get_by_role("button", name="Pause").first.click()
                viewer.page.get_by_role("button", name="Play").first.wait_for()
            viewer.open("/race?race_step=600")
            print(f"{'':8} dragging the slider: {drag_rate(viewer):.0f} pictures a second (aim 20)")
        chromium.close()


if __name__ == "__main__":
    main()
