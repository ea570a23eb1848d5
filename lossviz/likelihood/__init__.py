"""Likelihood: noise distributions and their losses, entropy, and maximum likelihood against least squares."""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
