"""The result of a paired test in words."""

from lossviz.figures.base.number_format import number, whole
from lossviz.figures.training.styles import TRAINING_METRICS, references_to
from lossviz.training.history import History
from lossviz.training.significance import PairedTest, paired_test


def difference_text(test: PairedTest, metric: str) -> str:
    """The mean difference: in percentage points for a share, otherwise in the metric's unit."""
    if TRAINING_METRICS[metric].is_share:
        points = 100 * abs(test.mean_difference)
        return f"{points:.1f} points" if points < 9.95 else f"{points:.0f} points"
    return f"{number(abs(test.mean_difference))}{TRAINING_METRICS[metric].unit}"


def significance_text(history: History, metric: str, record: int, running: bool = False) -> tuple[str, str]:
    """A number in large type, and two lines beside it.

    A running training is not judged: testing again and again finds differences where there are none.
    """
    seeds, step = history.settings.seeds, int(history.steps[record])
    count = len(history.settings.losses)
    if step == 0:
        plural = "seed" if seeds == 1 else "seeds"
        losses = "run" if count == 1 else "runs"
        text = f"{count} {losses} × {seeds} {plural}, {history.settings.steps} steps.<br>Press play."
        return "Ready", text
    if not TRAINING_METRICS[metric].comparable:
        return " ", "Each loss in its own unit: not comparable.<br>Choose another metric."
    test = paired_test(history, metric, record)
    if test.kind == "unknown":
        return " ", "Fewer than two runs have this metric.<br>Choose another one."
    lead = f"{test.positive} of {test.seeds}"
    if test.kind == "tie":
        return _tie(test, step)
    favour = "seed favours" if test.seeds == 1 else "seeds favour"
    over = f" over {references_to(history, test.worse)}" if count > 2 else ""
    first = f"{favour} {references_to(history, test.better)}{over}"
    if running:
        return lead, f"{first} so far.<br>Tested when the training stops."
    return lead, f"{first} at step {step}.<br>{_conclusion(test, metric)}"


def _tie(test: PairedTest, step: int) -> tuple[str, str]:
    """Of as many seeds for each run: how many, and how many make no difference."""
    equal = test.seeds - test.positive - test.negative
    if not test.positive:
        return str(
            equal
        ), f"{'seed is' if equal == 1 else 'seeds are'} equal at step {step}.<br><b>No difference.</b>"
    favour = "seed favours" if test.positive == 1 else "seeds favour"
    ties = f", {equal} {'ties' if equal == 1 else 'tie'}" if equal else ""
    return str(test.positive), f"{favour} each{ties}, at step {step}.<br><b>No difference.</b>"


def _conclusion(test: PairedTest, metric: str) -> str:
    difference = difference_text(test, metric)
    exact = test.one_in > 1 and abs(test.p_value * test.one_in - 1) < 1e-9
    p_value = f"1/{whole(test.one_in)}" if exact else number(test.p_value)
    result = f"{difference}; p = {p_value} if the runs were equal."
    return {
        "significant": f"<b>Significant</b>: {result}",
        "not-significant": f"<b>Could be luck</b>: {result}",
        "negligible": f"<b>Significant but tiny</b>: {difference}.",
        "too-few-seeds": "<b>Too few seeds to tell</b>: take six or more.",
    }[test.kind]
