"""The table of operations that the vectorized evaluator knows, `FORWARD_RULES`, and their rules.

To find how an operation is computed at many points at once, look its name up in `FORWARD_RULES` at the end of
this file; the rules of layers with parameters are in `lossviz.engine.parameter_operations`, those of what
works along the features in `lossviz.engine.feature_operations`. How it is
differentiated is in `lossviz.curvature.op_rules.DERIVATIVE_RULES`. To add an operation, write a rule and add
its name (that of the torch function, as `lossviz.engine.trace.Op.name` has it) to both tables.

A rule is called once, when the trace is compiled, and returns the function that runs at every block of the
data, on values (G, f, n) or (G, n) for G points, f features and n examples. Every operation treats each
example by itself, except a loss's last one, the mean or sum over everything.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from lossviz.engine.feature_operations import along_features, concatenate, glu, group_norm, prelu, rms_norm
from lossviz.engine.op_names import ALONG_AXIS, BINARY, JOINS, REDUCTIONS, RESHAPES, UNARY
from lossviz.engine.parameter_operations import batch_norm, layer_norm, linear
from lossviz.engine.rule_types import CompiledOp, Compiler, ForwardRule, PlanePoints, Values, require
from lossviz.engine.trace import Op, Ref, UntraceableError, argument

# Operations whose result is no view of an operand, so that it may be overwritten.
OWN_MEMORY = frozenset(("linear", "batch_norm", "layer_norm"))

_IN_PLACE: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu_,
    "tanh": torch.tanh_,
    "sigmoid": torch.sigmoid_,
}


def _elementwise(compiler: Compiler, index: int, op: Op) -> CompiledOp:
    """A function of one value, element by element, and of plain numbers."""
    x = op.args[0]
    require(compiler.is_stacked(x) and not any(isinstance(a, Ref) for a in op.args[1:]), op)
    operand = compiler.operand(x, len(op.shape), 0)
    name = op.name.rstrip("_")
    if compiler.can_overwrite(x) and name in _IN_PLACE:
        overwrite = torch.sigmoid_ if index in compiler.tanh_as_sigmoid else _IN_PLACE[name]
        return lambda values, points, block: overwrite(operand(values, points, block))
    if index in compiler.tanh_as_sigmoid:
        return lambda values, points, block: torch.sigmoid(operand(values, points, block))
    function = getattr(torch, name, None) or getattr(F, name) if op.name.endswith("_") else op.function
    rest = op.args[1:]
    named = {k: v for k, v in op.kwargs.items() if k != "inplace"}
    if op.name in _WITH_INPLACE and len(rest) >= _WITH_INPLACE[op.name]:
        rest = (*rest[: _WITH_INPLACE[op.name] - 1], False)  # the flag, if it was passed by position
    return lambda values, points, block: function(operand(values, points, block), *rest, **named)


# Position of an activation's flag `inplace` among its arguments, from 0.
_WITH_INPLACE = {
    "relu": 1, "relu6": 1, "silu": 1, "mish": 1, "hardswish": 1, "hardsigmoid": 1, "selu": 1,
    "elu": 2, "leaky_relu": 2, "celu": 2, "hardtanh": 3,
}  # fmt: skip


def _binary(compiler: Compiler, index: int, op: Op) -> CompiledOp:
    """A function of two values of one shape, or of a value and a number or a parameter for each feature."""
    first, second, *rest = op.args
    require(not any(isinstance(value, Ref) for value in rest), op)
    rank, n = len(op.shape), op.shape[0] if op.shape else 0
    by_example = (op.shape, (n, 1)) if rank == 2 else (op.shape,)
    for shape in op.input_shapes:
        # Broadcasting other than this would mean something else on stacked values.
        is_number = not shape or shape == (1,)
        by_feature = rank == 2 and shape in (op.shape[1:], (1, op.shape[1]))
        require(shape in by_example or is_number or by_feature, op)
    for ref in (first, second):
        if compiler.is_stacked(ref):
            require(compiler.shape(ref) in (*by_example, ()), op)
    left, right = (compiler.operand(ref, rank, n) for ref in (first, second))
    function = op.function
    if op.name in _OVERWRITING:
        function = getattr(torch, op.name.strip("_").removeprefix("i"))
    named = op.kwargs
    return lambda values, points, block: function(
        left(values, points, block), right(values, points, block), *rest, **named
    )


_OVERWRITING = ("add_", "sub_", "mul_", "div_", "__iadd__", "__isub__", "__imul__", "__itruediv__")


def _where(compiler: Compiler, index: int, op: Op) -> CompiledOp:
    """`torch.where` of three values of one shape, or of numbers."""
    require(len(op.args) == 3 and all(shape in (op.shape, ()) for shape in op.input_shapes), op)
    rank, n = len(op.shape), op.shape[0] if op.shape else 0
    parts = [compiler.operand(ref, rank, n) for ref in op.args]

    def run(values: Values, points: PlanePoints, block: int) -> Tensor:
        condition, first, second = (part(values, points, block) for part in parts)
        return torch.where(condition, first, second)

    return run


def _reshape(compiler: Compiler, index: int, op: Op) -> CompiledOp:
    """(n, 1) to (n,) and back; other changes of shape would move values between examples."""
    before, after = compiler.shape(op.args[0]), op.shape
    operand = compiler.operand(op.args[0], len(before), 0)
    if len(before) == 2 and before[1] == 1 and after == before[:1]:
        return lambda values, points, block: operand(values, points, block).squeeze(1)
    if len(before) == 1 and after == (*before, 1):
        return lambda values, points, block: operand(values, points, block).unsqueeze(1)
    raise UntraceableError(f"{op.name} from {before} to {after}")


def _item(compiler: Compiler, index: int, op: Op) -> CompiledOp:
    """Select one feature, as in ``h[:, k]``, or a slice of them."""
    before, key = compiler.shape(op.args[0]), op.args[1]
    require(len(before) == 2 and isinstance(key, tuple) and len(key) == 2, op)
    require(key[0] in (slice(None), Ellipsis) and isinstance(key[1], (int, slice)), op)
    operand = compiler.operand(op.args[0], 2, 0)
    return lambda values, points, block: operand(values, points, block)[:, key[1]]


def _reduction(compiler: Compiler, index: int, op: Op) -> CompiledOp:
    """Mean or sum over the features, or in a loss over everything."""
    x, dim = op.args[0], argument(op, 1, "dim", None)
    before = compiler.shape(x)
    operand = compiler.operand(x, len(before), 0)
    function = torch.mean if op.name == "mean" else torch.sum
    keepdim = bool(argument(op, 2, "keepdim", False))
    if dim is None or dim == ():
        require(compiler.is_loss and op.shape == () and len(before) in (1, 2), op)
        return lambda values, points, block: function(operand(values, points, block).flatten(1), dim=1)
    dim = dim[0] if isinstance(dim, tuple) and len(dim) == 1 else dim
    require(dim in (1, -1) and len(before) == 2, op)
    return lambda values, points, block: function(operand(values, points, block), dim=1, keepdim=keepdim)


def _loss(compiler: Compiler, index: int, op: Op) -> CompiledOp:
    """One of torch's loss functions: unreduced values, then the reduction."""
    outputs, targets = op.args[:2]
    options = {**op.kwargs}
    reduction = options.pop("reduction", "mean")
    plain = all(
        options.pop(name, None) is None for name in ("weight", "pos_weight", "size_average", "reduce")
    )
    require(plain and len(op.args) == 2 and compiler.is_stacked(outputs), op)
    require(compiler.is_loss and not compiler.is_stacked(targets) and isinstance(targets, Ref), op)
    before, labels = compiler.shape(outputs), compiler.recorded(targets)
    operand, function = compiler.operand(outputs, len(before), 0), op.function
    if op.name in ("cross_entropy", "nll_loss"):
        ignored = options.pop("ignore_index", -100)
        require(len(before) == 2 and labels.ndim == 1 and not labels.is_floating_point(), op)
        require(not bool((labels == ignored).any()), op)  # ignored targets do not count in the mean
        if _is_plain_cross_entropy(op, options, reduction):
            return _cross_entropy(compiler, index, operand, labels)
    else:
        require(tuple(labels.shape) == before and len(before) <= 2, op)
    parts = [labels[rows].t().contiguous() if labels.ndim == 2 else labels[rows] for rows in compiler.blocks]

    def run(values: Values, points: PlanePoints, block: int) -> Tensor:
        h, target = operand(values, points, block), parts[block]
        each: Tensor = function(h, target.expand(len(h), *target.shape), reduction="none", **options)
        if reduction == "none":
            return each
        each = each.flatten(1)
        return each.mean(1) if reduction == "mean" else each.sum(1)

    return run


def _is_plain_cross_entropy(op: Op, options: dict[str, Any], reduction: str) -> bool:
    """Whether `_cross_entropy` applies and is faster: with AVX2, exp2 takes half the time of exp."""
    plain = op.name == "cross_entropy" and reduction == "mean" and not any(options.values())
    return plain and op.value.device.type == "cpu" and torch.backends.cpu.get_cpu_capability() == "AVX2"


def _cross_entropy(compiler: Compiler, index: int, operand: CompiledOp, labels: Tensor) -> CompiledOp:
    """The mean over examples of log sum exp(h - h[label]), computed to the base 2."""
    buffer, positions = compiler.buffer(index), []  # of the labels' logits in a point's flattened (K, n')
    for rows in compiler.blocks:
        classes = labels[rows]
        positions.append(classes * len(classes) + torch.arange(len(classes)))

    def run(values: Values, points: PlanePoints, block: int) -> Tensor:
        h = operand(values, points, block)
        # The label's logit is subtracted first: a confident answer's loss would be a difference of large
        # numbers.
        correct = h.reshape(len(h), -1).index_select(1, positions[block]).unsqueeze(1)
        margins = torch.sub(h, correct, out=buffer(h, tuple(h.shape))).mul_(1 / math.log(2))
        losses = margins.exp2_().sum(1).log2_().mean(1).mul_(math.log(2))
        if math.isfinite(float(losses.sum())):
            return losses
        highest = h.amax(1, keepdim=True)  # an answer so wrong that its exponential overflows
        return (torch.logsumexp(h - highest, 1) + (highest - correct).squeeze(1)).mean(1)

    return run


def _entries(rule: ForwardRule, names: Iterable[str]) -> dict[str, ForwardRule]:
    return dict.fromkeys(names, rule)


FORWARD_RULES: dict[str, ForwardRule] = {
    **_entries(_elementwise, UNARY),
    **_entries(_binary, BINARY),
    **_entries(_where, ("where",)),
    **_entries(_reshape, RESHAPES),
    **_entries(_item, ("__getitem__",)),
    **_entries(_reduction, REDUCTIONS),
    **_entries(along_features, ALONG_AXIS),
    **_entries(concatenate, JOINS),
    "linear": linear,
    "batch_norm": batch_norm,
    "layer_norm": layer_norm,
    "group_norm": group_norm,
    "rms_norm": rms_norm,
    "prelu": prelu,
    "glu": glu,
    **_entries(
        _loss,
        (
            *("cross_entropy", "nll_loss", "binary_cross_entropy_with_logits", "binary_cross_entropy"),
            *("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "soft_margin_loss"),
        ),
    ),
}
