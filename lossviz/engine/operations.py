"""The table of operations that a stacked tape can hold, and how each is done on (G, f, n) values.

An entry is made once, when the tape is made ready, and returns what runs at every block. All of them
treat each example by itself, except a loss's last step, the mean or sum over everything.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from lossviz.engine.trace import Ref, Step, Untraceable, argument
from lossviz.engine.weight_operations import Env, Points, Run, batch_norm, expect, layer_norm, linear

if TYPE_CHECKING:
    from lossviz.engine.stacked_program import Program

OWN_MEMORY = frozenset(("linear", "batch_norm", "layer_norm"))  # results that are no view of an operand


_IN_PLACE: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu_,
    "tanh": torch.tanh_,
    "sigmoid": torch.sigmoid_,
}


def _elementwise(program: "Program", index: int, step: Step) -> Run:
    """A function of one value and of plain numbers, whatever the value's shape."""
    x = step.args[0]
    expect(program.is_stacked(x) and not any(isinstance(a, Ref) for a in step.args[1:]), step)
    get = program.reader(x, len(step.shape), 0)
    name = step.op.rstrip("_")
    if program.only_reader(x) and name in _IN_PLACE:
        overwrite = torch.sigmoid_ if index in program.squashed else _IN_PLACE[name]
        return lambda env, points, block: overwrite(get(env, points, block))
    if index in program.squashed:
        return lambda env, points, block: torch.sigmoid(get(env, points, block))
    function = getattr(torch, name) if step.op.endswith("_") else step.function
    rest = step.args[1:]
    named = {k: v for k, v in step.kwargs.items() if k != "inplace"}
    if step.op in _WITH_INPLACE and len(rest) >= _WITH_INPLACE[step.op]:
        rest = (*rest[: _WITH_INPLACE[step.op] - 1], False)  # the flag, where it was given by position
    return lambda env, points, block: function(get(env, points, block), *rest, **named)


# Where an activation's flag `inplace` stands among its arguments after the first.
_WITH_INPLACE = {
    "relu": 1, "relu6": 1, "silu": 1, "mish": 1, "hardswish": 1, "hardsigmoid": 1, "selu": 1,
    "elu": 2, "leaky_relu": 2, "celu": 2, "hardtanh": 3,
}  # fmt: skip


def _binary(program: "Program", index: int, step: Step) -> Run:
    """A function of two values of one shape, or of a value and a number or a parameter by feature."""
    first, second, *rest = step.args
    expect(not any(isinstance(value, Ref) for value in rest), step)
    rank, n = len(step.shape), step.shape[0] if step.shape else 0
    for shape in step.shapes:
        # Broadcasting other than this would mean something else on stacked values.
        numbers = not shape or shape == (1,)
        expect(
            shape == step.shape or numbers or (rank == 2 and shape in (step.shape[1:], (1, step.shape[1]))),
            step,
        )
    for operand in (first, second):
        if program.is_stacked(operand):
            expect(program.shape(operand) in (step.shape, ()), step)
    left, right = (program.reader(operand, rank, n) for operand in (first, second))
    function = step.function
    if step.op in _OVERWRITING:
        function = getattr(torch, step.op.strip("_").removeprefix("i"))
    named = step.kwargs
    return lambda env, points, block: function(
        left(env, points, block), right(env, points, block), *rest, **named
    )


_OVERWRITING = ("add_", "sub_", "mul_", "div_", "__iadd__", "__isub__", "__imul__", "__itruediv__")


def _where(program: "Program", index: int, step: Step) -> Run:
    expect(len(step.args) == 3 and all(shape in (step.shape, ()) for shape in step.shapes), step)
    rank, n = len(step.shape), step.shape[0] if step.shape else 0
    parts = [program.reader(operand, rank, n) for operand in step.args]

    def run(env: Env, points: Points, block: int) -> Tensor:
        condition, yes, no = (part(env, points, block) for part in parts)
        return torch.where(condition, yes, no)

    return run


def _reshape(program: "Program", index: int, step: Step) -> Run:
    """(n, 1) to (n,) and back; other changes of shape move examples about."""
    before, after = program.shape(step.args[0]), step.shape
    get = program.reader(step.args[0], len(before), 0)
    if len(before) == 2 and before[1] == 1 and after == before[:1]:
        return lambda env, points, block: get(env, points, block).squeeze(1)
    if len(before) == 1 and after == (*before, 1):
        return lambda env, points, block: get(env, points, block).unsqueeze(1)
    raise Untraceable(f"{step.op} from {before} to {after}")


def _item(program: "Program", index: int, step: Step) -> Run:
    """One feature, as in ``h[:, k]``."""
    before, which = program.shape(step.args[0]), step.args[1]
    expect(len(before) == 2 and isinstance(which, tuple) and len(which) == 2, step)
    expect(which[0] in (slice(None), Ellipsis) and isinstance(which[1], int), step)
    get = program.reader(step.args[0], 2, 0)
    return lambda env, points, block: get(env, points, block)[:, which[1]]


def _reduction(program: "Program", index: int, step: Step) -> Run:
    """Over the features; over everything too, where the whole data is one block (in a loss)."""
    x, dim = step.args[0], argument(step, 1, "dim", None)
    before = program.shape(x)
    get = program.reader(x, len(before), 0)
    function = torch.mean if step.op == "mean" else torch.sum
    keep = bool(argument(step, 2, "keepdim", False))
    if dim is None or dim == ():
        expect(program.is_loss and step.shape == () and len(before) in (1, 2), step)
        return lambda env, points, block: function(get(env, points, block).flatten(1), dim=1)
    dim = dim[0] if isinstance(dim, tuple) and len(dim) == 1 else dim
    expect(dim in (1, -1) and len(before) == 2, step)
    return lambda env, points, block: function(get(env, points, block), dim=1, keepdim=keep)


def _along_features(program: "Program", index: int, step: Step) -> Run:
    expect(len(step.shape) == 2 and argument(step, 1, "dim", None) in (1, -1), step)
    get, function = program.reader(step.args[0], 2, 0), getattr(torch, step.op)
    return lambda env, points, block: function(get(env, points, block), dim=1)


def _loss(program: "Program", index: int, step: Step) -> Run:
    """One of torch's own losses, example by example, then its reduction."""
    outputs, targets = step.args[:2]
    options = {**step.kwargs}
    reduction = options.pop("reduction", "mean")
    plain = all(
        options.pop(name, None) is None for name in ("weight", "pos_weight", "size_average", "reduce")
    )
    expect(plain and len(step.args) == 2 and program.is_stacked(outputs), step)
    expect(program.is_loss and not program.is_stacked(targets) and isinstance(targets, Ref), step)
    before, wanted = program.shape(outputs), program.value(targets)
    get, function = program.reader(outputs, len(before), 0), step.function
    if step.op in ("cross_entropy", "nll_loss"):
        ignored = options.pop("ignore_index", -100)
        expect(len(before) == 2 and wanted.ndim == 1 and not wanted.is_floating_point(), step)
        expect(not bool((wanted == ignored).any()), step)  # they would not count in the mean
        if _plain_cross_entropy(step, options, reduction):
            return _cross_entropy(program, index, get, wanted)
    else:
        expect(tuple(wanted.shape) == before and len(before) <= 2, step)
    parts = [wanted[rows].t().contiguous() if wanted.ndim == 2 else wanted[rows] for rows in program.blocks]

    def run(env: Env, points: Points, block: int) -> Tensor:
        h, target = get(env, points, block), parts[block]
        each: Tensor = function(h, target.expand(len(h), *target.shape), reduction="none", **options)
        if reduction == "none":
            return each
        each = each.flatten(1)
        return each.mean(1) if reduction == "mean" else each.sum(1)

    return run


def _plain_cross_entropy(step: Step, options: dict[str, Any], reduction: str) -> bool:
    """Whether it is worth writing out: with AVX2, torch's exp2 takes half the time of its exp."""
    plain = step.op == "cross_entropy" and reduction == "mean" and not any(options.values())
    return plain and step.value.device.type == "cpu" and torch.backends.cpu.get_cpu_capability() == "AVX2"


def _cross_entropy(program: "Program", index: int, get: Run, wanted: Tensor) -> Run:
    """The mean over examples of log sum exp(h - h[wanted]), to the base 2 within."""
    room, places = program.room(index), []  # the places are those of the answers in a point's (K, n')
    for rows in program.blocks:
        answers = wanted[rows]
        places.append(answers * len(answers) + torch.arange(len(answers)))

    def run(env: Env, points: Points, block: int) -> Tensor:
        h = get(env, points, block)
        # The answer's logit goes first: else the loss of a sure answer, a small difference, loses its digits.
        right = h.reshape(len(h), -1).index_select(1, places[block]).unsqueeze(1)
        lower = torch.sub(h, right, out=room(h, tuple(h.shape))).mul_(1 / math.log(2))
        losses = lower.exp2_().sum(1).log2_().mean(1).mul_(math.log(2))
        if math.isfinite(float(losses.sum())):
            return losses
        highest = h.amax(1, keepdim=True)  # an answer so wrong that its exponential overflows
        return (torch.logsumexp(h - highest, 1) + (highest - right).squeeze(1)).mean(1)

    return run


def _named(entry: Callable[["Program", int, Step], Run], names: str) -> dict[str, Any]:
    return dict.fromkeys(names.split(), entry)


OPERATIONS: dict[str, Callable[["Program", int, Step], Run]] = {
    **_named(linear, "linear"),
    **_named(batch_norm, "batch_norm"),
    **_named(layer_norm, "layer_norm"),
    **_named(
        _elementwise,
        "relu relu_ tanh tanh_ sigmoid sigmoid_ gelu silu elu leaky_relu celu selu mish relu6 hardswish "
        "hardsigmoid hardtanh softplus softsign logsigmoid tanhshrink exp log log1p expm1 sin cos abs square "
        "sqrt rsqrt neg __neg__ sign reciprocal clamp clamp_min clamp_max",
    ),
    **_named(
        _binary,
        "add add_ __add__ __radd__ __iadd__ sub sub_ __sub__ __rsub__ __isub__ rsub subtract mul mul_ "
        "__mul__ __rmul__ __imul__ multiply div div_ __truediv__ __rtruediv__ __rdiv__ __itruediv__ "
        "true_divide pow __pow__ __rpow__ maximum minimum gt lt ge le __gt__ __lt__ __ge__ __le__",
    ),
    **_named(_where, "where"),
    **_named(_reshape, "flatten view reshape squeeze unsqueeze"),
    **_named(_item, "__getitem__"),
    **_named(_reduction, "mean sum"),
    **_named(_along_features, "softmax log_softmax"),
    **_named(
        _loss,
        "cross_entropy nll_loss binary_cross_entropy_with_logits binary_cross_entropy mse_loss l1_loss "
        "smooth_l1_loss huber_loss soft_margin_loss",
    ),
}
