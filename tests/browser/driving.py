"""A server of the app, and a viewer of it who waits for pictures instead of sleeping."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import pytest
from support.ports import answers, free_port

ROOT = Path(__file__).parents[2]
SERVE = Path(__file__).with_name("serve.py")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    # A page opens with a quarter less work: no helper threads beside the other browser, few collections.
    "--js-flags=--single-threaded --min-semi-space-size=64 --max-semi-space-size=64",
)  # fmt: skip
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
PATIENCE = 20.0  # seconds: far more than anything here takes, also on a busy machine
# Streamlit asks for these below every deep link, and logs that they are not there.
STREAMLITS_OWN = ("/_stcore/health", "/_stcore/host-config")

T = TypeVar("T")


def until(read: Callable[[], T], good: Callable[[T], object] = bool, seconds: float = PATIENCE) -> T:
    """Return what `read` returns as soon as it is good, or raise AssertionError with its last value."""
    end = time.monotonic() + seconds
    while not good(value := read()):
        assert time.monotonic() < end, f"still {value!r} after {seconds} s"
        time.sleep(0.02)
    return value


@dataclass
class Server:
    """A running server, which can be asked for its threads."""

    process: "subprocess.Popen[str]"
    url: str
    folder: Path
    asked: int = 0

    def threads(self) -> list[str]:
        """The names of its threads now."""
        self.asked += 1
        answer = self.folder / f"threads-{self.asked}.json"
        assert self.process.stdin
        self.process.stdin.write(f"{answer}\n")
        self.process.stdin.flush()
        until(answer.exists)
        names: list[str] = json.loads(answer.read_text(encoding="utf-8"))
        return names

    def racing(self) -> int:
        return self.threads().count("lossviz-training")


def serving(
    folder: Path, script: Path = ROOT / "app.py", base: str = "", **environment: str
) -> Iterator[Server]:
    """A server in a process of its own, below a base path if one is given."""
    port = free_port()
    command = [
        sys.executable, str(SERVE), str(script), "--server.headless=true", f"--server.port={port}",
        "--server.address=127.0.0.1", "--server.fileWatcherType=none", f"--server.baseUrlPath={base}",
    ]  # fmt: skip
    log = folder / "server.log"
    with (
        log.open("w") as out,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)} | environment,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        try:
            server = Server(process, f"http://127.0.0.1:{port}/{base}".rstrip("/"), folder)
            until(lambda: process.poll() is not None or answers(f"{server.url}/_stcore/health"), seconds=60)
            assert process.poll() is None, log.read_text()
            yield server
        finally:
            process.terminate()
            process.wait(10)


READ = """root => {
  const plot = root.querySelector(".lossviz-plot");
  const list = (values) => (values === undefined || values === null ? null : Array.from(values));
  const oneRow = (z) => (z && z.length ? [z.length, ...Array.from(z[z.length >> 2] ?? [])] : null);
  return {
    texts: (plot?._fullLayout?.annotations ?? []).map((a, i) => // as they stand there, also while they move
      plot.querySelector(`.annotation[data-index="${i}"] text`)?.dataset.unformatted ?? a.text),
    shapes: (plot?._fullLayout?.shapes ?? []).map((s) => [s.x0, s.x1, s.y0, s.y1]),
    traces: (plot?._fullData ?? []).map((t) => ({
      type: t.type, x: list(t.x), y: list(t.y), text: t.text ?? null, z: oneRow(t.z),
    })),
  };
}"""
AXIS = """(root, name) => {
  const plot = root.querySelector(".lossviz-plot"), axis = plot._fullLayout[name];
  const left = plot.getBoundingClientRect().left, scale = Number(root.dataset.scale);
  return [left + scale * axis._offset, left + scale * (axis._offset + axis._length)];
}"""
PICTURES = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(
  [...document.querySelectorAll(".lossviz-chart")].map(({ dataset: d }) => d.state + d.moving).join()))))"""


@dataclass
class Viewer:
    """One tab on the app."""

    server: Server
    context: Any
    page: Any
    errors: list[str] = field(default_factory=list)  # errors of the console and of the page, and boxes

    def open(self, path: str) -> "Viewer":
        """Go to a page of the app and wait for its picture."""
        self.page.goto(f"{self.server.url}{path}")
        self.page.locator(".lossviz-chart[data-pictures]").wait_for(state="attached")
        return self.settled()

    def settled(self) -> "Viewer":
        """Wait until the script has run and the chart has drawn what it was given."""
        ready = self.page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]')
        seen: list[str] = []

        def still() -> bool:  # no new picture for some frames of an animation, and no script at work
            ready.wait_for()
            seen.append(self.page.evaluate(PICTURES))
            return (
                len(seen) > 2
                and seen[-1] == seen[-2] == seen[-3]
                and "true" not in seen[-1]
                and ready.count() == 1
            )

        until(still)
        return self

    def leave(self) -> "Viewer":
        """Go away from the app: for the next test, which is to find nothing of this one."""
        self.page.mouse.up()
        self.page.mouse.move(0, 0)
        self.page.goto("about:blank")
        self.errors.clear()
        return self

    @property
    def chart(self) -> Any:
        return self.page.locator(".lossviz-chart")

    @property
    def pictures(self) -> int:
        """How many pictures the chart has drawn."""
        return int(self.chart.get_attribute("data-pictures") or 0)

    @property
    def frame(self) -> str:
        """The name of the frame that is drawn."""
        return str((self.chart.get_attribute("data-state") or "").split(" ")[1])

    @property
    def layout(self) -> str:
        """w or n and the number of the panel, then l or d: "wl", "n0d"."""
        return str(self.chart.get_attribute("data-layout"))

    def drawn(self) -> dict[str, Any]:
        """The texts and the data of the picture, as the browser has them."""
        read: dict[str, Any] = self.chart.evaluate(READ)
        return read

    def slider(self, key: str) -> Any:
        return self.page.locator(f".st-key-{key} input[type=range]")

    def value(self, key: str) -> float:
        return float(self.slider(key).input_value())

    def grip(self, key: str) -> tuple[float, float]:
        """The middle of a slider's grip, on screen."""
        grip = self.slider(key).locator("xpath=ancestor::div[contains(@style, 'left:')][1]")
        grip.scroll_into_view_if_needed()
        box = grip.bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def stands_under(self, key: str, axis: str, share: float) -> None:
        """The grip stands under that share of the axis of the picture, in a wide window and in a narrow."""
        for width, layout in ((1440, "w"), (390, "n")):
            self.page.set_viewport_size(self.page.viewport_size | {"width": width})
            until(lambda layout=layout: self.layout.startswith(layout))
            self.settled()
            left, right = self.chart.evaluate(AXIS, axis)
            off = self.grip(key)[0] - (left + share * (right - left))
            assert abs(off) < 7, f"at {width} px it is {off:.1f} px off"

    def click(self, key: str, name: str) -> None:
        """Click the pill, the segment or the button of that name in the widget of that key."""
        self.page.locator(f".st-key-{key} button").get_by_text(name, exact=True).click()

    def preset(self, name: str) -> None:
        """Click the pill of that name under the word Try, and wait until it has done what it does."""
        before = self.address
        self.page.get_by_role("radiogroup", name="Try").get_by_text(name, exact=True).click()
        until(lambda: self.address != before)
        lit = self.page.get_by_role("radiogroup", name="Try").locator("button[aria-checked=true]")
        lit.get_by_text(name, exact=True).wait_for()
        self.settled()

    @property
    def address(self) -> str:
        """The address as the browser has it now. (`page.url` waits for an event that polling holds up.)"""
        return str(self.page.evaluate("location.href"))

    def query(self) -> dict[str, list[str]]:
        """What stands in the address now; after an action, wait with `address_has` or `address_is`."""
        return parse_qs(urlsplit(self.address).query, keep_blank_values=True)

    def address_has(self, **expected: Any) -> None:
        """Wait until these keys have these values in the address, whatever else stands there.

        A value reaches the server and the address a moment after its picture is drawn. Expected is a text, a
        list of texts, a number (or `pytest.approx` of one), or None for a key that is not there.
        """
        until(self.query, lambda found: all(_stands(found.get(key), e) for key, e in expected.items()))

    def address_is(self, **expected: Any) -> None:
        """Wait until the address has these keys, with these values, and no others."""
        self.address_has(**expected)
        until(self.query, lambda query: set(query) == set(expected))

    def exceptions(self) -> list[str]:
        texts: list[str] = self.page.locator('[data-testid="stException"]').all_inner_texts()
        return texts


def _stands(found: list[str] | None, expected: Any) -> bool:
    """Whether what an address has for a key is what is expected."""
    if found is None or expected is None:
        return found is expected
    if isinstance(expected, str | list):
        return found == ([expected] if isinstance(expected, str) else expected)
    return len(found) == 1 and bool(float(found[0]) == expected)


SEEN = """root => [...root.querySelectorAll(
  ".annotation-text, .points path, .textpoint text, .js-line, .shapelayer path, .contourlayer path, image"
)].map((node) => {
  const { x, y, width, height } = node.getBoundingClientRect();
  const look = getComputedStyle(node);
  const words = node.href?.baseVal ?? node.textContent; // of an image, what it shows
  return [words, look.stroke, look.fill, look.strokeWidth, x, y, x + width, y + height];
})"""

WATCH = f"""root => {{ // keeps what the last picture that was moved looked like
  window.moved = null;
  new MutationObserver(() => {{
    if (root.dataset.moving === "true") window.moved = ({SEEN})(root);
  }}).observe(root, {{ attributeFilter: ["data-pictures"] }});
}}"""


def once_at_rest(one: Viewer) -> tuple[list[list[Any]], list[list[Any]]]:
    """What the picture that was moved last looked like, and what Plotly then drew."""
    until(lambda: one.chart.evaluate("root => window.moved && root.dataset.moving === 'false'"))
    return one.page.evaluate("window.moved"), one.chart.evaluate(SEEN)


def assert_alike(moved: list[list[Any]], drawn: list[list[Any]]) -> None:
    assert len(moved) == len(drawn)
    for was, now in zip(moved, drawn, strict=True):
        assert was[:4] == now[:4]
        # a pixel: Plotly rounds thin lines to whole ones
        assert was[4:] == pytest.approx(now[4:], abs=1.01), now
