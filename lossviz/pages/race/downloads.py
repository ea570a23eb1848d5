"""Race: what there is to take home.

A file is made when it is asked for, after the page has run, where there is no session to look into: all that
it needs is handed over before.
"""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import io
from collections.abc import Iterable

import lossviz as lv
from lossviz.pages.output_codes import at_scale
from lossviz.pages.race.digits_table import MEASURE
from lossviz.ui import files
from lossviz.ui.live import Live
from lossviz.ui.page import File

FIELDS = ("loss", "test_loss", "accuracy", "cross_entropy", "brier", "distance", "sure_and_wrong")


def of_race(live: Live, seed: int, kind: str, measure: str, layers: str) -> list[File]:
    """The page with the portraits of a seed, every record, and the race itself."""

    def page() -> str:
        view = live.read(seed)
        figure = lv.figures.training_curves(
            view.race, measure, view=kind, portraits=view.portraits, layers=layers
        )
        return lv.figures.standalone(figure, "step")

    return [
        File("Page (HTML)", "race.html", "text/html", page),
        File("Numbers (CSV)", "race.csv", "text/csv", lambda: numbers(live.read().race)),
        File("Race (NPZ)", "race.npz", "application/octet-stream", lambda: saved(live.read().race)),
    ]


def of_table(facts: lv.codes.HeadScores) -> list[File]:
    """The table of digits as a page and as numbers."""

    def page() -> str:
        return lv.figures.standalone(lv.figures.head_scores(facts, MEASURE))

    return [
        File("Page (HTML)", "digits.html", "text/html", page),
        File("Numbers (CSV)", "digits.csv", "text/csv", lambda: at_scale.table_numbers(facts)),
    ]


def numbers(race: lv.History) -> str:
    """One row a record, with every contestant and seed."""
    table: dict[str, Iterable[object]] = {"step": race.steps}
    for c, one in enumerate(race.settings.contestants):
        for seed in range(race.settings.seeds):
            for field in FIELDS:
                name = f"{'ABCD'[c]} {one.loss} {one.activation} {one.optimizer} seed {seed + 1} {field}"
                table[name] = getattr(race, field)[c, seed]
    return files.columns(table)


def saved(race: lv.History) -> bytes:
    """The whole race as a file that `lv.History.load` opens."""
    file = io.BytesIO()
    race.save(file)
    return file.getvalue()
