"""The figures of Loss against metric: what stands above a narrow figure, and the ticks of proportions."""

import pytest

import lossviz as lv
from lossviz.figures.base.percent_ticks import percent_ticks


@pytest.mark.parametrize(
    ("low", "high", "most", "texts"),
    [
        (0.0, 1.0, 6, ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]),
        (0.848, 0.882, 5, ["85 %", "86 %", "87 %", "88 %"]),
        (0.9901, 0.9922, 6, ["99.05 %", "99.1 %", "99.15 %", "99.2 %"]),
    ],
)
def test_proportions_are_written_with_a_space(low: float, high: float, most: int, texts: list[str]) -> None:
    ticks = percent_ticks(low, high, most)
    assert ticks["ticktext"] == texts
    assert all(low <= value <= high for value in ticks["tickvals"])


@pytest.fixture(scope="module")
def history() -> lv.metrics.ScoreHistory:
    settings = lv.metrics.ScoreSettings("digits", "mlp-16", steps=20, record_every=5)
    return lv.metrics.score_history(settings)


def test_narrow_heads_are_one_line_each(history: lv.metrics.ScoreHistory) -> None:
    """A second line would run into the number above it."""
    figure = lv.figures.score_curves(history, "accuracy", narrow=True)
    texts = [text.text for text in figure.layout.annotations if text.yshift == 4]
    assert len(texts) == 2
    assert not [text for text in texts if "<br>" in text]
    assert all(text.endswith(" %") for text in figure.layout.yaxis2.ticktext)
