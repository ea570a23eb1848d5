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
        losses = "loss" if count == 1 else "contestants"
        text = f"{count} {losses} × {seeds} {plural}, {history.settings.steps} steps.<br>Press play."
        return "Ready", text
    if not TRAINING_METRICS[metric].comparable:
        return " ", "Each loss in its own unit: not to be compared.<br>Choose another measure."
    test = paired_test(history, metric, record)
    if test.kind == "unknown":
        return " ", "Fewer than two contestants can be measured by this.<br>Choose another measure."
    lead = f"{test.positive} of {test.seeds}"
    if test.kind == "tie":
        return lead, f"seeds each way at step {step}.<br><b>Nobody is ahead.</b>"
    plural = "seed has" if test.seeds == 1 else "seeds have"
    over = f" of {references_to(history, test.worse)}" if count > 2 else ""
    first = f"{plural} {references_to(history, test.better)} ahead{over}"
    if running:
        return lead, f"{first} so far.<br>The verdict comes when the race stops."
    return lead, f"{first} at step {step}.<br>{_conclusion(test, metric)}"


def _conclusion(test: PairedTest, metric: str) -> str:
    frequency = f"once in {whole(test.one_in)} races" if test.one_in > 1 else "in most races"
    chance = f"chance makes such a gap {frequency}."
    difference = difference_text(test, metric)
    return {
        "significant": f"<b>More than luck</b>: {difference}; {chance}",
        "not-significant": f"<b>Could be luck</b>: {difference}; {chance}",
        "negligible": f"<b>Real but tiny</b>: {difference}.",
        "too-few-seeds": "<b>Too few seeds to tell</b>: take six or more.",
    }[test.kind]
