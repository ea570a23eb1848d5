"""Output codes: binary codewords that stand for classes, and the networks that learn them."""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
