"""What comes from outside gets no farther: hostile addresses, other people's pages, other people's files."""

import gzip
import threading
import urllib.request
from collections.abc import Callable, Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from driving import Server, Viewer, serving, until

pytestmark = pytest.mark.browser

KEYS = {
    "/": ("home_step",),
    "/stuck-neuron": ("neuron_view", "neuron_z", "neuron_target", "neuron_half", "neuron_try"),
    "/stuck-neuron?neuron_view=Learning+curve": (
        "neuron_step", "neuron_w", "neuron_b", "neuron_rate", "neuron_own", "neuron_widget",
    ),
    "/stuck-neuron?neuron_view=Escape+time": ("neuron_z0", "neuron_rate"),
    "/two-weights": (
        "weights_view", "weights_step", "weights_model", "weights_optimizer", "weights_rate", "weights_mark",
        "weights_a", "weights_b",
    ),
    "/race?race_step=0": (
        "race_view", "race_measure", "race_data", "race_network", "race_activation", "race_gain",
        "race_losses", "race_optimizer", "race_rate", "race_own", "race_seeds", "race_layers", "race_speed",
        "race_shown", "race_size", "race_noise", "race_rare", "race_wrong", "race_centred", "race_batch",
        "race_schedule", "race_decay", "race_clip",
    ),
}  # fmt: skip
# What is no number is refused by the server: the tests of the pages try that, and more, without a browser.
MARKUP = '"><img src=x onerror="window.harmed=1" class=planted><script>window.harmed=1</script>'


def test_a_hostile_address_shows_the_default_page(viewer: Callable[..., Viewer]) -> None:
    one = viewer()
    for path, keys in KEYS.items():
        usual = one.open(path).drawn()
        attack = urlencode(dict.fromkeys(keys, MARKUP), quote_via=quote)
        one.open(f"{path}{'&' if '?' in path else '?'}{attack}")
        assert one.drawn() == usual
        assert one.exceptions() == []
        assert one.page.locator(".planted, [data-testid=stAlert]").count() == 0
        assert one.page.evaluate("window.harmed") is None
        scripts = one.page.evaluate("() => [...document.scripts].map((s) => s.textContent)")
        assert not any("harmed" in text for text in scripts)
    assert one.said == []


def get(url: str, **headers: str) -> tuple[Message, bytes]:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as reply:
        return reply.headers, reply.read()


@pytest.mark.parametrize("path", ["/", "/race", "/_stcore/health", "/lossviz/plotly.min.js", "/no-such-page"])
def test_every_response_says_what_may_be_done_with_it(server: Server, path: str) -> None:
    headers, _ = get(f"{server.url}{path}")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self';" in policy
    assert "unsafe-eval" not in policy
    assert "frame-ancestors 'self'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert len(headers.get_all("Content-Security-Policy") or ()) == 1


def test_plotly_comes_from_here_gzipped(viewer: Callable[..., Viewer], server: Server) -> None:
    headers, body = get(f"{server.url}/lossviz/plotly.min.js", **{"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip"
    assert b"plotly.js" in gzip.decompress(body)[:200]
    asked: list[str] = []
    one = viewer(new=True)
    one.page.on("request", lambda request: asked.append(request.url))
    one.open("/stuck-neuron")
    assert sum("/lossviz/plotly.min.js" in url for url in asked) == 1
    own = (server.url, server.url.replace("http", "ws"), "blob:", "data:")
    assert [url for url in asked if not url.startswith(own)] == [], "nothing is loaded from elsewhere"


FRAME = """url => {
  const frame = document.createElement("iframe");
  Object.assign(frame, { src: url, width: 800, height: 700 });
  document.body.append(frame);
}"""


class School(BaseHTTPRequestHandler):
    """A page of somebody else's."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<p>a school</p>")

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def school() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), School) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


def test_whom_the_setting_names_may_embed_the_app(
    viewer: Callable[..., Viewer], school: str, tmp_path: Path
) -> None:
    lent = serving(tmp_path, LOSSVIZ_FRAME_ANCESTORS=f"'self' {school}")
    try:
        lender = next(lent)
        headers, _ = get(lender.url)
        assert f"frame-ancestors 'self' {school}" in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] is None
        outside = viewer()
        outside.page.goto(school)
        outside.page.evaluate(FRAME, f"{lender.url}/stuck-neuron?embed=true")
        inside = outside.page.frame_locator("iframe")
        inside.locator(".lossviz-chart[data-pictures]").wait_for(state="attached")
    finally:
        lent.close()


def test_nobody_else_may_embed_the_app(viewer: Callable[..., Viewer], server: Server, school: str) -> None:
    outside = viewer()
    outside.page.goto(school)
    outside.page.evaluate(FRAME, server.url)
    until(lambda: outside.page.evaluate("document.readyState") == "complete" and outside.said)
    assert "frame-ancestors" in " ".join(outside.said)
    assert outside.page.frame_locator("iframe").locator("[data-testid=stApp]").count() == 0
