"""How the runs of a training are told apart, and the metrics that are drawn of them.

Hue and dash stand for the loss, as in every figure. From three runs on each has a letter as well, and the
second of a family of losses is drawn hollow: a line in the colour of the paper runs inside its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from lossviz.common.plain_text import for_plotly, quoted
from lossviz.data.table import DATASETS
from lossviz.figures.base.style import PAPER, common_name, loss_style
from lossviz.losses.table import LOSSES
from lossviz.networks.optimizers import OPTIMIZERS
from lossviz.networks.table import NETWORKS
from lossviz.training.history import History

LETTERS = "ABCDEFGH"
LONGEST_TITLE = 20  # characters; a longer name is cut at the edge of the figure


@dataclass(frozen=True)
class CurveMetric:
    """A metric of `History` that `training_curves` draws."""

    label: str  # its name in a control, and of its frame
    axis: str  # title of the axis
    is_share: bool = False  # from 0 to 1: in percent and on a linear axis; others are on a logarithmic one
    unit: str = ""  # behind a difference
    comparable: bool = True  # whether runs with different losses can be compared by it


# In the order of a control. The keys are fields of `History`.
TRAINING_METRICS: Mapping[str, CurveMetric] = MappingProxyType(
    {
        "accuracy": CurveMetric("Accuracy", "test accuracy", is_share=True),
        "loss": CurveMetric("Loss", "training loss", comparable=False),
        "cross_entropy": CurveMetric("Cross-entropy", "cross-entropy, nats", unit=" nats"),
        "brier": CurveMetric("Brier", "Brier score"),
    }
)
LAYER_METRICS: Mapping[str, CurveMetric] = MappingProxyType(
    {
        "gradient_norm": CurveMetric("Gradient", "gradient by layer"),
        "saturated": CurveMetric("Saturated", "saturated, by layer", is_share=True),
    }
)
ACTIVATION_LABELS = {"relu": "ReLU"}


def check_metric(metric: str) -> None:
    """ValueError unless `training_curves` draws this metric."""
    if metric not in TRAINING_METRICS:
        raise ValueError(f"metric must be one of {', '.join(TRAINING_METRICS)}; got {quoted(metric)}")


def is_hollow(history: History, run: int) -> bool:
    """Whether an earlier run's loss is of the same family."""
    line = loss_style(history.settings.losses[run]).line
    return any(loss_style(loss).line == line for loss in history.settings.losses[:run])


def line_style(history: History, run: int, width: float = 5.0) -> dict[str, Any]:
    """A run's line, in the hue and dash of its loss."""
    style = loss_style(history.settings.losses[run])
    return {"color": style.line, "dash": style.dash, "width": width, "simplify": False}


def inner_line(width: float = 1.6) -> dict[str, Any]:
    """The line in the colour of the paper inside a hollow one."""
    return {"color": PAPER, "width": width, "simplify": False}


def has_letters(history: History) -> bool:
    """Whether runs have letters: two are told apart without."""
    return len(history.settings.losses) > 2


def class_count(history: History) -> int:
    """Number of classes of the data; 0 for regression."""
    return len(DATASETS[history.settings.dataset].classes)


def name_of(history: History, run: int) -> str:
    """The loss's common name, or its label where two losses have the same common name."""
    losses = history.settings.losses
    name = common_name(losses[run])
    if len({loss for loss in losses if common_name(loss) == name}) > 1:
        return LOSSES[losses[run]].label
    return name


def title_of(history: History, run: int) -> str:
    """The title over a run's own picture: its letter, if there are letters, and its name."""
    name = name_of(history, run)
    if len(name) > LONGEST_TITLE:
        name = LOSSES[history.settings.losses[run]].short_label or name
    return f"{LETTERS[run]} · {name}" if has_letters(history) else name


def reference_to(history: History, run: int) -> str:
    """What a run is called in a sentence."""
    return LETTERS[run] if has_letters(history) else name_of(history, run).lower()


def references_to(history: History, runs: tuple[int, ...]) -> str:
    """What several runs are called in a sentence, as "A, B and C"."""
    names = [reference_to(history, run) for run in runs]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _setting_label(field: str, value: Any) -> str:
    """A network or an activation in words."""
    if field == "activation":
        return ACTIVATION_LABELS.get(value, str(value))
    return NETWORKS[value].label if isinstance(value, str) else for_plotly(value.name)


def own_settings(history: History, run: int) -> str:
    """The settings in which a run differs from others beside its loss, as "ReLU"; empty for none."""
    configs = history.settings.runs
    words = []
    for field in ("network", "activation", "optimizer", "init_gain"):
        value = getattr(configs[run], field)
        if len({getattr(config, field) for config in configs}) > 1:
            if field == "init_gain":
                words.append(f"× {value:g}")
            elif field == "optimizer":
                words.append(OPTIMIZERS[value].inline_label or OPTIMIZERS[value].label)
            else:
                words.append(_setting_label(field, value))
    if len({config.lr for config in configs}) > 1 and has_letters(history):
        words.append(f"rate {configs[run].lr:g}")
    return ", ".join(words)
