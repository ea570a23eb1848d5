"""A training that runs beside the page and ends with its viewer.

The page reads it a few times a second. A training whose viewer is no longer connected, or that nobody has
read for `PATIENCE` seconds, stops by itself. Whatever has been recorded stays, and it can go on from there.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import lossviz as lv

if TYPE_CHECKING:
    from lossviz.race import Race, Snapshot
    from lossviz.race_setup import RaceSettings
    from lossviz.training import Training

BREATH = 0.04  # seconds between records that belong to the page: both run in one interpreter
SLOW = 0.14  # seconds between records when each is to be seen
PATIENCE = 5.0  # seconds without a reader
GRID = 36  # points of a portrait to each side


@dataclass(frozen=True)
class View:
    """What there is to show: the race so far, its portraits if the data lie in a plane, and its state."""

    race: "Race"
    portraits: Any  # figures.Portraits or None
    running: bool
    done: bool


class Left(Exception):
    """Raised inside the thread's work when it has been asked to stop, or its viewer has left."""


class Live:
    """One viewer's race. All methods may be called from any thread.

    ``here`` says whether the viewer is still connected; the thread asks at every step.
    """

    def __init__(self, settings: "RaceSettings", here: Callable[[], bool] = lambda: True) -> None:
        self.settings = settings
        self._training: Training = lv.Training(settings)
        self._lock = threading.Lock()  # held while a record is added, and while records are read
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._read = time.monotonic()
        self._here = here
        self.slow = False
        self.goal = 0  # the step that it is on its way to, whether or not it is in motion
        self._snapshots: list[Snapshot] = []
        self._said: list[Any] = []
        self._plane = self._portrait_plane()
        self._record()

    def _portrait_plane(self) -> Any:
        train, _ = self.settings.data()
        if train.x.shape[1] != 2:
            return None
        return lv.figures.portrait_plane(train, GRID)

    def _record(self) -> None:
        snapshot = self._training.snapshot()
        said = None if self._plane is None else self._training.predict(self._plane.points, None)
        with self._lock:
            self._snapshots.append(snapshot)
            if said is not None:
                self._said.append(said.astype("float16"))  # (contestants, seeds, points): drawn in hundredths

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    @property
    def has_plane(self) -> bool:
        """Whether the data lie in a plane, so that there are portraits."""
        return self._plane is not None

    @property
    def at(self) -> int:
        """The step of the last record."""
        return self._snapshots[-1].step

    @property
    def done(self) -> bool:
        return self.at >= self.settings.steps

    def seconds(self, step: int) -> float:
        """About how long it takes from here to a step, on one core."""
        return seconds_of(self.settings, step) - seconds_of(self.settings, self.at)

    def play(self, slow: bool = False, goal: int | None = None) -> None:
        """Train on, until `pause`, a step (None: the end), or nobody reads."""
        self.slow = slow
        if self.running or self.done:
            return
        self.goal = self.settings.steps if goal is None else min(goal, self.settings.steps)
        self._stop.clear()
        self._read = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="lossviz-race", daemon=True)
        self._thread.start()

    def pause(self) -> None:
        """Stop after the step in hand."""
        self.goal = 0
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def step(self) -> None:
        """One record further, if it stands."""
        if not self.running and not self.done:
            self._advance(lambda: None)

    def run_to(self, step: int, progress: Callable[[float], object]) -> None:
        """Train up to a step at once, telling at every step how far it has come: from 0 to 1.

        What ``progress`` raises ends it there, to go on from.
        """
        self.goal = goal = min(step, self.settings.steps)

        def tell() -> None:
            progress(min(1.0, self._training.step / max(1, goal)))

        while self.at < goal:
            self._advance(tell)
            tell()

    def _left(self) -> bool:
        """Whether the thread has been asked to stop, or nobody has read it for a while."""
        unread = time.monotonic() - self._read > PATIENCE
        return self._stop.is_set() or unread or not self._here()

    def _stay(self) -> None:
        if self._left():
            raise Left

    def _run(self) -> None:
        with suppress(Left):
            while self.at < self.goal:
                self._advance(self._stay)
                self._stop.wait(SLOW if self.slow else BREATH)

    def _advance(self, look_up: Callable[[], object]) -> None:
        """Train to the next record and take it. ``look_up`` is called at every step, and between the networks
        that a record looks at; what it raises leaves the record half way, to go on from."""
        interval = self.settings.interval
        goal = min(self.settings.steps, self.at + interval)
        self._training.look_up(look_up)
        try:
            while self._training.step < goal:
                look_up()
                self._training.advance()
            self._record()
        finally:
            self._training.look_up(lambda: None)

    def read(self, seed: int = 0) -> View:
        """The race so far, with the portraits of a seed. Reading is what keeps it alive."""
        self._read = time.monotonic()
        with self._lock:
            snapshots, said = list(self._snapshots), list(self._said)
        race = lv.stack(self.settings, self._training.layers, snapshots, self._training.diverged_at)
        portraits = None if self._plane is None else self._plane.with_answers([one[:, seed] for one in said])
        return View(race, portraits, self.running, self.done)


def seconds_of(settings: "RaceSettings", step: int | None = None) -> float:
    """About how long a race takes up to a step (None: all of it) on one core, its portraits among it."""
    from lossviz.workload import race_seconds  # loads torch: not before the title is shown

    flat = len(lv.DATASETS[settings.dataset].features) == 2
    return race_seconds(settings, step, GRID * GRID if flat else 0)
