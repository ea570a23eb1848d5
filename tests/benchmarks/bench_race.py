"""How fast a race is watched, in a browser: pictures a second while it trains, blank ones among them, how
soon a control answers meanwhile, and how fast a finished race is looked back through.

    python tests/benchmarks/bench_race.py

Two contestants, 8 seeds, curves, portraits and the layers' heat map in turns. Nothing here fails: it prints
what it measured beside what was aimed at.
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

RACE = "/race?race_step=0&race_speed=Slow&race_rate=0.02"  # slow: a record at a time, longer than we look
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


def watched(one: Viewer) -> tuple[float, int, int]:
    """Pictures a second, frames of animation, blank ones among them."""
    one.page.evaluate(BLANK)
    start, before = time.perf_counter(), one.pictures
    one.page.wait_for_timeout(1000 * SECONDS)
    rate = (one.pictures - before) / (time.perf_counter() - start)
    watch = one.page.evaluate("() => { window.watch.on = false; return window.watch; }")
    return rate, watch["frames"], watch["blank"]


def answers(one: Viewer) -> float:
    """Median milliseconds in the browser from a click on a measure to its name on the axis."""
    took = []
    names = ("Cross-entropy", "Accuracy")
    for k in range(CLICKS):
        name, axis = names[k % 2], ("cross-entropy, nats", "accuracy on new examples")[k % 2]
        took.append(one.page.evaluate(ANSWER, [name, axis]))
        one.page.wait_for_timeout(300)
    return median(took)


def scrubbed(one: Viewer) -> float:
    """Pictures a second while the slider's grip is dragged to and fro."""
    x, y = one.grip("race_step")
    one.page.mouse.move(x, y)
    one.page.mouse.down()
    before, start, step = one.pictures, time.perf_counter(), 0
    while time.perf_counter() < start + DRAG:
        step += 1
        one.page.mouse.move(x - 400 * abs((step % 100) / 50 - 1), y)
    rate = (one.pictures - before) / (time.perf_counter() - start)
    one.page.mouse.up()
    return rate


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        for server in serving(Path(folder)):
            one = Viewer(server, None, chromium.new_context(viewport=WIDE).new_page())
            for view in ("Curves", "Layers"):
                one.open(f"{RACE}&race_view={view}")
                one.page.get_by_role("button", name="Play").first.click()
                one.page.get_by_role("button", name="Pause").first.wait_for()
                rate, frames, blank = watched(one)
                print(f"{view:8} while it trains: {rate:.1f} pictures a second (aim 5); "
                      f"{blank} of {frames} frames blank (aim 0)")  # fmt: skip
                if view == "Curves":
                    print(f"{'':8} a control answers in {answers(one):.0f} ms (aim 300)")
                one.page.get_by_role("button", name="Pause").first.click()
                one.page.get_by_role("button", name="Play").first.wait_for()
            one.open("/race?race_step=600")
            print(f"{'':8} looking back: {scrubbed(one):.0f} pictures a second (aim 20)")
        chromium.close()


if __name__ == "__main__":
    main()
