"""What a reader sees is said in the words of a textbook, and choices show names, not words of the library."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from support.pages import controls_of

import lossviz as lv
from lossviz import pages
from lossviz.ui.controls import Choice, MultiChoice

ROOT = Path(__file__).parents[1]
# Words that stood on the screen and are in no textbook's index, as regular expressions.
ODD = (
    "sure,? and wrong", "sure, wrong", r"bends? down", r"bending down", "noise law", r"\bthe ground\b",
    r"\bloud\b", "contestant", "portrait", r"held[ -]out", "nobody is ahead", "swap names", "the asker",
    "left in peace", r"spare words", "words over", "stand-in", "curve reader", "hit or miss",
    "who always says", "the map says", "network had", "new examples", "take it away", r"\bshrugs\b",
    "mere drift", "calm bowl", "guessing alike", "keeps? its word", "came true", "says it is", "nats a dot",
    r"flies apart", "swings for ever", "whatever the line", "longest gradient", "examples a step",
    r"\bgone at step", "left the finite numbers", "verdict comes", "once in .* races", r"turned over",
    "never there", "has left it", "too modest", "of its points right", "at its floor",
)  # fmt: skip
REGISTRIES = (
    lv.LOSSES, lv.losses.NONDIFFERENTIABLE, lv.DATASETS, lv.NETWORKS, lv.OPTIMIZERS, lv.SCHEDULES,
    lv.codes.CODES, lv.neuron.TWO_WEIGHT_MODELS, lv.metrics.MEASURES,
)  # fmt: skip
CHOICES = {
    control.key: control
    for page in pages.discover()
    for control in controls_of(page).all
    if isinstance(control, Choice | MultiChoice)
}
LONGEST_LABEL = 48  # characters; the widest menu cuts a longer one


@cache
def link_words() -> frozenset[str]:
    """The options of choices: words of published links, which stay, whatever is shown for them."""
    return frozenset(option for control in CHOICES.values() for option in control.options)


def texts() -> Iterator[tuple[str, str]]:
    """Everything that is written for a reader: Markdown files, and the strings of figures and pages."""
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("lossviz/**/*.md")]:
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    for path in ROOT.glob("lossviz/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            written = isinstance(node, ast.Constant) and isinstance(node.value, str)
            if written and node.value not in link_words():
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value


def test_no_text_has_an_odd_word() -> None:
    odd = re.compile("|".join(ODD), re.IGNORECASE)
    found = [f"{where}: {match[0]}" for where, text in texts() if (match := odd.search(text))]
    assert found == []


@pytest.mark.parametrize("key", CHOICES)
def test_a_choice_shows_names_and_not_the_words_of_the_library(key: str) -> None:
    control = CHOICES[key]
    shown = {option: control.label_of(option) for option in control.options}
    assert len(set(shown.values())) == len(shown), "an option is found by its label"
    for option, label in shown.items():
        assert 0 < len(label) <= LONGEST_LABEL
        assert not re.search(r"[a-z]+-(mse|ce|bce|nll|onehot)\b|\bmlp-|_", label), label
        names = option.split(", ")
        for rows in REGISTRIES:
            if all(name in rows for name in names):  # then a row says what each is called
                assert label != option or label in ("tanh", "sigmoid"), f"{key} shows {option}"


@pytest.mark.parametrize("registry", ["OPTIMIZERS", "DATASETS", "NETWORKS"])
def test_labels_come_from_the_registry(registry: str) -> None:
    """One place: what a row is called is written in the row."""
    rows = getattr(lv, registry)
    shown = {
        option: control.label_of(option)
        for control in CHOICES.values()
        for option in control.options
        if option in rows and option not in lv.SCHEDULES  # "linear" is a network and a schedule
    }
    assert shown
    assert all(label == rows[option].label for option, label in shown.items())
