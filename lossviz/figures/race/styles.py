"""How the contestants of a race are told apart, and what is measured of them.

Hue and dash say the loss, as everywhere. From three contestants on each has a letter too, and the second of
a family is hollow: a line of paper runs inside its own.
"""

from typing import Any

from lossviz.common.plain_text import for_plotly
from lossviz.figures.base.style import PAPER, common_name, loss_style
from lossviz.networks.optimizers import OPTIMIZERS
from lossviz.training.history import History

LETTERS = "ABCDEFGH"

MEASURES = {
    "Accuracy": ("accuracy", "accuracy on new examples"),
    "Loss": ("loss", "loss in training"),
    "Cross-entropy": ("cross_entropy", "cross-entropy, nats"),
    "Brier": ("brier", "Brier score"),
}
_PLAIN = {"relu": "ReLU"} | {row.name: row.inline_label or row.label for row in OPTIMIZERS.values()}


def is_twin(race: History, c: int) -> bool:
    """Whether an earlier contestant is of the same family: then this one is drawn hollow."""
    line = loss_style(race.settings.losses[c]).line
    return any(loss_style(loss).line == line for loss in race.settings.losses[:c])


def line_style(race: History, c: int, width: float = 5.0) -> dict[str, Any]:
    """How a contestant's line is drawn: in its loss's hue and dash."""
    style = loss_style(race.settings.losses[c])
    return {"color": style.line, "dash": style.dash, "width": width, "simplify": False}


def hollow(width: float = 1.6) -> dict[str, Any]:
    """The line of paper inside a twin's own."""
    return {"color": PAPER, "width": width, "simplify": False}


def lettered(race: History) -> bool:
    """Whether contestants have letters: two are told apart without."""
    return len(race.settings.losses) > 2


def name_of(race: History, c: int) -> str:
    """The loss's plain name; its own, where two would have the same."""
    losses = race.settings.losses
    name = common_name(losses[c])
    if len({loss for loss in losses if common_name(loss) == name}) > 1:
        return losses[c]
    return name


def head_of(race: History, c: int) -> str:
    """What stands over a contestant's own picture: its letter, if there are letters, and its name."""
    return f"{LETTERS[c]} · {name_of(race, c)}" if lettered(race) else name_of(race, c)


def call(race: History, c: int) -> str:
    """What a sentence calls a contestant."""
    return LETTERS[c] if lettered(race) else name_of(race, c).lower()


def own_words(race: History, c: int) -> str:
    """What a contestant has of its own beside its loss, as "ReLU"; nothing if it has nothing."""
    each = race.settings.contestants
    words = []
    for field in ("network", "activation", "optimizer", "init_gain"):
        value = getattr(each[c], field)
        name = getattr(value, "name", value)  # a network of one's own is called by its name
        if len({getattr(one, field) for one in each}) > 1:
            words.append(f"× {value:g}" if field == "init_gain" else _PLAIN.get(str(value), for_plotly(name)))
    if len({one.lr for one in each}) > 1 and lettered(race):
        words.append(f"rate {each[c].lr:g}")
    return ", ".join(words)


def joined(race: History, contestants: tuple[int, ...]) -> str:
    """What a sentence calls several contestants, as "A, B and C"."""
    names = [call(race, c) for c in contestants]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
