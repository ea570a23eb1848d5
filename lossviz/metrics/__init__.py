"""Metrics: scores, thresholds, calibration, and the numbers at which a training gets stuck."""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
