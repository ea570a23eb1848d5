"""Examples with their targets, and a row of the table that generates or loads them."""

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
Targets = NDArray[np.int64] | Floats
Examples = tuple[Floats, Targets]


@dataclass(frozen=True)
class Data:
    """Examples with their targets.

    Attributes:
        name: Name of the dataset.
        task: "classification" or "regression".
        x: Features (n, d).
        y: Class numbers (n,), or numbers (n,) for regression.
        features: Names of the d features.
        classes: Names of the K classes; empty for regression.
        source: Where the data come from.

    Example:
        >>> import lossviz as lv
        >>> train, test = lv.DATASETS["iris"].load().split(test_size=0.2)
        >>> train.x.shape, test.x.shape, test.classes[0]
        ((120, 4), (30, 4), 'setosa')
    """

    name: str
    task: Problem
    x: Floats
    y: Targets
    features: tuple[str, ...]
    classes: tuple[str, ...]
    source: str

    def split(self, test_size: float = 0.25, seed: int = 0) -> tuple["Data", "Data"]:
        """Split into random training and test examples, stratified by class if there are enough of each.

        Args:
            test_size: Proportion of test examples, between 0 and 1; at least one example is on each side.
            seed: Seed of the shuffle.

        Returns:
            Training and test data.

        Raises:
            ValueError: If ``test_size`` is not between 0 and 1.
        """
        number_in("test_size", test_size, 1e-6, 1 - 1e-6)
        n = len(self.x)
        count = min(max(math.ceil(test_size * n), 1), n - 1)
        per_class = np.bincount(self.y.astype(int)) if self.task == "classification" else np.zeros(1)
        stratify = per_class.min() > 1 and len(per_class) <= count <= n - len(per_class)
        parts = train_test_split(
            np.arange(n), test_size=count, random_state=seed, stratify=self.y if stratify else None
        )
        train, test = (replace(self, x=self.x[rows], y=self.y[rows]) for rows in parts)
        return train, test

    def imbalanced(self, ratio: float, seed: int = 0) -> "Data":
        """Subsample the last class.

        Args:
            ratio: One in so many examples of the last class is kept, at least two; in [1, 1000].
            seed: Seed of the selection.

        Returns:
            The data with fewer examples, in the same order.

        Raises:
            ValueError: If ``ratio`` is out of range, or not 1 for regression.
        """
        if number_in("imbalance", ratio, 1.0, 1000.0) == 1.0:
            return self
        if self.task == "regression":
            raise ValueError(f"imbalance is for classes; {self.name} is for regression and has none")
        last = len(self.classes) - 1
        rare = np.flatnonzero(self.y == last)
        count = min(len(rare), max(2, round(len(rare) / ratio)))
        selected = np.random.default_rng(seed).choice(rare, count, replace=False)
        rows = np.sort(np.concatenate([np.flatnonzero(self.y != last), selected]))
        return replace(self, x=self.x[rows], y=self.y[rows])

    def with_label_noise(self, proportion: float, seed: int = 0) -> "Data":
        """Replace the labels of some examples by another class, drawn uniformly.

        Args:
            proportion: Proportion of examples, in [0, 1]; their number is rounded.
            seed: Seed of the selection and of the wrong labels.

        Returns:
            The data with other targets.

        Raises:
            ValueError: If ``proportion`` is out of range, or not 0 for regression.
        """
        if number_in("label_noise", proportion, 0.0, 1.0) == 0.0:
            return self
        if self.task == "regression":
            raise ValueError(f"label_noise is for classes; {self.name} is for regression and has none")
        rng = np.random.default_rng(seed)
        wrong = rng.choice(len(self.y), round(proportion * len(self.y)), replace=False)
        y = self.y.copy()
        y[wrong] = (y[wrong] + rng.integers(1, len(self.classes), len(wrong))) % len(self.classes)
        return replace(self, y=y)

    def shifted(self, origin: Floats) -> "Data":
        """The data with ``origin`` (d,) subtracted from every example."""
        return replace(self, x=self.x - origin)


@dataclass(frozen=True)
class Dataset:
    """How to get a dataset: a row of `DATASETS`.

    Attributes:
        name: Its key in `DATASETS`, which also stands in links.
        label: How it is listed.
        task: "classification" or "regression".
        make: Returns features and targets for (n, noise, seed); a real dataset ignores all three.
        formula: LaTeX: the distribution of the examples.
        convention: What noise means, and whether features are standardized.
        source: Where the data, or their generator, come from.
        features: Names of the features.
        classes: Names of the classes; empty for regression.
        size: Default number of examples; 0 for a real dataset, which is always complete.
        noise: Default noise.

    Example:
        >>> import lossviz as lv
        >>> lv.DATASETS["moons"].load(n=100, noise=0.1, seed=1).x.shape
        (100, 2)
    """

    name: str
    label: str
    task: Problem
    make: Callable[[int, float, int], Examples] = field(repr=False)
    formula: str
    convention: str
    source: str
    features: tuple[str, ...]
    classes: tuple[str, ...] = ()
    size: int = 0
    noise: float = 0.0
    positive_class: int = 1  # of two classes, the one that scores such as F1 are about

    @property
    def synthetic(self) -> bool:
        """Whether the examples are generated, so that their number and noise can be chosen."""
        return self.size > 0

    def check(
        self, n: int | None = None, noise: float | None = None, seed: int = 0
    ) -> tuple[int, float, int]:
        """Check the arguments of `load`, and fill in the defaults.

        Args:
            n: Number of examples, from 4 to 100 000; None for the default.
            noise: In [0, 10]; None for the default.
            seed: From 0 to 2^32 - 1.

        Returns:
            The three arguments.

        Raises:
            ValueError: If one is out of range.
        """
        return (
            self.size if n is None else count_in("n", n, 4, 100_000),
            self.noise if noise is None else number_in("noise", noise, 0.0, 10.0),
            count_in("seed", seed, 0, 2**32 - 1),
        )

    def load(self, n: int | None = None, noise: float | None = None, seed: int = 0) -> Data:
        """Generate or load the examples; the same arguments give the same examples.

        Args:
            n: As for `check`; ignored by a real dataset, like ``noise`` and ``seed``.
            noise: As for `check`.
            seed: As for `check`.

        Returns:
            The data.

        Raises:
            ValueError: As `check`.
        """
        x, y = self.make(*self.check(n, noise, seed))
        return Data(self.name, self.task, x, y, self.features, self.classes, self.source)
