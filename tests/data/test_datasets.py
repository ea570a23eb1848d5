"""Datasets: their content, reproducibility, and stratified splits."""

import math
import socket

import numpy as np
import pytest
import sklearn.datasets as sk
from hypothesis import given
from hypothesis import strategies as st

from lossviz import DATASETS

SYNTHETIC = [name for name, row in DATASETS.items() if row.synthetic]
REAL = [name for name, row in DATASETS.items() if not row.synthetic]
CLASSES = [name for name, row in DATASETS.items() if row.task == "classification"]


@pytest.mark.parametrize("name", DATASETS)
def test_examples_have_the_documented_shape_and_dtype(name: str) -> None:
    row, data = DATASETS[name], DATASETS[name].load()
    assert data.name == name
    assert data.task == row.task
    assert data.x.dtype == np.float64
    assert data.x.shape == (len(data.y), len(data.features))
    assert data.y.shape == (len(data.x),)
    assert np.isfinite(data.x).all()
    assert np.isfinite(data.y).all()
    if row.task == "classification":
        assert np.issubdtype(data.y.dtype, np.integer)
        assert set(data.y) == set(range(len(data.classes)))
    else:
        assert data.y.dtype == np.float64
        assert data.classes == ()


@pytest.mark.parametrize("name", DATASETS)
def test_the_same_seed_gives_the_same_examples(name: str) -> None:
    one, two, other = (DATASETS[name].load(seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.x, two.x)
    np.testing.assert_array_equal(one.y, two.y)
    assert np.array_equal(one.x, other.x) == (name in REAL)


@pytest.mark.parametrize("name", DATASETS)
def test_source_is_given(name: str) -> None:
    assert DATASETS[name].load().source == DATASETS[name].source != ""


@pytest.mark.parametrize(
    ("name", "examples", "features", "classes"),
    [
        ("digits", 1797, 64, 10),
        ("iris", 150, 4, 3),
        ("wine", 178, 13, 3),
        ("breast-cancer", 569, 30, 2),
        ("diabetes", 442, 10, 0),
    ],
)
def test_real_data_is_that_of_scikit_learn_and_needs_no_network(
    name: str, examples: int, features: int, classes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a dataset wanted the network")

    monkeypatch.setattr(socket, "socket", refuse)
    data = DATASETS[name].load()
    assert data.x.shape == (examples, features)
    assert len(data.classes) == classes
    assert str(examples) in DATASETS[name].convention.replace(",", "")
    x, y = getattr(sk, f"load_{name.replace('-', '_')}")(return_X_y=True)
    for ours, theirs in zip(data.x.T, x.T, strict=True):  # the same numbers, up to an offset and a scale
        if theirs.std():
            assert np.corrcoef(ours, theirs)[0, 1] == pytest.approx(1)
    assert np.corrcoef(data.y, y)[0, 1] == pytest.approx(1)


def test_list_of_real_data_is_complete() -> None:
    assert set(REAL) == {"digits", "iris", "wine", "breast-cancer", "diabetes"}


@pytest.mark.parametrize("name", [name for name in REAL if name != "digits"])
def test_features_with_units_are_standardized(name: str) -> None:
    data = DATASETS[name].load()
    np.testing.assert_allclose(data.x.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(data.x.std(axis=0), 1, rtol=1e-12)


def test_a_regression_target_with_a_unit_is_standardized() -> None:
    y = DATASETS["diabetes"].load().y
    assert y.mean() == pytest.approx(0, abs=1e-12)
    assert y.std() == pytest.approx(1)


def test_pixels_are_divided_by_16_and_not_centred() -> None:
    x = DATASETS["digits"].load().x
    assert x.min() == 0
    assert x.max() == 1


def test_examples_without_noise_follow_the_formula() -> None:
    def exact(name: str) -> tuple[np.ndarray, np.ndarray]:
        data = DATASETS[name].load(n=200, noise=0.0, seed=1)
        return data.x, data.y

    x, y = exact("line")
    np.testing.assert_allclose(y, 0.8 * x[:, 0] + 0.3)
    x, y = exact("sine")
    np.testing.assert_allclose(y, np.sin(2 * x[:, 0]))
    x, y = exact("xor")
    np.testing.assert_array_equal(y, x[:, 0] * x[:, 1] > 0)
    x, y = exact("circles")
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), np.where(y == 0, 1, 0.5))
    x, y = exact("moons")
    centre = np.where((y == 0)[:, None], [0, 0], [1, 0.5])
    np.testing.assert_allclose(np.linalg.norm(x - centre, axis=1), 1)
    x, y = exact("blobs")
    assert len(np.unique(x.round(9), axis=0)) == 4
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), 2)
    x, y = exact("spirals")
    s = np.linalg.norm(x, axis=1) / 1.5
    angle = 3 * np.pi * s + np.pi * y
    np.testing.assert_allclose(x, 1.5 * s[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1))


@pytest.mark.parametrize("name", ["line", "sine"])
def test_noise_is_the_standard_deviation_of_y(name: str) -> None:
    data = DATASETS[name].load(n=20_000, noise=0.5)
    clean = DATASETS[name].load(n=20_000, noise=0.0)
    assert (data.y - clean.y).std() == pytest.approx(0.5, rel=0.03)


@given(st.sampled_from(SYNTHETIC), st.integers(4, 400), st.floats(0, 10), st.integers(0, 2**32 - 1))
def test_any_size_and_noise_can_be_generated_and_split(name: str, n: int, noise: float, seed: int) -> None:
    data = DATASETS[name].load(n, noise, seed)
    assert data.x.shape == (n, len(data.features))
    assert np.isfinite(data.x).all()
    train, test = data.split(seed=seed)
    assert len(train.x) + len(test.x) == n
    assert len(test.x) == math.ceil(n / 4)


@pytest.mark.parametrize("name", DATASETS)
def test_split_is_disjoint_complete_and_reproducible(name: str) -> None:
    data = DATASETS[name].load()
    train, test = data.split(test_size=0.25, seed=5)
    again, _ = data.split(test_size=0.25, seed=5)
    other, _ = data.split(test_size=0.25, seed=6)
    np.testing.assert_array_equal(train.x, again.x)
    assert not np.array_equal(train.x, other.x)
    assert len(test.x) == math.ceil(len(data.x) / 4)

    def rows(*parts: np.ndarray) -> list[bytes]:
        return sorted(row.tobytes() for part in parts for row in part)

    whole, joined = (
        rows(np.column_stack([data.x, data.y])),
        rows(np.column_stack([train.x, train.y]), np.column_stack([test.x, test.y])),
    )
    assert whole == joined
    assert train.classes == test.classes == data.classes


@pytest.mark.parametrize("name", CLASSES)
def test_split_is_stratified(name: str) -> None:
    data = DATASETS[name].load()
    _, test = data.split(test_size=0.25, seed=5)
    classes = len(data.classes)
    expected = 0.25 * np.bincount(data.y, minlength=classes)
    assert np.abs(np.bincount(test.y, minlength=classes) - expected).max() <= 1


@pytest.mark.parametrize("test_size", [1e-6, 0.01, 0.5, 0.99, 1 - 1e-6])
def test_neither_part_of_a_split_is_empty(test_size: float) -> None:
    for part in DATASETS["moons"].load(n=40).split(test_size=test_size):
        assert len(part.x) > 0


@pytest.mark.parametrize("wrong", [0, 1, -0.5, 2, math.nan, "half", None])
def test_test_size_outside_0_to_1_raises(wrong: float) -> None:
    with pytest.raises(ValueError, match="test_size must be a number in"):
        DATASETS["iris"].load().split(test_size=wrong)


@pytest.mark.parametrize(
    ("argument", "wrong"),
    [("n", 3), ("n", 10**6), ("n", 50.0), ("noise", -0.1), ("noise", math.nan), ("noise", 11), ("seed", -1)],
)
@pytest.mark.parametrize("name", ["moons", "iris"])
def test_invalid_argument_is_named(name: str, argument: str, wrong: float) -> None:
    with pytest.raises(ValueError, match=f"{argument} must be a .*number"):
        DATASETS[name].load(**{argument: wrong})  # type: ignore[arg-type]
