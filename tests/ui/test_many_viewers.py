"""Sixteen viewers at once, on a server that has just begun and on one that has everything imported.

What each of them sees is held against what one viewer alone sees on a server of its own.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.viewers import Running, serving, viewing

# Though it needs no browser: two servers, and more than fifty pages opened on them, take as long.
pytestmark = pytest.mark.browser
VIEWERS = 16
TELLING = "--client.showErrorDetails=full"
RACE = "race?race_step=60"
# Every page, and some twice: what is trained while another trains. None of them takes longer than a second.
COLD = (
    "",
    "stuck-neuron",
    "two-weights",
    "landscape",
    "landscape?landscape_view=Rescaled",
    "edge-of-stability?edge_view=Bowl",
    "gallery",
    "likelihood",
    "numbers",
    "metric?metric_view=Threshold",
    "output-codes",
    "race?race_view=Seeds&race_step=30",
    *[RACE] * 4,
)
OTHER_RACE = "race?race_step=40&race_network=mlp-16-16&race_activation=sigmoid"
WARM = (
    "",
    "stuck-neuron?neuron_view=Escape+time",
    "two-weights?weights_view=In+relief",
    "landscape?landscape_seed=1",
    "edge-of-stability?edge_view=Bowl&edge_product=1.5",
    "gallery?gallery_view=Shape",
    "likelihood?likelihood_view=More+data",
    "numbers?numbers_view=This+number%3F",
    "metric?metric_view=Calibration",
    "output-codes?codes_view=One+bit+off",
    "output-codes?codes_view=Unions",
    "race?race_view=Layers&race_step=20",
    *[OTHER_RACE] * 4,
)
HEAVY = {
    "PIL", "contourpy", "joblib", "narwhals", "numpy", "pandas", "plotly", "pyarrow", "scipy", "sklearn",
    "sympy", "torch",
}  # fmt: skip
Shown = dict[str, list[str]]


def look(server: Running, link: str) -> tuple[Shown, list[str]]:
    """What a new viewer sees who opens a link, and the exceptions among it."""
    page, _, query = link.partition("?")
    with viewing(server.port) as client:
        client.open(page, query)
        return client.shown(), client.exceptions


def at_once(server: Running, links: Sequence[str]) -> list[tuple[Shown, list[str]]]:
    """`look` by as many viewers as there are links, who all begin together."""
    together = threading.Barrier(len(links))

    def begin(link: str) -> tuple[Shown, list[str]]:
        together.wait()
        return look(server, link)

    with ThreadPoolExecutor(len(links)) as pool:
        return list(pool.map(begin, links))


@dataclass
class Seen:
    alone: dict[str, Shown] = field(default_factory=dict)
    cold: list[tuple[Shown, list[str]]] = field(default_factory=list)
    warm: list[tuple[Shown, list[str]]] = field(default_factory=list)
    imports: list[tuple[str, str, float]] = field(default_factory=list)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Two servers at a time: one viewer goes through all links on one of them, many share the other."""
    folder: Path = tmp_path_factory.mktemp("servers")
    seen = Seen()

    def by_one() -> None:
        with serving(folder / "alone.log", TELLING) as server:
            for link in dict.fromkeys((*COLD, *WARM)):
                seen.alone[link], exceptions = look(server, link)
                assert exceptions == [], link

    def by_many() -> None:
        with serving(folder / "many.log", TELLING) as server:
            seen.cold = at_once(server, COLD)
            seen.warm = at_once(server, WARM)
            seen.imports = server.ask("imports")

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(job) for job in (by_one, by_many)]:
            done.result()
    return seen


which = pytest.mark.parametrize(
    ("links", "of"), [(COLD, lambda seen: seen.cold), (WARM, lambda seen: seen.warm)], ids=["cold", "warm"]
)


def test_there_are_enough_viewers_on_every_page() -> None:
    assert len(COLD) == len(WARM) == VIEWERS


@which
def test_no_viewer_sees_an_exception(seen: Seen, links: tuple[str, ...], of: Callable[[Seen], list]) -> None:
    assert [(link, told) for link, (_, told) in zip(links, of(seen), strict=True) if told] == []


@which
def test_everybody_sees_what_one_viewer_alone_sees(
    seen: Seen, links: tuple[str, ...], of: Callable[[Seen], list]
) -> None:
    other = [
        (link, kind)
        for link, (shown, _) in zip(links, of(seen), strict=True)
        for kind in sorted(shown | seen.alone[link])
        if shown.get(kind) != seen.alone[link].get(kind)
    ]
    assert other == []
    assert all("bidi_component" in shown and "heading" in shown for shown, _ in of(seen))


def test_heavy_packages_are_imported_by_one_thread_and_not_for_a_viewer(seen: Seen) -> None:
    late = sorted(
        {
            name
            for name, thread, _ in seen.imports
            if name.partition(".")[0] in HEAVY and thread not in ("MainThread", "lossviz-preload")
        }
    )
    assert late == []
    by_that_one = {name.partition(".")[0] for name, thread, _ in seen.imports if thread == "lossviz-preload"}
    assert by_that_one >= {"torch", "sklearn", "scipy"}
