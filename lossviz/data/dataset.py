"""What data are: examples with their targets, and a row that knows how to get a set of them."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from lossviz.common.typing import Floats
from lossviz.common.validation import count_in, number_in

Problem = Literal["classification", "regression"]


@dataclass(frozen=True)
class Data:
    """Examples with their targets, and where they came from."""

    name: str
    task: Problem
    x: Floats  # (n, d)
    y: NDArray[np.int64] | Floats  # (n,) class numbers, or (n,) numbers
    features: tuple[str, ...]  # d names
    classes: tuple[str, ...]  # K names; empty for regression
    source: str

    def split(self, test: float = 0.25, seed: int = 0) -> tuple["Data", "Data"]:
        """(train, test) by a seeded shuffle, neither empty; the classes in proportion where there are enough.

        Raises ValueError unless 0 < test < 1.
        """
        number_in("test", test, 1e-6, 1 - 1e-6)
        n = len(self.x)
        held = min(max(math.ceil(test * n), 1), n - 1)
        counts = np.bincount(self.y.astype(int)) if self.task == "classification" else np.zeros(1)
        fair = counts.min() > 1 and len(counts) <= held <= n - len(counts)
        chosen = train_test_split(
            np.arange(n), test_size=held, random_state=seed, stratify=self.y if fair else None
        )
        train, held_out = (replace(self, x=self.x[part], y=self.y[part]) for part in chosen)
        return train, held_out

    def thinned(self, times: float, seed: int = 0) -> "Data":
        """The last class made rare: of its examples one in ``times`` is kept, at least two, by a seeded draw.

        Raises ValueError unless times is in [1, 1000], or for regression unless it is 1.
        """
        if number_in("imbalance", times, 1.0, 1000.0) == 1.0:
            return self
        if self.task == "regression":
            raise ValueError(f"imbalance is for classes; {self.name} is for regression and has none")
        rare = np.flatnonzero(self.y == len(self.classes) - 1)
        count = min(len(rare), max(2, round(len(rare) / times)))
        kept = np.random.default_rng(seed).choice(rare, count, replace=False)
        rows = np.sort(np.concatenate([np.flatnonzero(self.y != len(self.classes) - 1), kept]))
        return replace(self, x=self.x[rows], y=self.y[rows])

    def mislabelled(self, share: float, seed: int = 0) -> "Data":
        """A seeded ``share`` of the examples, rounded, each under another class, all others alike.

        Raises ValueError unless share is in [0, 1], or for regression unless it is 0.
        """
        if number_in("label_noise", share, 0.0, 1.0) == 0.0:
            return self
        if self.task == "regression":
            raise ValueError(f"label_noise is for classes; {self.name} is for regression and has none")
        rng = np.random.default_rng(seed)
        wrong = rng.choice(len(self.y), round(share * len(self.y)), replace=False)
        y = self.y.copy()
        y[wrong] = (y[wrong] + rng.integers(1, len(self.classes), len(wrong))) % len(self.classes)
        return replace(self, y=y)

    def moved(self, origin: Floats) -> "Data":
        """Every example less the origin (d,)."""
        return replace(self, x=self.x - origin)


@dataclass(frozen=True)
class Dataset:
    """How to get one set of data: a row of `DATASETS`.

    ``make(n, noise, seed)`` draws a made set; a real set ignores all three. ``size`` and ``noise`` are
    the defaults; a set with ``size`` 0 is real and comes whole.
    """

    name: str
    label: str
    task: Problem
    make: Callable[[int, float, int], tuple[Floats, NDArray[np.int64] | Floats]] = field(repr=False)
    formula: str  # LaTeX: how the examples arise
    convention: str  # what noise means, and whether features are standardized
    source: str
    features: tuple[str, ...]
    classes: tuple[str, ...] = ()
    size: int = 0
    noise: float = 0.0
    positive_class: int = 1  # of two classes, the one that scores such as F1 are about

    @property
    def made(self) -> bool:
        return self.size > 0

    def check(
        self, n: int | None = None, noise: float | None = None, seed: int = 0
    ) -> tuple[int, float, int]:
        """The three as `load` takes them, defaults filled in.

        Raises ValueError for n outside [4, 100000], noise outside [0, 10] or a seed outside [0, 2^32).
        """
        return (
            self.size if n is None else count_in("n", n, 4, 100_000),
            self.noise if noise is None else number_in("noise", noise, 0.0, 10.0),
            count_in("seed", seed, 0, 2**32 - 1),
        )

    def load(self, n: int | None = None, noise: float | None = None, seed: int = 0) -> Data:
        """The examples, reproducibly. Errors are those of `check`."""
        x, y = self.make(*self.check(n, noise, seed))
        return Data(self.name, self.task, x, y, self.features, self.classes, self.source)
