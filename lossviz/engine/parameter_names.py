"""Names of parameters without the prefixes that wrappers add to them."""

from collections.abc import Iterable

COMPILED = "_orig_mod."  # of `torch.compile`, also in the middle of a name
PARALLEL = "module."  # of `torch.nn.DataParallel` and `DistributedDataParallel`


def without_prefixes(names: Iterable[str]) -> dict[str, str]:
    """Names as the wrapped model has them.

    Args:
        names: All names of one model or one state_dict.

    Returns:
        Each name without "_orig_mod.", and without "module." if all of them begin with it.

    Example:
        >>> from lossviz.engine.parameter_names import without_prefixes
        >>> without_prefixes(["module._orig_mod.weight", "module._orig_mod.bias"])
        {'module._orig_mod.weight': 'weight', 'module._orig_mod.bias': 'bias'}
    """
    short = {name: name.replace(COMPILED, "") for name in names}
    while short and all(name.startswith(PARALLEL) for name in short.values()):
        short = {name: rest.removeprefix(PARALLEL) for name, rest in short.items()}
    return short


def wrapped_name(name: str, names: Iterable[str]) -> str | None:
    """The one of ``names`` that is ``name`` with a wrapper's prefix, or without; None if there is none."""
    for other in names:
        if other.removeprefix(PARALLEL) == name or name.removeprefix(PARALLEL) == other:
            return other
    return None
