"""Recommend an output unit and a loss, from what is predicted, how errors behave, and what is reported.

The recommendations are rows of `RECOMMENDATIONS`. They are a place to start, not laws.
"""

from typing import Literal, get_args

from lossviz.losses.recommendations import RECOMMENDATIONS, Recommendation

Target = Literal["number", "count", "binary", "multiclass", "multilabel", "location"]
Errors = Literal["similar", "outliers", "asymmetric"]
Report = Literal["mean", "median", "distribution"]
TARGETS: tuple[Target, ...] = get_args(Target)
ERRORS: tuple[Errors, ...] = get_args(Errors)
REPORTS: tuple[Report, ...] = get_args(Report)

# (target, errors, report) -> recommendation; None matches anything, and the first match counts.
_RULES: tuple[tuple[str, str | None, str | None, str], ...] = (
    ("number", "asymmetric", "distribution", "interval"),
    ("number", "asymmetric", None, "quantile"),
    ("number", "similar", "mean", "mean"),
    ("number", "similar", "median", "median"),
    ("number", "similar", "distribution", "mean-and-variance"),
    ("number", "outliers", "mean", "mean-with-outliers"),
    ("number", "outliers", "median", "robust"),
    ("number", "outliers", "distribution", "interval"),
    ("count", "asymmetric", "distribution", "interval"),
    ("count", "asymmetric", None, "quantile"),
    ("count", None, "median", "median"),
    ("count", None, None, "rate"),
    ("binary", "outliers", None, "binary-noisy-labels"),
    ("binary", "asymmetric", "distribution", "binary-threshold"),
    ("binary", "asymmetric", None, "binary-weighted"),
    ("binary", None, None, "binary"),
    ("multiclass", "outliers", None, "multiclass-noisy-labels"),
    ("multiclass", "asymmetric", "distribution", "multiclass"),
    ("multiclass", "asymmetric", None, "multiclass-weighted"),
    ("multiclass", None, None, "multiclass"),
    ("multilabel", "asymmetric", "distribution", "multilabel"),
    ("multilabel", "asymmetric", None, "multilabel-weighted"),
    ("multilabel", None, None, "multilabel"),
    ("location", None, None, "location"),
)


def recommend(target: Target, errors: Errors = "similar", report: Report = "mean") -> Recommendation:
    """Recommend an output unit and a loss.

    Args:
        target: What is predicted: a "number", a "count", a "binary" class, one of several classes
            ("multiclass"), several labels at once ("multilabel"), or a "location" on Earth.
        errors: Whether errors are all of "similar" size, some are "outliers" (for classes: wrong labels),
            or their cost is "asymmetric".
        report: Whether a "mean", a "median" or a "distribution" (a probability or an interval) is reported.

    Returns:
        The row of `RECOMMENDATIONS`.

    Raises:
        ValueError: If a value is not one of these.

    Example:
        >>> import lossviz as lv
        >>> lv.losses.recommend("number", "outliers", "median").loss
        'absolute error or Huber'
    """
    arguments = (("target", target, TARGETS), ("errors", errors, ERRORS), ("report", report, REPORTS))
    for name, value, allowed in arguments:
        if value not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(allowed)}; got {value!r}")
    for first, second, third, recommendation in _RULES:
        if first == target and second in (None, errors) and third in (None, report):
            return RECOMMENDATIONS[recommendation]
    raise AssertionError("every combination has a rule")  # a test goes through all of them


def relevant_questions(target: Target, errors: Errors = "similar") -> tuple[bool, bool]:
    """Which further questions can change the recommendation.

    Args:
        target: As for `recommend`.
        errors: As for `recommend`.

    Returns:
        Whether ``errors`` can change it for this target, and whether ``report`` can for this target and
        errors.

    Raises:
        ValueError: As `recommend`.

    Example:
        >>> import lossviz as lv
        >>> lv.losses.relevant_questions("location")
        (False, False)
    """
    by_errors = any(len({recommend(target, e, r).name for e in ERRORS}) > 1 for r in REPORTS)
    by_report = len({recommend(target, errors, r).name for r in REPORTS}) > 1
    return by_errors, by_report
