"""Takes the pictures of the app: `python assets/take_pictures.py` (needs the extra `test`, and Chromium).

It starts the app on a free port and photographs what the README shows, into assets/screens. With ``--all`` it
photographs every page and view, wide and on a phone, by day and by night, into assets/screens/all, which
git ignores: look at them before you publish a change.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
SCREENS = ROOT / "assets" / "screens"
SCENES = {
    "home": "/",
    "start": "/start-here",
    "start-curve": "/start-here?start_view=Curve",
    "start-surface": "/start-here?start_view=Surface",
    "start-training": "/start-here?start_view=Training",
    "start-logarithm": "/start-here?start_view=Logarithm",
    "start-unit": "/start-here?start_view=Unit",
    "start-sign": "/start-here?start_view=Sign&start_sigma=0.2",
    "start-accuracy": "/start-here?start_view=Accuracy",
    "stuck-neuron": "/stuck-neuron",
    "stuck-neuron-curve": "/stuck-neuron?neuron_view=Learning+curve",
    "stuck-neuron-escape": "/stuck-neuron?neuron_view=Escape+time",
    "two-weights": "/two-weights",
    "two-weights-relief": "/two-weights?weights_view=In+relief",
    "race": "/race",
    "race-layers": "/race?race_view=Layers",
    "edge": "/edge-of-stability",
    "edge-bowl": "/edge-of-stability?edge_view=Bowl",
    "race-seeds": "/race?race_view=Seeds",
    "race-table": "/race?race_view=Table",
    "landscape": "/landscape",
    "landscape-eight": "/landscape?landscape_view=Eight+planes",
    "landscape-rescaled": "/landscape?landscape_view=Rescaled",
    "likelihood": "/likelihood",
    "likelihood-bar": "/likelihood?likelihood_view=One+bar",
    "likelihood-data": "/likelihood?likelihood_view=More+data",
    "numbers": "/numbers",
    "numbers-written": "/numbers?numbers_view=As+written",
    "numbers-floats": "/numbers?numbers_view=As+written&numbers_case=Too+few+digits",
    "numbers-value": "/numbers?numbers_view=This+number%3F",
    "numbers-accuracy": "/numbers?numbers_view=This+number%3F&numbers_of=Accuracy",
    "gallery": "/gallery",
    "gallery-line": "/gallery?gallery_fit=A+line",
    "gallery-shape": "/gallery?gallery_view=Shape",
    "gallery-which": "/gallery?gallery_view=Which+one%3F",
    "metric": "/metric",
    "metric-threshold": "/metric?metric_view=Threshold",
    "metric-calibration": "/metric?metric_view=Calibration",
    "output-codes": "/output-codes",
    "output-codes-unions": "/output-codes?codes_view=Unions",
    "output-codes-meaning": "/output-codes?codes_view=Meaning",
    "output-codes-spare": "/output-codes?codes_view=Spare+words&codes_step=30",
    "output-codes-bits": "/output-codes?codes_view=One+bit+off",
    "output-codes-digits": "/output-codes?codes_view=At+scale",
    "output-codes-many": "/output-codes?codes_view=At+scale&codes_show=Arbitrary%2C+to+1024",
}
SIZES = {"wide": (1440, 900), "projector": (1024, 768), "phone": (390, 844)}
LIGHTS = ("light", "dark")
IN_README = [("home", "wide", light) for light in LIGHTS] + [
    (scene, "wide", "light")
    for scene in (
        "stuck-neuron", "two-weights", "race", "edge", "landscape", "gallery", "likelihood", "numbers",
        "output-codes",
    )
]  # fmt: skip
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PATIENCE = 120_000  # ms for a picture to appear, also on a busy machine
# The state of every chart, two frames of animation later.
STATE = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(
  [...document.querySelectorAll(".lossviz-chart")].map((chart) => chart.dataset.state).join()))))"""


@contextmanager
def app() -> Iterator[str]:
    """The address of a server of the app that answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), f"--server.port={port}"]
    command += ["--server.headless=true", "--server.address=127.0.0.1", "--server.fileWatcherType=none"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        try:
            while not answers(f"http://127.0.0.1:{port}/_stcore/health"):
                if process.poll() is not None:
                    raise SystemExit(f"the app did not start: exit code {process.returncode}")
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:
            return reply.status == 200
    except (urllib.error.URLError, OSError):
        return False


def take(browser: Browser, url: str, size: str, light: str, file: Path, whole: bool) -> None:
    """One picture, when the script has run and no chart is still drawing."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=light,
        device_scale_factor=2 if size == "phone" else 1,
        reduced_motion="reduce",
    )
    try:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(url)
        page.locator(".lossviz-chart[data-pictures]").first.wait_for(state="attached")
        page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
        seen = ["", page.evaluate(STATE)]
        while seen[-1] != seen[-2]:
            seen.append(page.evaluate(STATE))
        page.evaluate("document.fonts.ready.then(() => true)")
        page.wait_for_timeout(400)  # Streamlit's own fade
        if whole:  # the page scrolls inside itself: make the window as tall as what is in it
            tall = page.evaluate("document.querySelector('[data-testid=\"stMain\"]').scrollHeight")
            page.set_viewport_size({"width": width, "height": max(height, int(tall))})
            page.wait_for_timeout(400)
        page.screenshot(path=file)
    finally:
        context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Photograph the app.")
    parser.add_argument("--all", action="store_true", help="every page and view, in every size and light")
    parser.add_argument("--only", default="", help="only scenes whose name begins like this")
    parser.add_argument("--to", type=Path, help="a folder other than assets/screens")
    chosen = parser.parse_args()
    shots = [(s, z, light) for s in SCENES for z in SIZES for light in LIGHTS] if chosen.all else IN_README
    folder = chosen.to or (SCREENS / "all" if chosen.all else SCREENS)
    folder.mkdir(parents=True, exist_ok=True)
    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    if chromium is None:
        raise SystemExit(f"no browser found: install one of {', '.join(BROWSERS)}")
    with app() as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for scene, size, light in shots:
            if scene.startswith(chosen.only):
                file = folder / f"{scene}-{size}-{light}.png"
                take(browser, address + SCENES[scene], size, light, file, chosen.all)
                print(os.path.relpath(file), f"{file.stat().st_size / 1000:.0f} kB", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
