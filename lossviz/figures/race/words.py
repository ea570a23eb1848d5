"""A verdict in words: who is ahead, and whether it is more than luck."""

from lossviz.figures.base.number_format import number, whole
from lossviz.figures.race.styles import MEASURES, joined
from lossviz.training.history import History
from lossviz.training.significance import PairedTest, paired_test


def gap_words(said: PairedTest, measure: str) -> str:
    """How far who is ahead is ahead: in points for accuracy, else in the measure's unit."""
    if measure == "Accuracy":
        points = 100 * abs(said.gap)
        return f"{points:.1f} points" if points < 9.95 else f"{points:.0f} points"
    return f"{number(abs(said.gap))}{' nats' if measure == 'Cross-entropy' else ''}"


def verdict_words(race: History, measure: str, record: int, running: bool = False) -> tuple[str, str]:
    """The number, and two lines beside it. No judgement while the race runs: who peeks finds luck."""
    seeds, step = race.settings.seeds, int(race.steps[record])
    count = len(race.settings.losses)
    if step == 0:
        plural = "seed" if seeds == 1 else "seeds"
        losses = "loss" if count == 1 else "contestants"
        return "Ready", f"{count} {losses} × {seeds} {plural}, {race.settings.steps} steps.<br>Press play."
    if measure == "Loss":
        return " ", "Each loss in its own unit: not to be compared.<br>Choose another measure."
    said = paired_test(race, MEASURES[measure][0], record)
    if said.kind == "unknown":
        return " ", "Fewer than two contestants can be measured by this.<br>Choose another measure."
    if said.kind == "nobody":
        half = f"{said.ahead} of {said.seeds}"
        return half, f"seeds each way at step {step}.<br><b>Nobody is ahead.</b>"
    lead = f"{said.ahead} of {said.seeds}"
    plural = "seed has" if said.seeds == 1 else "seeds have"
    over = f" of {joined(race, said.lower)}" if count > 2 else ""
    first = f"{plural} {joined(race, said.upper)} ahead{over} at step {step}"
    if running:
        first = first.replace(f" at step {step}", " so far")
        return lead, f"{first}.<br>The verdict comes when the race stops."
    return lead, f"{first}.<br>{_judged(said, measure)}"


def _judged(said: PairedTest, measure: str) -> str:
    often = f"once in {whole(said.once_in)} races" if said.once_in > 1 else "in most races"
    chance = f"chance makes such a gap {often}."
    gap = gap_words(said, measure)
    return {
        "more than luck": f"<b>More than luck</b>: {gap}; {chance}",
        "could be luck": f"<b>Could be luck</b>: {gap}; {chance}",
        "real but tiny": f"<b>Real but tiny</b>: {gap}.",
        "too few seeds": "<b>Too few seeds to tell</b>: take six or more.",
    }[said.kind]
