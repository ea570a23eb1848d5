"""The user's ``loss_fn``: its name, its optional arguments, and whether it uses the user's own model."""

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from lossviz.common.errors import InvalidInputError
from lossviz.engine.batches import Batch
from lossviz.engine.trace import METADATA_OPS
from lossviz.losses.base import Loss, MeanLoss


def loss_function(loss_fn: Any) -> Callable[..., Any]:
    """A row of LOSSES as its mean over the examples; any other callable unchanged.

    Raises:
        ValueError: If it cannot be called on outputs and targets.
    """
    if isinstance(loss_fn, Loss):
        return MeanLoss(loss_fn)
    if isinstance(loss_fn, type):
        name = loss_fn.__name__
        raise ValueError(
            f"loss_fn must be a function of (outputs, targets); got the class {name}: write {name}()"
        )
    if not callable(loss_fn):
        raise ValueError(f"loss_fn must be a function of (outputs, targets); got {type(loss_fn).__name__}")
    return loss_fn  # type: ignore[no-any-return]


def loss_name(loss_fn: Callable[..., Any]) -> str:
    """The name of a loss function, for captions."""
    if isinstance(loss_fn, partial):
        return loss_name(loss_fn.func)
    return str(getattr(loss_fn, "__name__", "") or getattr(loss_fn, "name", "") or type(loss_fn).__name__)


def loss_extras(loss_fn: Callable[..., Any]) -> tuple[str, ...]:
    """Which of the optional parameters "model" and "inputs" the loss has, besides its outputs and targets.

    The first two parameters are outputs and targets, whatever they are called, and a parameter that a
    `functools.partial` has set is left as it is.
    """
    called: Any = loss_fn
    while isinstance(called, nn.Module):  # a module compiled by torch holds the module itself
        called = getattr(called, "_orig_mod", None) or called.forward
    try:
        parameters = inspect.signature(called).parameters.values()
    except (TypeError, ValueError):
        return ()
    positional = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    bound = set(called.keywords) if isinstance(called, partial) else set()
    taken = {*positional[:2], *bound}
    named = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    return tuple(name for name in ("model", "inputs") if name in named - taken)


def call_loss(
    loss_fn: Callable[..., Any], outputs: Any, batch: Batch, model: nn.Module, extras: tuple[str, ...] = ()
) -> Any:
    """What the loss returns for a batch; ``extras`` by `loss_extras`."""
    values: dict[str, Any] = {"model": model} if "model" in extras else {}
    if "inputs" in extras:
        values["inputs"] = batch.inputs
    return loss_fn(outputs, batch.targets, **values)


def batch_loss(
    model: nn.Module, loss_fn: Callable[..., Any], batch: Batch, extras: tuple[str, ...] = ()
) -> Tensor | float:
    """The loss of one batch.

    Args:
        model: The model to evaluate.
        loss_fn: ``loss_fn(outputs, targets)``.
        batch: Inputs and targets.
        extras: By `loss_extras`.

    Raises:
        InvalidInputError: If the loss is not one number.
    """
    loss = call_loss(loss_fn, batch.outputs(model), batch, model, extras)
    if isinstance(loss, (int, float, np.floating)):
        return float(loss)
    if not isinstance(loss, Tensor):
        hint = withheld(batch) if loss is None else ""
        raise InvalidInputError(f"loss_fn must return one number; got {type(loss).__name__}{hint}")
    if loss.ndim or loss.is_complex():
        raise InvalidInputError(
            f"loss_fn must return one real number; got a {str(loss.dtype).removeprefix('torch.')} tensor of "
            f"shape {tuple(loss.shape)}; add .mean() or reduction='mean'"
        )
    return loss


def withheld(batch: Batch) -> str:
    """A half sentence for a model that was to compute the loss itself, from targets that it is not given."""
    key = batch.target_key
    if not key:
        return ""
    return (
        f"; the model is given every entry of a batch but its targets, {key!r}: compute the loss from the "
        f"outputs and the targets, or give batches of (batch, batch[{key!r}]) for a model that takes both"
    )


class OriginalModelGuard(TorchFunctionMode):
    """Context that raises `InvalidInputError` if torch is called with a weight of the user's own model.

    Writing to its buffers or frozen weights raises, too. A loss that holds the model (as an object's
    attribute, in a `functools.partial`), or a model that holds itself (in a lambda, which `copy.deepcopy`
    does not copy), would use weights that are not those of the point.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self._weights = {id(p) for p in model.parameters() if p.requires_grad}
        self._buffers = {id(b) for b in model.buffers()}
        self._frozen = {_memory(p) for p in model.parameters() if not p.requires_grad} - {0}

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(function, "__name__", "")
        arguments = {id(value) for value in _leaves((*args, *kwargs.values()))}
        if self._buffers & arguments and name.endswith("_") and not name.endswith("__"):
            raise InvalidInputError(_USES_ORIGINAL)
        if self._frozen and _writes(name, kwargs):
            written = kwargs.get("out", args[0] if args else None)
            if isinstance(written, Tensor) and _memory(written) in self._frozen:
                raise InvalidInputError(
                    f"the model writes to a frozen parameter when it is called ({name}), and that parameter "
                    "is not copied; keep what changes in a buffer, or call requires_grad_() on the parameter"
                )
        if not self._weights & arguments:
            return function(*args, **kwargs)
        if name not in METADATA_OPS:
            raise InvalidInputError(_USES_ORIGINAL)
        result = function(*args, **kwargs)
        if isinstance(result, Tensor):
            raise InvalidInputError(_USES_ORIGINAL)
        return result


def _memory(tensor: Tensor) -> int:
    """Where a tensor's values lie; 0 for a subclass that has no storage of its own."""
    try:
        return tensor.untyped_storage().data_ptr()
    except (RuntimeError, NotImplementedError):
        return 0


def _writes(name: str, kwargs: dict[str, Any]) -> bool:
    """Whether a torch function overwrites its first argument, or one called out."""
    in_place = name.endswith("_") and not name.endswith("__")
    return in_place or "out" in kwargs or name == "__setitem__" or name.startswith("__i")


_USES_ORIGINAL = (
    "loss_fn (or a function that the model holds) uses the model itself, whose weights do not move; give "
    "loss_fn a parameter called `model`"
)


def _leaves(values: Any) -> Iterator[Any]:
    for value in values:
        if isinstance(value, (tuple, list)):
            yield from _leaves(value)
        else:
            yield value


def refuse_captured_model(model: nn.Module, loss_fn: Callable[..., Any]) -> None:
    """Check that loss_fn does not use the model as a global or in its closure.

    Raises:
        ValueError: If it does: it would see weights that are not those of the point.
    """
    code = getattr(loss_fn, "__code__", None)
    if code is None:
        return
    cells = [cell.cell_contents for cell in getattr(loss_fn, "__closure__", None) or () if _filled(cell)]
    global_names = getattr(loss_fn, "__globals__", {})
    values = cells + [global_names.get(name) for name in code.co_names]
    if any(value is model for value in values):
        raise ValueError(
            "loss_fn uses the model itself, whose weights do not move; give it a parameter called `model`"
        )


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018  # an empty cell raises
    except ValueError:
        return False
    return True
