"""Separable labellings: counted by hand, and held against exact integer geometry."""

from itertools import combinations, pairwise, permutations
from math import comb

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as some

import lossviz as lv
from lossviz.codes import separability
from lossviz.codes.plane_networks import clouds
from lossviz.codes.separability import best_line, best_lines, regions, separate

SQUARE = [[-1, 1], [1, 1], [-1, -1], [1, -1]]


def test_the_corners_of_a_square() -> None:
    """Two bits pick two of the three ways to part four corners in halves; one of them is crosswise."""
    binary = lv.codes.separable_labelings("binary", SQUARE)
    assert (binary.solvable, binary.total, binary.exact) == (8, 24, True)
    assert lv.codes.separable_labelings(lv.codes.CODES["gray"].code(4), SQUARE).solvable == 8
    rest = lv.codes.separable_labelings(lv.codes.CODES["one-hot"].code(4), SQUARE)
    assert (rest.solvable, rest.total) == (24, 24)
    assert lv.codes.separable_labelings("exhaustive", SQUARE).solvable == 0, "it has the crosswise union too"


def test_which_labellings_these_are() -> None:
    found = lv.codes.separable_labelings("binary", SQUARE)
    assert found.labels.tolist() == [list(p) for p in permutations(range(4))]
    crosswise = [{0, 3}, {1, 2}]
    for labels, can in zip(found.labels, found.by_unit, strict=True):
        for bit in range(2):
            fires = {i for i in range(4) if lv.codes.CODES["binary"].code(4).bits[labels[i], bit]}
            assert can[bit] == (fires not in crosswise)
    assert found.each.sum() == found.solvable
    assert found.share == pytest.approx(1 / 3)


@pytest.mark.parametrize("classes", [3, 4, 5, 6, 7])
def test_a_circle_parts_only_where_its_neighbours_stand_together(classes: int) -> None:
    """On a circle a line parts an arc from the rest, and nothing else."""
    code = lv.codes.CODES["binary"].code(classes)
    angle = 2 * np.pi * (np.arange(classes) + 0.5) / classes
    found = lv.codes.separable_labelings(code, np.stack([np.cos(angle), np.sin(angle)], axis=1))

    def is_arc(fires: list[int]) -> bool:
        return sum(fires[i] != fires[i - 1] for i in range(classes)) <= 2

    direct = sum(
        all(is_arc(code.bits[list(labels), bit].tolist()) for bit in range(code.length))
        for labels in permutations(range(classes))
    )
    assert found.solvable == direct
    assert found.total == len(list(permutations(range(classes))))
    assert lv.codes.separable_labelings("one-hot", np.stack([np.cos(angle), np.sin(angle)], 1)).share == 1


def test_three_lines_cannot_name_eight_places() -> None:
    assert regions(3, 2) == 7
    assert regions(2, 2) == 4
    assert regions(5, 5) == 2**5
    assert regions(10, 3) == sum(comb(10, i) for i in range(4))
    rng = np.random.default_rng(0)
    assert lv.codes.separable_labelings("binary", rng.normal(size=(8, 2))).solvable == 0
    cube = np.array(np.meshgrid(*[[0, 1]] * 3)).reshape(3, -1).T
    assert lv.codes.separable_labelings("binary", cube).solvable > 0, "in space they can"


def side(a: list[int], b: list[int], c: list[int]) -> int:
    """Exact: on which side of the line through a and b is c?"""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def separable_in_integers(points: list[list[int]], fires: list[int]) -> bool:
    """Hulls are apart if a line through two points, turned a little about either, parts them: no float."""
    ones = [p for p, f in zip(points, fires, strict=True) if f]
    zeros = [p for p, f in zip(points, fires, strict=True) if not f]
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
            if any((v > 0 and not f) or (v < 0 and f) for v, f in zip(strict, fires, strict=True)):
                continue
            # What lies on the line must be parted along it: ones first, then zeros, in either direction.
            along = sorted(
                (p[0] * (b[0] - a[0]) + p[1] * (b[1] - a[1]), f)
                for p, f, v in zip(points, fires, strict, strict=True)
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
    fires = data.draw(some.lists(some.integers(0, 1), min_size=len(points), max_size=len(points)))
    half = separate(points, fires)
    assert (half is not None) == separable_in_integers(points, fires)
    if half is not None:
        assert ((half.side(points) > 0) == np.array(fires, bool)).all()


@settings(max_examples=50, deadline=None)
@given(INTEGERS, some.sampled_from([1e-9, 1e-3, 1e6]), some.sampled_from([0.0, 1e3]), some.data())
def test_scale_and_place_do_not_matter(
    points: list[list[int]], scale: float, shift: float, data: some.DataObject
) -> None:
    assume(shift * 1e-10 < scale)
    fires = data.draw(some.lists(some.integers(0, 1), min_size=len(points), max_size=len(points)))
    moved = scale * np.array(points) + shift
    assert (separate(moved, fires) is None) == (separate(points, fires) is None)


def test_many_classes_are_sampled_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(separability, "SAMPLE", 20)
    points = np.random.default_rng(0).normal(size=(12, 11))
    found = lv.codes.separable_labelings("binary", points)
    assert not found.exact
    assert found.total == 20
    assert found.solvable == 20, "twelve points in eleven dimensions part in every way"
    again = lv.codes.separable_labelings("binary", points)
    assert (again.labels == found.labels).all()


def test_a_class_can_be_a_cloud() -> None:
    square = np.array(SQUARE, float)
    near = square[:, None] + 0.2 * np.random.default_rng(0).normal(size=(4, 10, 2))
    assert lv.codes.separable_labelings("binary", near).solvable == 8
    assert lv.codes.separable_labelings("one-hot", near).solvable == 24
    inside = np.stack([square, np.zeros((4, 2)) + 0.1 * square])  # one class within the other
    assert lv.codes.separable_labelings([[0], [1]], inside).solvable == 0


BAD = {
    "flat": ([1.0, 2.0], "points must be"),
    "empty": (np.zeros((0, 2)), "points must be"),
    "nan": ([[0, 0], [0, np.nan], [1, 0], [1, 1]], "finite"),
    "too many": (np.zeros((5, 2)), "names 4 classes, and there are 5"),
}


@pytest.mark.parametrize("kind", BAD)
def test_points_that_do_not_fit_are_one_sentence(kind: str) -> None:
    points, said = BAD[kind]
    with pytest.raises(ValueError, match=said):
        lv.codes.separable_labelings(lv.codes.CODES["binary"].code(4), points)


# --- the best line --------------------------------------------------------------------------------------


def test_several_partings_at_once_are_one_after_the_other() -> None:
    rng = np.random.default_rng(3)
    x, many = rng.normal(size=(25, 2)), [rng.integers(0, 2, 25) for _ in range(6)]
    for fires, (half, right) in zip(many, best_lines(x, many), strict=True):
        alone, most = best_line(x, fires)
        assert right == most == ((half.side(x) > 0) == fires).sum()
        assert half.side(x) == pytest.approx(alone.side(x))


@settings(max_examples=15, deadline=None)
@given(some.integers(3, 6), some.integers(0, 10**6))
def test_no_line_does_better(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, fires = rng.normal(size=(n, 2)), rng.integers(0, 2, n)
    half, right = best_line(x, fires)
    assert ((half.side(x) > 0) == fires.astype(bool)).sum() == right
    parted = [np.array(sides) for sides in np.ndindex(*[2] * n) if separate(x, sides) is not None]
    assert right == max((sides == fires).sum() for sides in parted)


def test_the_best_line_of_the_crosswise_clouds() -> None:
    x, cloud = clouds(4)
    _, right = best_line(x, np.isin(cloud, (0, 2)))
    assert 0.7 < right / len(x) < 0.8
    _, right = best_line(x, np.isin(cloud, (0, 1)))
    assert right / len(x) > 0.95
    with pytest.raises(ValueError, match=r"\(n, 2\)"):
        best_line(np.zeros((4, 3)), [0, 1, 0, 1])
