"""Separable labelings against known counts and exact integer geometry."""

from itertools import combinations, pairwise, permutations
from math import comb

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as some

import lossviz as lv
from lossviz.codes import separability
from lossviz.codes.plane_networks import clusters
from lossviz.codes.separability import best_line, best_lines, max_regions, separate

SQUARE = [[-1, 1], [1, 1], [-1, -1], [1, -1]]


def test_labelings_of_the_corners_of_a_square() -> None:
    """Two bits pick two of the three dichotomies of four corners in halves; one is the diagonal one."""
    binary = lv.codes.separable_labelings("binary", SQUARE)
    assert (binary.solvable, binary.total, binary.exact) == (8, 24, True)
    assert lv.codes.separable_labelings(lv.codes.CODES["gray"].code(4), SQUARE).solvable == 8
    one_hot = lv.codes.separable_labelings(lv.codes.CODES["one-hot"].code(4), SQUARE)
    assert (one_hot.solvable, one_hot.total) == (24, 24)
    assert lv.codes.separable_labelings("exhaustive", SQUARE).solvable == 0, (
        "it has the diagonal dichotomy too"
    )


def test_a_labeling_is_solvable_unless_a_bit_is_the_diagonal_dichotomy() -> None:
    result = lv.codes.separable_labelings("binary", SQUARE)
    assert result.labels.tolist() == [list(p) for p in permutations(range(4))]
    diagonal = [{0, 3}, {1, 2}]
    for labels, separable in zip(result.labels, result.by_bit, strict=True):
        for bit in range(2):
            targets = {i for i in range(4) if lv.codes.CODES["binary"].code(4).bits[labels[i], bit]}
            assert separable[bit] == (targets not in diagonal)
    assert result.all_bits.sum() == result.solvable
    assert result.fraction == pytest.approx(1 / 3)


@pytest.mark.parametrize("classes", [3, 4, 5, 6, 7])
def test_on_a_circle_only_arcs_are_separable(classes: int) -> None:
    """On a circle a line separates an arc from the rest, and nothing else."""
    code = lv.codes.CODES["binary"].code(classes)
    angle = 2 * np.pi * (np.arange(classes) + 0.5) / classes
    result = lv.codes.separable_labelings(code, np.stack([np.cos(angle), np.sin(angle)], axis=1))

    def is_arc(targets: list[int]) -> bool:
        return sum(targets[i] != targets[i - 1] for i in range(classes)) <= 2

    direct = sum(
        all(is_arc(code.bits[list(labels), bit].tolist()) for bit in range(code.length))
        for labels in permutations(range(classes))
    )
    assert result.solvable == direct
    assert result.total == len(list(permutations(range(classes))))
    assert lv.codes.separable_labelings("one-hot", np.stack([np.cos(angle), np.sin(angle)], 1)).fraction == 1


def test_three_lines_have_at_most_seven_regions() -> None:
    assert max_regions(3, 2) == 7
    assert max_regions(2, 2) == 4
    assert max_regions(5, 5) == 2**5
    assert max_regions(10, 3) == sum(comb(10, i) for i in range(4))
    rng = np.random.default_rng(0)
    assert lv.codes.separable_labelings("binary", rng.normal(size=(8, 2))).solvable == 0
    cube = np.array(np.meshgrid(*[[0, 1]] * 3)).reshape(3, -1).T
    assert lv.codes.separable_labelings("binary", cube).solvable > 0, "with three features there are more"


def side(a: list[int], b: list[int], c: list[int]) -> int:
    """Exact: on which side of the line through a and b is c?"""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def separable_in_integers(points: list[list[int]], targets: list[int]) -> bool:
    """Whether a line through two points, turned a little about either, separates them: no float."""
    ones = [p for p, f in zip(points, targets, strict=True) if f]
    zeros = [p for p, f in zip(points, targets, strict=True) if not f]
    if not ones or not zeros:
        return True
    if any(p in zeros for p in ones):
        return False
    if len({tuple(p) for p in points}) == 2:
        return True
    for a, b in combinations(points, 2):
        if a == b:
            continue
        sides = [side(a, b, p) for p in points]
        for sign in (1, -1):
            strict = [s * sign for s in sides]
            if any((v > 0 and not f) or (v < 0 and f) for v, f in zip(strict, targets, strict=True)):
                continue
            # Points on the line must be separated along it: ones first, then zeros, in either direction.
            along = sorted(
                (p[0] * (b[0] - a[0]) + p[1] * (b[1] - a[1]), f)
                for p, f, v in zip(points, targets, strict, strict=True)
                if v == 0
            )
            labels = [f for _, f in along]
            if sum(x != y for x, y in pairwise(labels)) <= 1:
                return True
    return False


INTEGERS = some.lists(some.lists(some.integers(-6, 6), min_size=2, max_size=2), min_size=2, max_size=7)


@settings(max_examples=200, deadline=None)
@given(INTEGERS, some.data())
def test_the_linear_program_agrees_with_exact_geometry(
    points: list[list[int]], data: some.DataObject
) -> None:
    targets = data.draw(some.lists(some.integers(0, 1), min_size=len(points), max_size=len(points)))
    half_space = separate(points, targets)
    assert (half_space is not None) == separable_in_integers(points, targets)
    if half_space is not None:
        assert ((half_space.decision_function(points) > 0) == np.array(targets, bool)).all()


@settings(max_examples=50, deadline=None)
@given(INTEGERS, some.sampled_from([1e-9, 1e-3, 1e6]), some.sampled_from([0.0, 1e3]), some.data())
def test_separability_is_invariant_to_scale_and_translation(
    points: list[list[int]], scale: float, shift: float, data: some.DataObject
) -> None:
    assume(shift * 1e-10 < scale)
    targets = data.draw(some.lists(some.integers(0, 1), min_size=len(points), max_size=len(points)))
    moved = scale * np.array(points) + shift
    assert (separate(moved, targets) is None) == (separate(points, targets) is None)


def test_labelings_of_many_classes_are_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(separability, "SAMPLE_SIZE", 20)
    points = np.random.default_rng(0).normal(size=(12, 11))
    result = lv.codes.separable_labelings("binary", points)
    assert not result.exact
    assert result.total == 20
    assert result.solvable == 20, "all dichotomies of 12 points in 11 dimensions"
    again = lv.codes.separable_labelings("binary", points)
    assert (again.labels == result.labels).all()


def test_a_class_can_be_several_points() -> None:
    square = np.array(SQUARE, float)
    clusters_near = square[:, None] + 0.2 * np.random.default_rng(0).normal(size=(4, 10, 2))
    assert lv.codes.separable_labelings("binary", clusters_near).solvable == 8
    assert lv.codes.separable_labelings("one-hot", clusters_near).solvable == 24
    nested = np.stack([square, np.zeros((4, 2)) + 0.1 * square])  # one class nested the other
    assert lv.codes.separable_labelings([[0], [1]], nested).solvable == 0


BAD = {
    "flat": ([1.0, 2.0], "points must be"),
    "empty": (np.zeros((0, 2)), "points must be"),
    "nan": ([[0, 0], [0, np.nan], [1, 0], [1, 1]], "finite"),
    "too many": (np.zeros((5, 2)), "has 4 classes, and there are 5"),
}


@pytest.mark.parametrize("kind", BAD)
def test_invalid_points_are_one_sentence(kind: str) -> None:
    points, message = BAD[kind]
    with pytest.raises(ValueError, match=message):
        lv.codes.separable_labelings(lv.codes.CODES["binary"].code(4), points)


# --- the best line --------------------------------------------------------------------------------------


def test_best_lines_are_best_line_for_each_target() -> None:
    rng = np.random.default_rng(3)
    x, many = rng.normal(size=(25, 2)), [rng.integers(0, 2, 25) for _ in range(6)]
    for targets, (half_space, correct) in zip(many, best_lines(x, many), strict=True):
        single, most = best_line(x, targets)
        assert correct == most == ((half_space.decision_function(x) > 0) == targets).sum()
        assert half_space.decision_function(x) == pytest.approx(single.decision_function(x))


@settings(max_examples=15, deadline=None)
@given(some.integers(3, 6), some.integers(0, 10**6))
def test_the_best_line_is_that_of_an_exhaustive_search(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, targets = rng.normal(size=(n, 2)), rng.integers(0, 2, n)
    half_space, correct = best_line(x, targets)
    assert ((half_space.decision_function(x) > 0) == targets.astype(bool)).sum() == correct
    separable = [np.array(sides) for sides in np.ndindex(*[2] * n) if separate(x, sides) is not None]
    assert correct == max((sides == targets).sum() for sides in separable)


def test_the_best_line_of_diagonal_clusters() -> None:
    x, cluster = clusters(4)
    _, correct = best_line(x, np.isin(cluster, (0, 2)))
    assert 0.7 < correct / len(x) < 0.8
    _, correct = best_line(x, np.isin(cluster, (0, 1)))
    assert correct / len(x) > 0.95
    with pytest.raises(ValueError, match=r"\(n, 2\)"):
        best_line(np.zeros((4, 3)), [0, 1, 0, 1])
