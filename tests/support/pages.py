"""Pages opened by AppTest as links open them, and what stands on them."""

import base64
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs

import numpy as np
from streamlit.testing.v1 import AppTest
from support.published import PUBLISHED

from lossviz.figures.base import frames
from lossviz.pages import CONTENTS
from lossviz.ui.table import Page

HOSTILE = [
    "<script>alert(1)</script>", "[1](javascript:alert(1))", "nan", "1e999", "-1e9", "99999999999999999999",
    "", "\u0000", "a" * 5000,
]  # fmt: skip


def controls_of(page: Page | str) -> Any:
    """The class in a page's ``controls.py`` that lists its controls."""
    name = page if isinstance(page, str) else page.name
    module = import_module(f"lossviz.pages.{name}.controls")
    (found,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__ and hasattr(value, "all")
    )
    return found


def missing_parts(page: Page) -> Iterator[str]:
    """What a page still lacks, each in one sentence."""
    name = page.name
    if not page.script.exists():
        yield f"{name} has no page.py, which Streamlit would run."
        return
    if page.section and not page.card.exists():
        yield f"{name} has no card.svg: give assets/draw_cards.py a function of that name, and run it."
    if page.section and not page.question.endswith("?"):
        yield f"{name} has no question for its card on Home."
    for kind in ("see", "maths"):
        if page.section and page.has_picture and not list(page.folder.glob(f"*{kind}*.md")):
            yield f"{name} has no text for its tab: a file that is called {kind}.md, or ends so."
    try:
        declared = {control.key for control in controls_of(page).all}
    except (ModuleNotFoundError, ValueError):
        yield f"{name} has no controls.py with one class that lists its controls in `all`."
        return
    for key in sorted(declared - set(PUBLISHED)):
        yield f"The default of {name}'s control {key!r} is not pinned: add it to tests/support/published.py."


@cache
def _pages() -> Any:
    """What AppTest can only learn from a first run: which pages there are."""
    return sound(AppTest.from_file(str(CONTENTS), default_timeout=60).run())._registered_pages


def opened(page: str, query: dict[str, Any] | None = None) -> AppTest:
    """The page as a link opens it: in a new session, without a look at Home."""
    app = AppTest.from_file(str(CONTENTS), default_timeout=60)
    app._registered_pages = _pages()
    app.switch_page(f"{page}/page.py")
    for key, value in (query or {}).items():
        app.query_params[key] = value
    return sound(app.run())


def seen(page: str, query: dict[str, Any] | None = None) -> AppTest:
    """`opened`, for tests that only look and touch nothing: each link is opened once."""
    return _seen(page, json.dumps(query or {}))


@cache
def _seen(page: str, query: str) -> AppTest:
    return opened(page, json.loads(query))


@dataclass(frozen=True)
class PageView:
    """A page whose controls share a prefix; its first view stands in no address."""

    page: str
    prefix: str
    first: str

    def query(self, view: str = "", **values: Any) -> dict[str, Any]:
        """A link's query: those of these controls that are not at their default."""
        given = {f"{self.prefix}_{key}": value for key, value in values.items()}
        if view not in ("", self.first):
            given = {f"{self.prefix}_view": view} | given
        return {key: value if isinstance(value, list) else str(value) for key, value in given.items()}

    def at(self, view: str = "", **values: Any) -> AppTest:
        """The page as such a link opens it."""
        return opened(self.page, self.query(view, **values))

    def seen_at(self, view: str = "", **values: Any) -> AppTest:
        """`at`, for tests that only look."""
        return seen(self.page, self.query(view, **values))


def sound(app: AppTest) -> AppTest:
    assert [e.message for e in app.exception] == []
    assert len(app.error) == 0
    return app


def payloads(app: AppTest) -> list[dict[str, Any]]:
    """What the charts of the page were given."""
    protos = [element.proto for element in app.get("bidi_component")]
    return [json.loads(p.bytes) for p in protos if p.component_name.endswith("lossviz_chart")]


def payload(app: AppTest) -> dict[str, Any]:
    (only,) = payloads(app)
    return only


def as_given(app: AppTest) -> str:
    """What the chart was given, to the letter, and where all sliders stand: if equal, it is drawn alike."""
    charts = [element.proto.bytes.decode() for element in app.get("bidi_component")]
    return json.dumps([charts, [(slider.key, slider.value) for slider in app.slider]])


def plain(value: Any) -> Any:
    """A figure's JSON with typed arrays as lists, numbers rounded far below what can be seen."""
    if isinstance(value, dict):
        if "bdata" in value:
            array = np.frombuffer(base64.b64decode(value["bdata"]), value["dtype"])
            return plain(array.astype(float).tolist())
        return {k: plain(v) for k, v in value.items() if k not in ("shape", "type", "template")}
    if isinstance(value, list):
        return [plain(v) for v in _flat(value)]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def _flat(values: list[Any]) -> Iterator[Any]:
    for value in values:
        yield from _flat(value) if isinstance(value, list) else [value]


def nearly_equal(one: Any, other: Any) -> bool:
    """Equal but for the last bits of a float32: products of other sizes round otherwise."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(nearly_equal(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(nearly_equal, one, other))
    return one == other or (isinstance(one, float) and math.isclose(one, other, rel_tol=1e-5, abs_tol=1e-5))


def still(figure: Any, value: float | None = None) -> Any:
    return plain(frames.still(json.loads(figure.to_json()), value))


def shown(app: AppTest) -> Any:
    """The picture on the page, with the frame of the slider that it follows."""
    given = payload(app)
    at = None if given["follow"] is None else float(app.session_state[given["follow"]])
    return plain(frames.still(given["wide"], at))


def code(app: AppTest) -> str:
    return next(block.value for block in app.code if block.value.startswith("import lossviz"))


def share(app: AppTest) -> str:
    return str(app.code[-1].value)


def trying(app: AppTest) -> Any:
    groups = [group for group in app.button_group if "_try_" in str(group.key)]
    return groups[0] if groups else None


def pairs(link: str) -> Iterator[tuple[str, Any]]:
    for key, values in parse_qs(link.partition("?")[2]).items():
        yield key, values if len(values) > 1 else values[0]


def made_by(app: AppTest) -> Any:
    """The figure that the code on the page makes; a race is cut to the step that the page has trained to."""
    names: dict[str, Any] = {}
    source = code(app)
    if "lv.train(" in source:
        source = source.replace("steps=600", f"steps={int(app.session_state['race_step'])}")
    exec(compile(source, "the code on the page", "exec"), names)
    return names["figure"]


def drawing(app: AppTest) -> str:
    """What the page draws: its figure, and the place of the slider that it follows."""
    given = payload(app)
    at = None if given["follow"] is None else app.session_state[given["follow"]]
    return json.dumps([given["wide"]["data"], given["wide"]["layout"], at])


def presets_work(
    page: str, app: AppTest, picture: Callable[[AppTest], str] = drawing, least: int = 4
) -> None:
    """Every preset is lit, shows something else, and is shown again by its link."""
    names = list(trying(app).options)
    assert least <= len(names) <= 6
    pictures = set()
    for name in names:
        sound(trying(app).set_value(name).run())
        assert trying(app).value == name
        pictures.add(picture(app))
        other = opened(page, dict(pairs(share(app))))
        assert as_given(other) == as_given(app)
        assert trying(other).value == name
        assert share(other) == share(app)
    assert len(pictures) == len(names), "each shows something else"
