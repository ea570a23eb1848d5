"""Losses: their values, gradients and curvatures; what minimizes them; and which to use."""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
