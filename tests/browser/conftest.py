"""A server of the app and a Chromium, once a session; pages that wait for pictures instead of sleeping."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

ROOT = Path(__file__).parents[2]
SERVE = Path(__file__).with_name("serve.py")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
MUST = "LOSSVIZ_REQUIRE_BROWSER"  # environment: 1 makes a missing Chromium a failure
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
PATIENCE = 20.0  # seconds: far more than anything here takes on an idle machine
# Streamlit asks for these below every deep link, and logs that they are not there.
STREAMLITS_OWN = ("/_stcore/health", "/_stcore/host-config")

T = TypeVar("T")


def until(read: Callable[[], T], good: Callable[[T], object] = bool, seconds: float = PATIENCE) -> T:
    """What `read` says, as soon as it is good; AssertionError with the last of it if that never comes."""
    end = time.monotonic() + seconds
    while not good(said := read()):
        assert time.monotonic() < end, f"still {said!r} after {seconds} s"
        time.sleep(0.02)
    return said


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A running server, and what it knows of itself."""

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
        return self.threads().count("lossviz-race")


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def serving(folder: Path, script: Path = ROOT / "app.py", **environment: str) -> Iterator[Server]:
    port = free_port()
    command = [
        sys.executable, str(SERVE), str(script), "--server.headless=true", f"--server.port={port}",
        "--server.address=127.0.0.1", "--server.fileWatcherType=none",
    ]  # fmt: skip
    log = folder / "server.log"
    with (
        log.open("w") as out,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        try:
            server = Server(process, f"http://127.0.0.1:{port}", folder)
            until(lambda: process.poll() is not None or answers(f"{server.url}/_stcore/health"), seconds=60)
            assert process.poll() is None, log.read_text()
            yield server
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from serving(tmp_path_factory.mktemp("server"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        reason = "no chromium on the PATH: the browser tests were NOT run (apt-get install chromium)"
        if os.environ.get(MUST) == "1":
            pytest.fail(f"{reason}, and {MUST}=1 asks for them")
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


READ = """root => {
  const plot = root.querySelector(".lossviz-plot");
  const list = (values) => (values === undefined || values === null ? null : Array.from(values));
  return {
    texts: (plot._fullLayout.annotations ?? []).map((a) => a.text),
    traces: plot._fullData.map((t) => ({
      type: t.type, x: list(t.x), y: list(t.y), text: t.text ?? null,
      z: t.z ? [t.z.length, ...Array.from(t.z[t.z.length >> 1] ?? [])] : null,
    })),
  };
}"""


@dataclass
class Viewer:
    """One tab on the app."""

    server: Server
    context: Any
    page: Any
    said: list[str] = field(default_factory=list)  # errors of the console and of the page

    def open(self, path: str) -> "Viewer":
        """Go to a page of the app and wait for its picture."""
        self.page.goto(f"{self.server.url}{path}")
        self.page.locator(".lossviz-chart[data-pictures]").wait_for(state="attached")
        return self.settled()

    def settled(self) -> "Viewer":
        """Wait until the script has run and the chart has drawn what it was given."""
        self.page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
        last: list[Any] = []

        def still() -> bool:  # two animation frames and no new picture
            state = self.page.evaluate(
                """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(
                [...document.querySelectorAll(".lossviz-chart")].map((c) => c.dataset.pictures)))))"""
            )
            last.append(state)
            return len(last) > 2 and last[-1] == last[-2] == last[-3]

        until(still)
        return self

    @property
    def chart(self) -> Any:
        return self.page.locator(".lossviz-chart")

    @property
    def pictures(self) -> int:
        return int(self.chart.get_attribute("data-pictures") or 0)

    @property
    def frame(self) -> str:
        """The name of the frame that is drawn."""
        return str((self.chart.get_attribute("data-state") or "").split(" ")[1])

    def drawn(self) -> dict[str, Any]:
        """The texts and the data of the picture, as the browser has them."""
        read: dict[str, Any] = self.chart.evaluate(READ)
        return read

    def slider(self, key: str) -> Any:
        return self.page.locator(f".st-key-{key} input[type=range]")

    def value(self, key: str) -> str:
        return str(self.slider(key).input_value())

    def query(self) -> str:
        return str(self.page.url.partition("?")[2])

    def pill(self, name: str) -> Any:
        return self.page.get_by_role("radio", name=name, exact=True).or_(
            self.page.get_by_role("button", name=name, exact=True)
        )

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()

    def exceptions(self) -> list[str]:
        texts: list[str] = self.page.locator('[data-testid="stException"]').all_inner_texts()
        return texts


@pytest.fixture
def viewer(server: Server, browser: Any) -> Iterator[Callable[..., Viewer]]:
    """Makes a viewer with a browser context of its own; keywords are the context's."""
    contexts = []

    def make(where: Server = server, **options: Any) -> Viewer:
        context = browser.new_context(**({"viewport": WIDE, "color_scheme": "light"} | options))
        contexts.append(context)
        context.set_default_timeout(1000 * PATIENCE)
        page = context.new_page()
        one = Viewer(where, context, page)

        def console(message: Any) -> None:
            address = str(message.location.get("url", "")).partition("?")[0]
            if message.type == "error" and not address.endswith(STREAMLITS_OWN):
                one.said.append(f"{message.text} ({address})")

        page.on("console", console)
        page.on("pageerror", lambda error: one.said.append(str(error)))
        return one

    yield make
    for context in contexts:
        context.close()
