"""Which loss do I want? Three questions that lead to an output unit and a loss.

The answers are rows of `ANSWERS`; `advise` finds the row. They are where to start, not laws.
"""

from lossviz.losses.answers import ANSWERS, Answer

PREDICT = ("A number", "A count", "Yes or no", "One of several", "Several at once", "A place on Earth")
MISSES = ("All of one size", "A few wild ones", "Cost more one way")
REPORT = ("An average", "A typical case", "A probability or range")

# (what is predicted, what misses are like, what is reported) -> answer; None fits anything. First fit wins.
_RULES: tuple[tuple[str, str | None, str | None, str], ...] = (
    ("A number", "Cost more one way", "A probability or range", "range"),
    ("A number", "Cost more one way", None, "quantile"),
    ("A number", "All of one size", "An average", "mean"),
    ("A number", "All of one size", "A typical case", "median"),
    ("A number", "All of one size", "A probability or range", "mean-and-width"),
    ("A number", "A few wild ones", "An average", "mean-with-wild-ones"),
    ("A number", "A few wild ones", "A typical case", "robust"),
    ("A number", "A few wild ones", "A probability or range", "range"),
    ("A count", "Cost more one way", "A probability or range", "range"),
    ("A count", "Cost more one way", None, "quantile"),
    ("A count", None, "A typical case", "median"),
    ("A count", None, None, "rate"),
    ("Yes or no", "A few wild ones", None, "yes-or-no-wrong-labels"),
    ("Yes or no", "Cost more one way", "A probability or range", "yes-or-no-threshold"),
    ("Yes or no", "Cost more one way", None, "yes-or-no-weighted"),
    ("Yes or no", None, None, "yes-or-no"),
    ("One of several", "A few wild ones", None, "one-of-several-wrong-labels"),
    ("One of several", "Cost more one way", "A probability or range", "one-of-several"),
    ("One of several", "Cost more one way", None, "one-of-several-weighted"),
    ("One of several", None, None, "one-of-several"),
    ("Several at once", "Cost more one way", "A probability or range", "several-at-once"),
    ("Several at once", "Cost more one way", None, "several-at-once-weighted"),
    ("Several at once", None, None, "several-at-once"),
    ("A place on Earth", None, None, "place"),
)


def advise(predict: str, misses: str = MISSES[0], report: str = REPORT[0]) -> Answer:
    """An output unit and a loss for what is predicted, how it misses, and what will be reported.

    Raises ValueError for an answer that is not among `PREDICT`, `MISSES` and `REPORT`.
    """
    given = (("predict", predict, PREDICT), ("misses", misses, MISSES), ("report", report, REPORT))
    for name, value, known in given:
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(known)}; got {value!r}")
    for first, second, third, answer in _RULES:
        if first == predict and second in (None, misses) and third in (None, report):
            return ANSWERS[answer]
    raise AssertionError("every combination has a rule")  # a test goes through all of them


def advice_matters(predict: str, misses: str = MISSES[0]) -> tuple[bool, bool]:
    """Whether the second question can change the answer, and whether the third can."""
    second = any(len({advise(predict, m, r).name for m in MISSES}) > 1 for r in REPORT)
    third = len({advise(predict, misses, r).name for r in REPORT}) > 1
    return second, third
