"""Known accuracies against scikit-learn's classifiers that look at no input."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

import lossviz as lv


@pytest.mark.parametrize("counts", [(950, 50), (500, 500), (700, 200, 100)])
def test_what_guessing_scores_is_what_a_dummy_classifier_scores(counts: tuple[int, ...]) -> None:
    y = np.repeat(np.arange(len(counts)), counts)
    x = np.zeros((len(y), 1))
    found = {
        r.name: r.value for r in lv.metrics.reference_accuracies(0.5, len(counts), [float(c) for c in counts])
    }

    def scores(strategy: str) -> float:
        return float(
            np.mean(
                [DummyClassifier(strategy=strategy, random_state=s).fit(x, y).score(x, y) for s in range(40)]
            )
        )

    assert found["guessing, 1 / K"] == pytest.approx(scores("uniform"), abs=0.02)
    if len(set(counts)) > 1:
        assert found["most frequent class"] == pytest.approx(scores("most_frequent"))
        assert found["guessing by frequency"] == pytest.approx(scores("stratified"), abs=0.02)
    else:
        assert "most frequent class" not in found, "no class is"


def test_the_nearest_comes_first_and_says_how_far_it_is() -> None:
    first, *rest = lv.metrics.reference_accuracies(0.52, classes=2)
    assert (first.name, first.distance) == ("guessing, 1 / K", pytest.approx(0.02))
    assert all(a.distance <= b.distance for a, b in zip([first, *rest], rest, strict=False))
    assert lv.metrics.reference_accuracies(0.1, classes=10)[0].value == 0.1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((1.5, 2), r"accuracy must be a number in \[0, 1\]; got 1.5"),
        ((float("nan"), 2), "accuracy must be"),
        ((0.5, 1), "classes must be a whole number from 2 to 10000000; got 1"),
        ((0.5, 2, [1.0]), "one for each of 2 classes; got 1"),
        ((0.5, 2, [0.0, 0.0]), "must not all be 0"),
        ((0.5, 2, [1.0, -1.0]), r"frequencies\[1\] must be"),
    ],
)
def test_bad_input_is_named(arguments: tuple[object, ...], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        lv.metrics.reference_accuracies(*arguments)  # type: ignore[arg-type]
