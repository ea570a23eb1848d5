"""Datasets, one row each: generated in the plane, or real ones that come with scikit-learn.

Nothing is downloaded. Features with different units are standardized over the whole dataset; generated
features are not. Labels are class numbers. Targets with a unit are standardized, so that one learning rate
suits all.

To add a dataset, write a function (n, noise, seed) -> (x, y) here and add a row.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import sklearn.datasets as sk
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler

from lossviz.common.registry import Registry
from lossviz.common.typing import Floats
from lossviz.data.dataset import Dataset, Examples


def _moons(n: int, noise: float, seed: int) -> Examples:
    x, y = sk.make_moons(n, noise=noise, random_state=seed)
    return x, y


def _circles(n: int, noise: float, seed: int) -> Examples:
    x, y = sk.make_circles(n, noise=noise, factor=0.5, random_state=seed)
    return x, y


def _blobs(n: int, noise: float, seed: int, classes: int = 4) -> Examples:
    angle = 2 * np.pi * (np.arange(classes) + 0.5) / classes
    centers = 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x, y = sk.make_blobs(n, centers=centers, cluster_std=noise, random_state=seed)
    return x, y


def _xor(n: int, noise: float, seed: int) -> Examples:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (n, 2))
    y = (x[:, 0] * x[:, 1] > 0).astype(np.int64)
    return x + noise * rng.standard_normal((n, 2)), y


def _spirals(n: int, noise: float, seed: int) -> Examples:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    radius = np.sqrt(rng.uniform(0.02, 1, n))  # the square root spreads the points evenly along the arm
    angle = 3 * np.pi * radius + np.pi * y
    x = 1.5 * radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return x + noise * rng.standard_normal((n, 2)), y.astype(np.int64)


def _line(n: int, noise: float, seed: int) -> Examples:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2, 2, n)
    return x[:, None], 0.8 * x + 0.3 + noise * rng.standard_normal(n)


def _sine(n: int, noise: float, seed: int) -> Examples:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2, 2, n)
    return x[:, None], np.sin(2 * x) + noise * rng.standard_normal(n)


@cache
def _table(loader: Callable[..., Any], **options: Any) -> tuple[Floats, NDArray[Any]]:
    """A table that comes with scikit-learn, unpacked once and read-only."""
    x, y = loader(return_X_y=True, **options)
    x.flags.writeable = y.flags.writeable = False
    return x, y


def _standardized(loader: Callable[..., Any]) -> Callable[[int, float, int], Examples]:
    def make(n: int, noise: float, seed: int) -> Examples:
        x, y = _table(loader)
        return StandardScaler().fit_transform(x), y.copy()

    return make


def _digits(n: int, noise: float, seed: int) -> Examples:
    x, y = _table(sk.load_digits)
    return x / 16, y.copy()


def _diabetes(n: int, noise: float, seed: int) -> Examples:
    x, y = _table(sk.load_diabetes, scaled=False)
    return StandardScaler().fit_transform(x), StandardScaler().fit_transform(y[:, None])[:, 0]


_PLANE = ("x₁", "x₂")
_TWO = ("0", "1")
_GENERATED = "made here, after scikit-learn's generator"
_IRIS, _WINE, _CANCER = sk.load_iris(), sk.load_wine(), sk.load_breast_cancer()

DATASETS: Registry[Dataset] = Registry(
    "dataset",
    [
        Dataset(
            name="moons",
            label="Two moons",
            task="classification",
            make=_moons,
            formula=r"x = (\cos t, \sin t) \text{ or } (1 - \cos t, \tfrac12 - \sin t) + \varepsilon",
            convention="noise is the standard deviation of ε in each coordinate; not standardized",
            source="scikit-learn, make_moons",
            features=_PLANE,
            classes=_TWO,
            size=300,
            noise=0.2,
        ),
        Dataset(
            name="circles",
            label="Two circles",
            task="classification",
            make=_circles,
            formula=r"x = r (\cos t, \sin t) + \varepsilon, \quad r \in \{1, \tfrac12\}",
            convention="noise is the standard deviation of ε in each coordinate; not standardized",
            source="scikit-learn, make_circles",
            features=_PLANE,
            classes=_TWO,
            size=300,
            noise=0.1,
        ),
        Dataset(
            name="xor",
            label="Exclusive or",
            task="classification",
            make=_xor,
            formula=r"y = [x_1 x_2 > 0], \quad x \sim U(-1, 1)^2 + \varepsilon",
            convention="labelled before the noise ε of this standard deviation is added; not standardized",
            source="M. Minsky and S. Papert, Perceptrons (1969)",
            features=_PLANE,
            classes=_TWO,
            size=300,
            noise=0.1,
        ),
        Dataset(
            name="spirals",
            label="Two spirals",
            task="classification",
            make=_spirals,
            formula=r"x = \tfrac32 s (\cos(3 \pi s + \pi y), \sin(3 \pi s + \pi y)) + \varepsilon",
            convention="noise is the standard deviation of ε in each coordinate; not standardized",
            source="K. Lang and M. Witbrock, Learning to Tell Two Spirals Apart (1988)",
            features=_PLANE,
            classes=_TWO,
            size=300,
            noise=0.05,
        ),
        Dataset(
            name="blobs",
            label="Four clusters",
            task="classification",
            make=_blobs,
            formula=r"x \sim N(\mu_y, s^2 I), \quad \mu_y \text{ on a circle of radius } 2",
            convention="noise is the standard deviation s of each cluster; not standardized",
            source="scikit-learn, make_blobs",
            features=_PLANE,
            classes=("0", "1", "2", "3"),
            size=300,
            noise=0.6,
        ),
        Dataset(
            name="line",
            label="Noisy line",
            task="regression",
            make=_line,
            formula=r"y = 0.8 x + 0.3 + \varepsilon, \quad x \sim U(-2, 2)",
            convention="noise is the standard deviation of ε in y",
            source=_GENERATED,
            features=("x",),
            size=200,
            noise=0.3,
        ),
        Dataset(
            name="sine",
            label="Noisy sine",
            task="regression",
            make=_sine,
            formula=r"y = \sin 2x + \varepsilon, \quad x \sim U(-2, 2)",
            convention="noise is the standard deviation of ε in y",
            source=_GENERATED,
            features=("x",),
            size=200,
            noise=0.2,
        ),
        Dataset(
            name="digits",
            label="Digits",
            task="classification",
            make=_digits,
            formula=r"x \in [0, 1]^{64}, \quad y \in \{0, \dots, 9\}",
            convention="8 × 8 grey pixels divided by 16, not centred; 1,797 images",
            source="UCI, Optical Recognition of Handwritten Digits (E. Alpaydin and C. Kaynak, 1998)",
            features=tuple(f"pixel {i // 8},{i % 8}" for i in range(64)),
            classes=tuple("0123456789"),
        ),
        Dataset(
            name="iris",
            label="Iris",
            task="classification",
            make=_standardized(sk.load_iris),
            formula=r"x \in \mathbb{R}^4, \quad y \in \{0, 1, 2\}",
            convention="each feature has mean 0 and standard deviation 1; 150 flowers",
            source="R. Fisher, The Use of Multiple Measurements in Taxonomic Problems (1936)",
            features=tuple(_IRIS.feature_names),
            classes=tuple(map(str, _IRIS.target_names)),
        ),
        Dataset(
            name="wine",
            label="Wine",
            task="classification",
            make=_standardized(sk.load_wine),
            formula=r"x \in \mathbb{R}^{13}, \quad y \in \{0, 1, 2\}",
            convention="each feature has mean 0 and standard deviation 1; 178 wines",
            source="UCI, Wine (M. Forina et al., 1991)",
            features=tuple(_WINE.feature_names),
            classes=tuple(map(str, _WINE.target_names)),
        ),
        Dataset(
            name="breast-cancer",
            label="Breast cancer",
            task="classification",
            make=_standardized(sk.load_breast_cancer),
            formula=r"x \in \mathbb{R}^{30}, \quad y \in \{0, 1\}",
            convention="each feature has mean 0 and standard deviation 1; 1 is benign; 569 patients",
            source="UCI, Breast Cancer Wisconsin (Diagnostic); W. Street et al. (1993)",
            features=tuple(map(str, _CANCER.feature_names)),
            classes=tuple(map(str, _CANCER.target_names)),
            positive_class=0,  # malignant
        ),
        Dataset(
            name="diabetes",
            label="Diabetes",
            task="regression",
            make=_diabetes,
            formula=r"x \in \mathbb{R}^{10}, \quad y \in \mathbb{R}",
            convention="features and target have mean 0 and standard deviation 1; 442 patients",
            source="B. Efron et al., Least Angle Regression (2004)",
            features=("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"),
        ),
    ],
)
