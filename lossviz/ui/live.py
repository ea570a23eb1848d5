"""A training that runs in a thread beside the page and stops when its viewer has left.

The page reads it a few times a second. A training that nobody has read for `PATIENCE` seconds stops by
itself: its viewer has closed the tab. Its records are kept, and it can be continued.
"""

import threading
import time
from collections.abc import Callable
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


class LiveTraining:
    """One viewer's training. All methods may be called from any thread."""

    def __init__(self, settings: "lv.TrainingSettings") -> None:
        self.settings = settings
        self.slow = False
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
        return self._training.done

    def play(self, slow: bool = False) -> None:
        """Train in the background until `pause` is called, to the end, or until nobody reads."""
        self.slow = slow
        if self.running or self.done:
            return
        self._stop.clear()
        self._last_read = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="lossviz-training", daemon=True)
        self._thread.start()

    def pause(self) -> None:
        """Stop after the present step."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def advance(self) -> None:
        """Train to the next record, unless it is running."""
        if not self.running and not self.done:
            self._advance()

    def run_to(self, step: int, progress: Callable[[float], object]) -> None:
        """Train up to a step in this thread. ``progress`` is called with the share that is done."""
        while self._training.step < min(step, self.settings.steps):
            self._advance()
            progress(min(1.0, self._training.step / step))

    def _should_stop(self) -> bool:
        """Whether the thread was asked to stop, or nobody has read the training for a while."""
        return self._stop.is_set() or time.monotonic() - self._last_read > PATIENCE

    def _run(self) -> None:
        while not (self.done or self._should_stop()):
            self._advance(self._should_stop)
            self._stop.wait(SLOW_PAUSE if self.slow else PAUSE)

    def _advance(self, should_stop: Callable[[], bool] = lambda: False) -> None:
        """Train to the next record and add it. If it is stopped before, it can be continued from there."""
        interval = self.settings.interval
        goal = min(self.settings.steps, self._training.step + interval - self._training.step % interval)
        while self._training.step < goal and not should_stop():
            self._training.advance()
        if self._training.step == goal:
            self._record()

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
