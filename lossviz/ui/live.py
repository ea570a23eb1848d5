"""A training that runs in a thread beside the page and stops when its viewer has left.

The page reads it a few times a second. A training whose viewer is no longer connected, or that nobody has
read for `PATIENCE` seconds, stops by itself. Its records are kept, and it can be continued from there.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import lossviz as lv

if TYPE_CHECKING:
    from lossviz.training.predictions import FeatureGrid

PAUSE = 0.04  # seconds between records that belong to the page: both run in one interpreter
SLOW_PAUSE = 0.14  # seconds between records when each is to be seen
PATIENCE = 5.0  # seconds without a reader
GRID = 36  # points along each side for the decision boundaries


@dataclass(frozen=True)
class LiveView:
    """The present state of a training: its history so far, and its decision boundaries, if it has any."""

    history: "lv.History"
    boundaries: "lv.DecisionBoundaries | None"
    running: bool
    done: bool


class Interrupted(Exception):
    """Raised inside the thread's work when it was asked to stop, or its viewer has left."""


class LiveTraining:
    """One viewer's training. All methods may be called from any thread.

    Args:
        settings: What to train.
        is_connected: Says whether the viewer is still connected; the thread asks at every step.
    """

    def __init__(
        self, settings: "lv.TrainingSettings", is_connected: Callable[[], bool] = lambda: True
    ) -> None:
        self.settings = settings
        self.slow = False
        self.goal = 0  # the step that it is on its way to, whether or not it is running
        self._is_connected = is_connected
        self._training = lv.Training(settings)
        self._lock = threading.Lock()  # held while a record is added, and while the records are read
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._last_read = time.monotonic()
        self._snapshots: list[lv.Snapshot] = []
        self._predictions: list[Any] = []
        self._grid = self._feature_grid()
        self._record()

    def _feature_grid(self) -> "FeatureGrid | None":
        from lossviz.training.predictions import FeatureGrid

        train, _ = self.settings.data()
        return FeatureGrid.over(train, GRID) if train.x.shape[1] == 2 else None

    def _record(self) -> None:
        snapshot = self._training.snapshot()
        predictions = None if self._grid is None else self._training.predict(self._grid.points, None)
        with self._lock:
            self._snapshots.append(snapshot)
            if predictions is not None:  # (runs, seeds, points); they are drawn in hundredths
                self._predictions.append(predictions.astype("float16"))

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    @property
    def has_boundaries(self) -> bool:
        """Whether the data have two features, so that decision boundaries can be drawn."""
        return self._grid is not None

    @property
    def step(self) -> int:
        """The step of the last record."""
        return self._snapshots[-1].step

    @property
    def done(self) -> bool:
        return self.step >= self.settings.steps

    def estimated_seconds(self, step: int) -> float:
        """About how long it takes on one core to train from here to a step."""
        return estimated_seconds(self.settings, step) - estimated_seconds(self.settings, self.step)

    def play(self, slow: bool = False, goal: int | None = None) -> None:
        """Train in the background until `pause` is called, a step is reached, or nobody reads.

        Args:
            slow: Whether to wait between the records, so that each can be seen.
            goal: The step to stop at; by default the last one.
        """
        self.slow = slow
        if self.running or self.done:
            return
        self.goal = self.settings.steps if goal is None else min(goal, self.settings.steps)
        self._stop.clear()
        self._last_read = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="lossviz-training", daemon=True)
        self._thread.start()

    def pause(self) -> None:
        """Stop after the present step."""
        self.goal = 0
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def advance(self) -> None:
        """Train to the next record, unless it is running."""
        if not self.running and not self.done:
            self._advance(lambda: None)

    def run_to(self, step: int, progress: Callable[[float], object]) -> None:
        """Train up to a step in this thread.

        Args:
            step: Where to stop.
            progress: Called at every step with the share that is done, from 0 to 1. If it raises, the
                training stops there and can be continued.
        """
        self.goal = goal = min(step, self.settings.steps)

        def report() -> None:
            progress(min(1.0, self._training.step / max(1, goal)))

        while self.step < goal:
            self._advance(report)
            report()

    def _check_interrupted(self) -> None:
        """Raise `Interrupted` if the thread was asked to stop, or nobody reads the training any more."""
        unread = time.monotonic() - self._last_read > PATIENCE
        if self._stop.is_set() or unread or not self._is_connected():
            raise Interrupted

    def _run(self) -> None:
        with suppress(Interrupted):
            while self.step < self.goal:
                self._advance(self._check_interrupted)
                self._stop.wait(SLOW_PAUSE if self.slow else PAUSE)

    def _advance(self, checkpoint: Callable[[], object]) -> None:
        """Train to the next record and add it.

        ``checkpoint`` is called at every step, and between the networks that a record measures. If it raises,
        the record is left unfinished, and the training can be continued from there.
        """
        goal = min(self.settings.steps, self.step + self.settings.interval)
        self._training.on_evaluation(checkpoint)
        try:
            while self._training.step < goal:
                checkpoint()
                self._training.advance()
            self._record()
        finally:
            self._training.on_evaluation(lambda: None)

    def read(self, seed: int = 0) -> LiveView:
        """The history so far, with the decision boundaries of a seed. Reading keeps the training running."""
        self._last_read = time.monotonic()
        with self._lock:
            snapshots, predictions = list(self._snapshots), list(self._predictions)
        history = lv.History.from_snapshots(
            self.settings, self._training.layers, snapshots, self._training.diverged_at
        )
        boundaries = None
        if self._grid is not None:
            boundaries = self._grid.boundaries([one[:, seed] for one in predictions])
        return LiveView(history, boundaries, self.running, self.done)


def estimated_seconds(settings: "lv.TrainingSettings", step: int | None = None) -> float:
    """About how long a training takes up to a step on one core, with its decision boundaries.

    Args:
        settings: What to train.
        step: The step; by default the last one.
    """
    from lossviz.training.workload import estimate_seconds  # loads torch: not before the title is shown

    two_features = len(lv.DATASETS[settings.dataset].features) == 2
    return estimate_seconds(settings, step, GRID * GRID if two_features else 0)
