"""What comes from a file, an address or a keyboard is shown as plain text, at most 80 letters of it."""

import ast
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest
from support.pages import opened, payload, sound

import lossviz as lv
from lossviz.common.plain_text import (
    MAX_LENGTH,
    MAX_MESSAGE_LENGTH,
    error_for_markdown,
    for_markdown,
    for_plotly,
    plain,
    quoted,
)
from lossviz.landscape.io import SurfaceFacts
from lossviz.training.settings import TrainingSettings

MARK = "Zq"  # stands in every hostile text, and in none of ours
HOSTILE = {
    "link": f"<a href='https://example.org'>{MARK}</a>",
    "font": f"<span style='font-size:999px'>{MARK}</span><br><b>{MARK}</b>",
    "image": f"![{MARK}](https://example.org/x.png) <img src=x onerror=alert(1)>",
    "Markdown": f"[{MARK}](javascript:alert(1)) **{MARK}** `{MARK}` # {MARK} | {MARK} | ~~{MARK}~~",
    "address": f"https://example.org/{MARK} www.example.org/{MARK} {MARK}@example.org",
    "icon": f":material/home: :smile: :red[{MARK}] :blue-badge[{MARK}] {MARK}",
    "formula": rf"$\huge {MARK}$ $$\color{{red}}{MARK}$$ \({MARK}\)",
    "entity": f"&lt;a href=x&gt;{MARK} &#60;b&#62; &amp;lt; &#x3c;{MARK}",
    "template": f"%{{meta[0]}} %{{x}} {MARK} {{}} {{0}}",
    "long": MARK * 3000,
    "lines": f"{MARK}\n\n# {MARK}\n- {MARK}\r\n    {MARK}\u2028{MARK}\u0085{MARK}",
    "turned": f"\u202e{MARK}\u2066{MARK}\u200f{MARK}\u061c",
    "control": f"\x00\x1b[31m{MARK}\x07\ufeff\u200b",
    "pile": f"{MARK}" + "\u0300" * 60,
    "code": f"\"\"\"'''\\'); import os; print('{MARK}",
}
EVERY = pytest.mark.parametrize("kind", HOSTILE)
MARKED_UP = re.compile(r"<|\$|&(?=[#A-Za-z])|%\{")  # what Plotly reads
SIGNS = re.compile(r"[\[\]<>`*_$#|~\\{}@!&^]|:(?=\S)|www\.", re.IGNORECASE)  # what Markdown reads


def unshown(text: str) -> set[str]:
    return {unicodedata.category(letter) for letter in text} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(some.text() | some.sampled_from(list(HOSTILE.values())), some.integers(2, 200))
def test_any_text_becomes_one_short_line_and_stays_it(text: str, most: int) -> None:
    for make in (plain, for_plotly, for_markdown):
        made = make(text, most)
        assert len(made) <= most
        assert not unshown(made)
        assert make(made, most) == made, "what is plain already is left as it is"
    assert not MARKED_UP.search(for_plotly(text, most))
    assert not SIGNS.search(for_markdown(text, most))


@given(some.text(alphabet="<>&;$%{}[]()#ax:/*_ 1ltgamp", max_size=60))
def test_no_mixture_of_signs_is_markup(text: str) -> None:
    assert not MARKED_UP.search(for_plotly(text))
    assert not SIGNS.search(for_markdown(text))


@pytest.mark.parametrize(
    "text",
    [
        "random, filter-normalized, seed 0", "PCA of 31 checkpoints", "principal component 1 (32.1%)",
        "from first to second", "loss 1.2 × 10⁻⁵ … −3", "ε = 0.1", "Größe/µm ½", "a\u2009b", "東京",
    ],
)  # fmt: skip
def test_a_plain_text_is_left_as_it_is(text: str) -> None:
    assert plain(text) == for_plotly(text) == text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("row 2: 'a' is no number", "row 2: 'a' is no number"),
        ("from 1.2 × 10⁻⁵ to −3", "from 1.2 × 10⁻⁵ to −3"),
        ("see http://example.org", "see http //example.org"),
        ("WWW.example.org", "www example.org"),
        (":smile: :material/home:", " smile:  material/home:"),
        ("**b** [x](y) `c`", "  b    x (y)  c "),
        ("a" * 400, "a" * (MAX_MESSAGE_LENGTH - 1) + "…"),
    ],
)
def test_somebodys_words_are_no_sign_no_icon_and_no_link(said: str, shown: str) -> None:
    assert error_for_markdown(said) == shown


ANYTHING = [*HOSTILE.values(), 10**5000, -1, None, ["x"] * 1000, np.zeros(500), b"\x00"]


@pytest.mark.parametrize("value", ANYTHING, ids=lambda value: type(value).__name__)
def test_any_value_is_quoted_in_a_short_line(value: object) -> None:
    said = quoted(value)
    assert 0 < len(said) <= MAX_LENGTH
    assert not unshown(said)


def test_a_value_that_cannot_be_written_is_refused_in_a_sentence_all_the_same() -> None:
    class Mute:
        def __repr__(self) -> str:
            raise RuntimeError

    assert quoted(Mute()) == "a Mute that cannot be written (RuntimeError)"
    with pytest.raises(ValueError, match="seeds must be a whole number from 1 to 64"):
        TrainingSettings("moons", "linear", ("hinge",), (0.1,), seeds=10**5000)


# --- surface files ----------------------------------------------------------------------------------------

TEXTS = [field.name for field in fields(SurfaceFacts) if field.type is str]


def surface(**facts: Any) -> lv.Surface:
    model, data = torch.nn.Linear(2, 1), (torch.zeros(8, 2), torch.zeros(8, 1))
    found = lv.surface(model, torch.nn.functional.mse_loss, data, points=5, progress=False)
    return replace(found, facts=replace(found.facts, **facts))


def hostile_metadata(text: str) -> dict[str, Any]:
    assert {field.name for field in fields(SurfaceFacts) if field.type in (str, tuple[str, str])} == {
        *TEXTS,
        "axes",
    }
    return dict.fromkeys(TEXTS, text) | {"axes": (text, text)}


def strings(value: Any) -> Iterator[str]:
    """Every text in a figure's JSON, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from strings(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from strings(part)


OWN_TAGS = re.compile(r"</?(b|br|extra)>|<span style='[^'<>$]*'>|</span>")


def marked(figure: Any) -> list[str]:
    """The texts of a figure that hold what somebody wrote, without the tags that are ours."""
    spec = json.loads(figure.to_json()) if hasattr(figure, "to_json") else figure
    return [OWN_TAGS.sub("", text) for text in strings(spec) if MARK in text]


def assert_plain_for_plotly(texts: list[str]) -> None:
    for text in texts:
        assert not MARKED_UP.search(text), text
        assert not unshown(text)
        assert f"{MARK * (MAX_LENGTH // 2 + 1)}" not in text, "at most 80 letters of it"


@EVERY
@pytest.mark.parametrize("narrow", [False, True])
def test_every_text_of_a_surface_file_is_plain_in_its_figures(kind: str, narrow: bool) -> None:
    file = io.BytesIO()
    surface(**hostile_metadata(HOSTILE[kind])).save(file)
    file.seek(0)
    found = lv.Surface.load(file)
    model, data = torch.nn.Linear(2, 1), (torch.zeros(8, 2), torch.zeros(8, 1))
    line = lv.profile(model, torch.nn.functional.mse_loss, data, points=3, progress=False)
    line = replace(line, facts=found.facts)
    for figure in (
        lv.figures.contour(found, narrow=narrow),
        lv.figures.terrain(found, narrow=narrow),
        lv.figures.profile(line, narrow=narrow),
    ):
        texts = marked(figure)
        assert len(texts) >= 2, "the axes and the method are written"
        assert_plain_for_plotly(texts)


def elements(app: AppTest) -> Iterator[tuple[str, str]]:
    """The kind and each text of everything that stands on a page."""
    for kind in ("markdown", "title", "subheader", "code", "caption", "error", "warning"):
        for element in getattr(app, kind):
            yield kind, str(element.value)
    for component in app.get("bidi_component"):
        yield "component", component.proto.bytes.decode() + component.proto.json
    for button in app.get("download_button"):
        yield "download", f"{button.proto.label} {button.proto.url}"


def assert_plain_on_the_page(app: AppTest) -> None:
    for kind, text in elements(app):
        if kind == "markdown" and MARK in text:
            for line in text.splitlines():
                if MARK in line:  # what is ours: bold names, a list, grey and small
                    own = re.sub(r"^- |^ ?\*\*[A-Z][^*]*:?\*\*:?|:small\[|:gray\[|\]", "", line)
                    own = re.sub(r"^\*\*(.*?)\*\*", r"\1", own)
                    assert not SIGNS.search(own.replace(": ", " ")), line
                    assert MARK * (MAX_LENGTH // 2 + 1) not in line
                    assert not unshown(line)


@EVERY
@pytest.mark.parametrize("drawn", ["From above", "In relief"])
def test_every_text_of_a_surface_file_is_plain_on_its_page(
    kind: str, drawn: str, landscape: dict[str, AppTest]
) -> None:
    file = io.BytesIO()
    surface(**hostile_metadata(HOSTILE[kind])).save(file)
    app = landscape[drawn]
    sound(app.file_uploader[0].set_value((named(HOSTILE[kind]), file.getvalue(), "")).run())
    given = payload(app)
    assert MARK in given["alt"]
    assert len(given["alt"]) < MAX_LENGTH + 80
    assert not unshown(given["alt"])
    for layout in (given["wide"], *given["narrow"].values()):
        texts = marked(layout)
        assert texts
        assert_plain_for_plotly(texts)
    assert any(MARK in text for kind, text in elements(app) if kind == "markdown")
    assert_plain_on_the_page(app)
    assert not any(MARK in text for kind, text in elements(app) if kind in ("code", "download"))


@pytest.fixture(scope="module")
def landscape() -> dict[str, AppTest]:
    """The page in both its ways to draw, opened once."""
    with pytest.MonkeyPatch.context() as patch:
        record_training = lv.landscape.record_training
        patch.setattr(
            lv.landscape,
            "record_training",
            lambda *names, **more: record_training(*names, **more | {"steps": 4}),
        )
        return {
            drawn: opened("landscape", {"landscape_drawn": drawn, "landscape_points": "21"})
            for drawn in ("From above", "In relief")
        }


@EVERY
def test_what_cannot_be_drawn_is_one_plain_sentence(kind: str, landscape: dict[str, AppTest]) -> None:
    """Whatever the file's name, its members' names and its facts are."""
    text = HOSTILE[kind]
    whole = io.BytesIO()
    surface().save(whole)
    facts = asdict(surface().facts)
    broken = [b"", bytes(text, "utf-8"), edited(whole.getvalue(), text, b"x")]
    for name in facts:
        about = {
            "format": "lossviz surface",
            "version": 1,
            "facts": facts | {name: [text]},
            "fingerprint": text,
        }
        broken.append(edited(whole.getvalue(), "about.npy", as_member(about)))
    for about in ({"format": text}, {"format": "lossviz surface", "version": text}):
        broken.append(edited(whole.getvalue(), "about.npy", as_member(about)))
    for content in broken:
        with pytest.raises(ValueError, match="this") as refused:
            lv.Surface.load(io.BytesIO(content))
        said = str(refused.value)
        assert len(said) < MAX_MESSAGE_LENGTH + 80
        assert not unshown(said)
        assert MARK * (MAX_MESSAGE_LENGTH // 2) not in said
    app = landscape["From above"]
    sound(app.file_uploader[0].set_value((named(text), broken[-1], "")).run())
    (said,) = [m.value for m in app.markdown if "cannot be drawn" in m.value]
    assert MARK in said
    assert "\n" not in said
    assert_plain_on_the_page(app)


def named(text: str) -> str:
    """A name of a file that is uploaded; Streamlit itself refuses one with a null byte."""
    return f"{text[:200]}.npz".replace("\x00", "")


def as_member(about: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, np.frombuffer(json.dumps(about).encode(), dtype=np.uint8))
    return file.getvalue()


def edited(whole: bytes, name: str, content: bytes) -> bytes:
    """A file with one of its members exchanged, or with one more."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            if info.filename != name:
                new.writestr(info, old.read(info.filename))
        new.writestr(f"{name[:1000].lstrip(chr(0))}", content)
    return out.getvalue()


# --- history files ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def history() -> lv.History:
    return lv.train("moons", ["mlp-4", "mlp-3"], ["sigmoid-mse", "sigmoid-ce"], 0.5, seeds=2, steps=4)


def history_file(history: lv.History, settings: dict[str, Any], layers: list[str]) -> io.BytesIO:
    file = io.BytesIO()
    history.save(file)
    about = {"format": "lossviz history", "version": 1, "settings": asdict(history.settings) | settings}
    return io.BytesIO(edited(file.getvalue(), "about.npy", as_member(about | {"layers": layers})))


@pytest.mark.parametrize("view", ["curves", "layers", "seeds"])
def test_every_text_of_a_history_file_is_plain_in_its_figures(history: lv.History, view: str) -> None:
    """The layers' names are all that a file may choose; a network of one's own has a name too."""
    for text in HOSTILE.values():
        found = lv.History.load(history_file(history, {}, [text] * len(history.layers)))
        own = lv.Network(text, text, lv.NETWORKS["linear"].layers, text, text, text)
        mixed = replace(found, settings=replace(found.settings, network=(own, "mlp-3")))
        texts = marked(lv.figures.training_curves(mixed, view=view, frames=False, narrow=len(text) % 2 == 1))
        assert texts or view != "layers"
        assert_plain_for_plotly(texts)


@pytest.mark.parametrize("name", TrainingSettings.__dataclass_fields__)
def test_no_setting_of_a_history_file_can_be_a_text_of_ones_own(history: lv.History, name: str) -> None:
    for k, text in enumerate(HOSTILE.values()):
        file = history_file(history, {name: [text] * 2 if k % 2 else text}, list(history.layers))
        with pytest.raises(ValueError, match="this is not a whole lossviz history file: ") as refused:
            lv.History.load(file)
        said = str(refused.value)
        assert len(said) < 2 * MAX_MESSAGE_LENGTH
        assert not unshown(said)
        assert MARK * (MAX_MESSAGE_LENGTH // 2) not in said
        assert not SIGNS.search(error_for_markdown(said))


# --- what is typed, or stands in an address -----------------------------------------------------------------

TYPED = (
    ("numbers", {}, "numbers_actual"),
    ("numbers", {}, "numbers_predicted"),
    ("numbers", {"numbers_view": "This number?"}, "numbers_counts"),
    ("numbers", {"numbers_view": "This number?"}, "numbers_value"),
    ("output_codes", {"codes_view": "Unions", "codes_code": "your own"}, "codes_words"),
)


@pytest.mark.parametrize(("page", "query", "key"), TYPED, ids=[f"{page} {key}" for page, _, key in TYPED])
def test_what_is_typed_is_plain_on_the_page_and_quoted_in_the_code(
    page: str, query: dict[str, str], key: str
) -> None:
    app = opened(page, query | {key: HOSTILE["link"]})
    for text in HOSTILE.values():
        if key in app.session_state and isinstance(app.session_state[key], str):
            app.session_state[key] = text
            sound(app.run())
        assert_plain_on_the_page(app)
        for component in app.get("bidi_component"):
            if component.proto.component_name.endswith("lossviz_chart"):
                assert_plain_for_plotly(marked(json.loads(component.proto.bytes)))
        for block in app.code:
            if block.value.startswith("import lossviz"):
                ast.parse(block.value)


LONG_NUMBER = "0." + "0" * 400 + "1"


def test_a_number_of_many_digits_is_short_in_the_picture_and_whole_in_the_code() -> None:
    app = opened(
        "numbers", {"numbers_score": "MSE", "numbers_actual": "1 2", "numbers_predicted": f"{LONG_NUMBER} 3"}
    )
    texts = list(strings(payload(app)["wide"]["layout"]["annotations"]))
    assert max(map(len, texts)) < 2 * MAX_LENGTH
    assert not any(LONG_NUMBER in text for kind, text in elements(app) if kind != "code")
    (code,) = [block.value for block in app.code if block.value.startswith("import lossviz")]
    assert f"'{LONG_NUMBER} 3'" in code
