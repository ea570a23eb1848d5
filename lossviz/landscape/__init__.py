"""Loss landscapes: planes through weight space, surfaces on them, and what they hide."""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
