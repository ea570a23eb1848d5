"""The files of the tab Download.

A file is made when it is requested, after the page has run and without its session, so that everything that
it needs is an argument.
"""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import io
from collections.abc import Iterable
from typing import Any

import lossviz as lv
from lossviz.pages.output_codes import at_scale
from lossviz.pages.race.digits_table import MEASURE
from lossviz.ui import files
from lossviz.ui.downloads import FigurePage, File
from lossviz.ui.live import LiveTraining

METRICS = ("loss", "test_loss", "accuracy", "cross_entropy", "brier", "distance", "confidently_wrong")


def training_files(
    training: LiveTraining, seed: int, step: int, metric: str, view: str, layers: str
) -> list[File | FigurePage]:
    """The figure with the decision boundaries of a seed, every record, and the history itself."""

    def figure() -> Any:
        now = training.read(seed)
        at = int(now.history.steps[-1]) if now.running else step
        return lv.figures.training_curves(
            now.history, metric, at, view=view, boundaries=now.boundaries, layers=layers
        )

    return [
        FigurePage("race.html", figure, "step"),
        File("Numbers (CSV)", "race.csv", "text/csv", lambda: numbers(training.read().history)),
        File("History (NPZ)", "race.npz", "application/octet-stream", lambda: saved(training.read().history)),
    ]


def table_files(scores: lv.codes.HeadScores) -> list[File | FigurePage]:
    """The table of digits as a page and as numbers."""
    return [
        FigurePage("digits.html", lambda: lv.figures.head_scores(scores, MEASURE)),
        File("Numbers (CSV)", "digits.csv", "text/csv", lambda: at_scale.table_numbers(scores)),
    ]


def numbers(history: lv.History) -> str:
    """One row per record, one column for each metric of each run and seed."""
    table: dict[str, Iterable[object]] = {"step": history.steps}
    for run, config in enumerate(history.settings.runs):
        called = f"{'ABCD'[run]} {config.loss} {config.activation} {config.optimizer}"
        for seed in range(history.settings.seeds):
            for metric in METRICS:
                table[f"{called} seed {seed + 1} {metric}"] = getattr(history, metric)[run, seed]
    return files.columns(table)


def saved(history: lv.History) -> bytes:
    """The content of a file that `lv.History.load` opens."""
    file = io.BytesIO()
    history.save(file)
    return file.getvalue()
