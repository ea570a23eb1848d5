"""How a loss is reduced over the data: as a mean, with which denominator, or as a sum.

A loss function is called once on a batch while a `TorchFunctionMode` watches. Each single number that it
computes is described as a sum of parts: means over so many values, sums over the data, and terms that do not
depend on the data, such as a penalty of the weights. So a loss is understood in whatever way it calls torch:
as a module, a function, a `functools.partial`, or with further terms and factors. What is not understood has
no description, and nothing is guessed. Whether the values that are reduced are one for each example is seen,
too: those of a loss that compares examples with each other are not.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

from lossviz.engine.averaging.denominators import CLASS_LOSSES, SAME_SHAPE, TORCH_LOSSES, torch_denominator
from lossviz.engine.nested import tensors_in
from lossviz.engine.op_names import ALONG_AXIS, BINARY, DROPOUTS, REDUCTIONS, UNARY


@dataclass(frozen=True)
class Part:
    """One term of a loss: ``factor`` times a mean or a sum over the data, or a term without data."""

    denominator: float | None  # of a mean; None for a sum, or a term without data
    factor: float = 1.0
    of_data: bool = True


Parts = tuple[Part, ...]
WITHOUT_DATA = Part(None, of_data=False)

# Names of torch functions, by how the result's description follows from that of the operands.
_PASSED_ON = "to float double half bfloat16 type clone contiguous squeeze view reshape flatten detach alias"
_AT_LEAST = "clamp clamp_min clamp_ clamp_min_ clip maximum max"
_SUMS = "add __add__ __radd__ add_ __iadd__ sub __sub__ sub_ __isub__ subtract"
_PRODUCTS = "mul __mul__ __rmul__ mul_ __imul__ multiply"
_QUOTIENTS = "div __truediv__ div_ __itruediv__ divide true_divide"
_READS = "item tolist numpy __float__ __int__ __bool__ __index__ __array__ equal allclose"
_PICKS = "__getitem__ masked_select nonzero unique where topk"
_LINEAR = "sum mean neg __neg__ gather masked_select where unsqueeze transpose permute __getitem__"
_KINDS = {
    kind: frozenset(names.split())
    for kind, names in {
        "passed on": _PASSED_ON, "at least": _AT_LEAST, "sum": _SUMS, "product": _PRODUCTS,
        "quotient": _QUOTIENTS, "read": _READS, "pick": _PICKS, "linear": f"{_LINEAR} {_PASSED_ON} {_SUMS}",
    }.items()
}  # fmt: skip


@dataclass(frozen=True)
class _Origin:
    """What a tensor depends on."""

    outputs: bool = False  # the model's outputs
    data: bool = False  # outputs, targets or inputs
    shape: bool = False  # whether its shape depends on the values of the outputs
    factor: float = 1.0  # by which the values of each example were multiplied, as by 1 / len(targets)


class LossRecorder(TorchFunctionMode):
    """Context in which each single number that torch computes from the data is described by its `Parts`."""

    def __init__(self, outputs: Any, data: Any) -> None:
        super().__init__()
        self._kept: list[Any] = []  # so that no id is used again
        self._origins: dict[int, _Origin] = {}
        self._parts: dict[int, Parts | None] = {}
        self._totals: dict[int, float] = {}  # of denominators, before a clamp keeps them from 0
        self._reads_outputs = False
        self.mixes = False  # whether something may have been made of the outputs of several examples
        for value, origin in ((data, _Origin(data=True)), (outputs, _Origin(outputs=True, data=True))):
            for tensor in tensors_in(value):
                self._keep(tensor, origin)

    def parts(self, loss: Any) -> Parts | None:
        """The description of a loss; None if it is not understood."""
        found = self._parts.get(id(loss)) if isinstance(loss, Tensor) else None
        scaled = found is not None and any(part.factor != 1.0 for part in found)
        return None if scaled and self._reads_outputs else found  # a factor may be of another value then

    def _shapes(self, inputs: list[Tensor], of_outputs: bool) -> list[tuple[int, ...]]:
        """The shapes of those operands that are made of the outputs, or else of the data."""
        origins = [self._origins.get(id(tensor), _Origin()) for tensor in inputs]
        chosen = [origin.outputs if of_outputs else origin.data for origin in origins]
        return [tuple(tensor.shape) for tensor, kept in zip(inputs, chosen, strict=True) if kept]

    def _keep(self, tensor: Tensor, origin: _Origin) -> None:
        self._kept.append(tensor)
        self._origins[id(tensor)] = origin

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(function, "__name__", "")
        inputs = list(tensors_in((args, kwargs)))
        origins = [self._origins.get(id(tensor), _Origin()) for tensor in inputs]
        origin = _Origin(
            any(o.outputs for o in origins), any(o.data for o in origins), any(o.shape for o in origins)
        )
        picks = name in _KINDS["pick"] and not (name == "where" and len(args) == 3)
        if picks and any(o.outputs for o in origins[1:]):
            origin = replace(origin, shape=True)  # picked by a mask or an index made of the outputs
        origin = replace(origin, factor=self._factor(name, args, inputs))
        # Described first: an operation in place overwrites its operand.
        parts = None if origin.shape else self._describe(name, function, args, kwargs, origin)
        result = function(*args, **kwargs)
        shapes = self._shapes(inputs, origin.outputs)
        self.mixes |= origin.data and _mixes(name, function, args, kwargs, shapes, result)
        if name in _KINDS["read"] and origin.outputs:
            self._reads_outputs = True
        for tensor in _results(result):
            self._keep(tensor, origin)
            if name in _KINDS["at least"] and parts is not None:
                self._totals[id(tensor)] = self._total(args[0])
            self._parts[id(tensor)] = parts if not tensor.ndim else None
        return result

    def _describe(
        self, name: str, function: Callable[..., Any], args: Any, kwargs: Any, origin: _Origin
    ) -> Parts | None:
        if not origin.data:
            return (WITHOUT_DATA,)
        if function in TORCH_LOSSES:
            counted = (kwargs.get("weight"), *(args[1:2] if function in CLASS_LOSSES else ()))
            if any(self._of_outputs(value) for value in counted):
                return (
                    None  # targets or weights made of the outputs: the denominator is another at each point
                )
            try:
                return (Part(torch_denominator(function, args, kwargs)),)
            except (TypeError, ValueError, RuntimeError):
                return None
        first = args[0] if args else None
        if name in ("mean", "sum") and isinstance(first, Tensor) and first.ndim:
            count = float(first.numel()) if name == "mean" else None
            return (Part(count, self._origins.get(id(first), _Origin()).factor),)
        if name in _KINDS["passed on"] or name in ("mean", "sum"):
            return self._parts.get(id(first))
        if name in _KINDS["at least"] and not origin.outputs:  # a denominator that must not be 0
            return self._parts.get(id(first))
        if name in ("neg", "__neg__"):
            return _scaled(self._parts.get(id(first)), -1.0)
        if name in _KINDS["sum"] and len(args) == 2:
            return self._sum(args[0], args[1], kwargs.get("alpha", 1) * (-1 if "sub" in name else 1))
        if name in _KINDS["product"] and len(args) == 2:
            left, right = (args[0], args[1]) if self._is_factor(args[1]) else (args[1], args[0])
            return _scaled(self._parts_of(left), _number(right)) if self._is_factor(right) else None
        if name in _KINDS["quotient"] and len(args) == 2:
            return self._quotient(*args)
        return None

    def _factor(self, name: str, args: Any, inputs: list[Tensor]) -> float:
        """By which number each example's value is multiplied in the result of an operation.

        ``(losses / len(targets)).sum()`` is a mean, and ``(losses * w / w.sum()).sum()`` a weighted one.
        """
        factors = [
            self._origins[id(tensor)].factor
            for tensor in inputs
            if self._of_outputs(tensor) or (tensor.ndim and id(tensor) in self._origins)
        ]
        if not factors:
            return 1.0
        if name in _KINDS["product"] or name in _KINDS["quotient"]:
            known = math.prod(factors)
            for position, value in enumerate(args[:2]):
                is_number = isinstance(value, (int, float)) or (isinstance(value, Tensor) and value.ndim == 0)
                if is_number and not self._of_outputs(value):
                    number = _number(value)
                    divides = name in _KINDS["quotient"] and position == 1
                    known = known * number if not divides else known / number if number else math.nan
            return known
        if name in _KINDS["linear"] and len(set(factors)) == 1:
            return factors[0]
        # No longer a factor of the result: the joined batches tell what it did.
        self.mixes |= any(factor != 1.0 for factor in factors)
        return 1.0

    def _total(self, value: Tensor) -> float:
        return self._totals.get(id(value), float(value.detach()))

    def _of_outputs(self, value: Any) -> bool:
        return isinstance(value, Tensor) and self._origins.get(id(value), _Origin()).outputs

    def _is_factor(self, value: Any) -> bool:
        """Whether a value is a number that does not depend on the data."""
        if isinstance(value, Tensor):
            return value.numel() == 1 and not self._origins.get(id(value), _Origin()).data
        return isinstance(value, (int, float))

    def _parts_of(self, value: Any) -> Parts | None:
        if isinstance(value, Tensor):
            unknown = value.ndim == 0 and not self._origins.get(id(value), _Origin()).data
            return (WITHOUT_DATA,) if unknown else self._parts.get(id(value))
        return (WITHOUT_DATA,) if isinstance(value, (int, float)) else None

    def _sum(self, left: Any, right: Any, alpha: Any) -> Parts | None:
        first, second = self._parts_of(left), self._parts_of(right)
        if first is None or second is None:
            return None
        for one, other in ((left, second), (right, first)):
            if isinstance(one, (int, float)) and one == 0:  # sum() of a list begins with 0
                return other
        return (*first, *(_scaled(second, float(alpha)) or ()))

    def _quotient(self, left: Any, right: Any) -> Parts | None:
        """A sum over the data divided by a sum over the targets is a mean."""
        numerator = self._parts_of(left)
        if self._is_factor(right):
            return _scaled(numerator, 1 / _number(right)) if _number(right) else None
        below = self._parts_of(right)
        if numerator is None or below is None or len(below) != 1 or self._of_outputs(right):
            return None
        (divisor,) = below
        if any(part.denominator != divisor.denominator or not part.of_data for part in numerator):
            return None
        total = self._total(right) * (1.0 if divisor.denominator is None else divisor.denominator)
        return tuple(Part(total, part.factor) for part in numerator)


def _mixes(
    name: str,
    function: Callable[..., Any],
    args: Any,
    kwargs: Any,
    shapes: list[tuple[int, ...]],
    result: Any,
) -> bool:
    """Whether an operation may make one value of the outputs or targets of several examples.

    Args:
        name: Of the torch function.
        function: The function.
        args: Its arguments, by position.
        kwargs: Those by name.
        shapes: Shapes of the operands that are made of the outputs, or of the data if none is.
        result: What it returned.
    """
    if name in ("__get__", "__set__") or name in _KINDS["read"]:
        return False
    if not isinstance(result, Tensor):
        return any(True for _ in _results(result))  # as of topk and sort
    if function in TORCH_LOSSES:
        sizes = {tuple(value.shape) for value in args[:2] if isinstance(value, Tensor)}
        return function in SAME_SHAPE and len(sizes) > 1  # broadcast
    if name in DROPOUTS:
        return False  # each example is left out or kept by itself
    if name in UNARY or name in BINARY or name == "where":
        # Broadcasting would combine one example with others, or with a number made of all.
        whole = {shape for shape in shapes if shape} or {()}
        return len(set(shapes)) > 1 or whole != {tuple(result.shape)}
    if name in ALONG_AXIS or name in REDUCTIONS:
        axis = kwargs.get("dim", args[1] if len(args) > 1 else None)
        if axis is None:
            return name in ALONG_AXIS
        axes = axis if isinstance(axis, (tuple, list)) else (axis,)
        is_first = any(a % max(1, args[0].ndim) == 0 for a in axes)
        return is_first and (args[0].ndim > 1 or name in ALONG_AXIS)
    return name not in _KINDS["passed on"] and name not in ("__getitem__", "unsqueeze", "neg", "T", "gather")


def _scaled(parts: Parts | None, factor: float) -> Parts | None:
    return parts and tuple(replace(part, factor=part.factor * factor) for part in parts)


def _number(value: Any) -> float:
    return float(value.detach() if isinstance(value, Tensor) else value)


def _results(value: Any) -> Iterator[Tensor]:
    yield from tensors_in(value) if isinstance(value, (Tensor, tuple, list)) else ()
