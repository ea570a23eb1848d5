"""The table of operations that a stacked tape can hold, and how each is done on (G, f, n) values.

An entry is made once, when the tape is made ready, and returns what runs at every block. All of them
treat each example by itself, except a loss's last step, the mean or sum over everything.
"""

import itertools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from lossviz.tape import Ref, Step, Untraceable

if TYPE_CHECKING:
    from lossviz.dense import Program

Env = dict[int, Tensor]
Run = Callable[[Env, Tensor, int], Tensor]  # (values so far, coefficients (G, 3), data block) -> value

SMALL = 16  # inputs up to which stacking the first layer's weights is as fast as finding its three parts

OWN_MEMORY = frozenset(("linear", "batch_norm", "layer_norm"))  # results that are no view of an operand

# Passed on as they are, if the shape stays the same.
SAME = frozenset(("contiguous", "flatten", "view", "reshape", "clone", "detach", "squeeze"))


def argument(step: Step, position: int, name: str, default: Any) -> Any:
    return step.args[position] if len(step.args) > position else step.kwargs.get(name, default)


def _expect(allowed: bool, step: Step) -> None:
    if not allowed:
        raise Untraceable(f"{step.op} with unusual arguments")


def stacked(rows: Tensor) -> Callable[[Tensor], Tensor]:
    """From (3, *shape), the function that gives (G, *shape) at coefficients (G, 3)."""
    shape = rows.shape[1:]
    if not bool(rows[1:].any()):  # it does not move: one copy serves all points
        still = rows[:1].clone()
        return lambda c: still.expand(len(c), *shape)
    table = rows.reshape(3, -1).contiguous()
    return lambda c: torch.mm(c, table).view(-1, *shape)


def _linear(program: "Program", index: int, step: Step) -> Run:
    x, weight, bias = step.args[0], step.args[1], argument(step, 2, "bias", None)
    _expect(isinstance(weight, Ref) and weight.kind == "weight" and program.directions is not None, step)
    assert program.directions is not None
    rows = program.directions.rows(weight.key)
    shift = None if bias is None else program.directions.rows(bias.key)
    _expect(len(step.shape) == 2 and (bias is None or bias.kind == "weight"), step)
    if program.is_stacked(x) and program.slot(x) in program.squashed:  # its input is s, and tanh is 2s - 1
        shift = -rows.sum(2) if shift is None else shift - rows.sum(2)
        rows = 2 * rows
    if index in program.doubled:
        rows, shift = 2 * rows, None if shift is None else 2 * shift
    if not program.is_stacked(x):
        return _first_linear(program, index, program.value(x), rows, shift)
    weight_at, bias_at = stacked(rows), None if shift is None else stacked(shift.unsqueeze(-1))
    get, room, units = program.reader(x, 2, 0), program.room(index), rows.shape[1]

    def run(env: Env, c: Tensor, block: int) -> Tensor:
        h = get(env, c, block)
        out = room(h, (len(c), units, h.shape[2]))
        if bias_at is None:
            return torch.bmm(weight_at(c), h, out=out)
        return torch.baddbmm(bias_at(c), weight_at(c), h, out=out)

    return run


def _first_linear(program: "Program", index: int, x: Tensor, rows: Tensor, shift: Tensor | None) -> Run:
    units, inputs = rows.shape[1:]
    room = program.room(index)
    if inputs <= SMALL:
        # One product with all weights of the block below each other; the bias is the weight of a 1.
        if shift is not None:
            rows = torch.cat([rows, shift.unsqueeze(-1)], dim=2)
            x = torch.cat([x, x.new_ones(len(x), 1)], dim=1)
        blocks = program.feature_major(x, 2, len(x))
        table, width = rows.reshape(3, -1).contiguous(), rows.shape[2]

        def product(env: Env, c: Tensor, block: int) -> Tensor:
            data = blocks[block]
            out = room(data, (len(c) * units, data.shape[1]))
            return torch.mm(torch.mm(c, table).view(-1, width), data, out=out).view(len(c), units, -1)

        return product
    parts = []
    for block in program.blocks:
        part = torch.matmul(rows, x[block].t())  # (3, units, n')
        parts.append((part if shift is None else part.add_(shift.unsqueeze(-1))).view(3, -1))

    def combination(env: Env, c: Tensor, block: int) -> Tensor:
        origin, along_u, along_v = parts[block]
        out = room(origin, (len(c), len(origin)))
        if c.device.type != "cpu":
            torch.mm(c, parts[block], out=out)
        else:  # the points of a grid come row by row, and share what a row has in common
            start = 0
            for b, group in itertools.groupby(c[:, 2].tolist()):
                stop = start + len(list(group))
                row = torch.add(origin, along_v, alpha=b)
                torch.addcmul(row, c[start:stop, 1:2], along_u, out=out[start:stop])
                start = stop
        return out.view(len(c), units, -1)

    return combination


def _batch_norm(program: "Program", index: int, step: Step) -> Run:
    x, mean, var = step.args[:3]
    weight, bias = argument(step, 3, "weight", None), argument(step, 4, "bias", None)
    eps = argument(step, 7, "eps", 1e-5)
    _expect(not argument(step, 5, "training", False) and mean is not None and var is not None, step)
    _expect(program.is_stacked(x) and len(step.shape) == 2, step)
    get, rank, room = program.reader(x, 2, 0), 2, program.room(index)
    shrink = torch.rsqrt(program.value(var) + eps).unsqueeze(-1)
    centre = program.value(mean).unsqueeze(-1)
    scale_at = (
        program.reader(weight, rank, 0)
        if weight is not None
        else lambda env, c, block: torch.ones_like(shrink)
    )
    shift_at = (
        program.reader(bias, rank, 0) if bias is not None else lambda env, c, block: torch.zeros_like(shrink)
    )

    def run(env: Env, c: Tensor, block: int) -> Tensor:
        scale = scale_at(env, c, block) * shrink
        shift = shift_at(env, c, block) - centre * scale
        h = get(env, c, block)
        return torch.addcmul(shift, h, scale, out=room(h, tuple(h.shape)))

    return run


def _layer_norm(program: "Program", index: int, step: Step) -> Run:
    x, shape = step.args[0], argument(step, 1, "normalized_shape", ())
    weight, bias = argument(step, 2, "weight", None), argument(step, 3, "bias", None)
    eps = argument(step, 4, "eps", 1e-5)
    _expect(program.is_stacked(x) and len(step.shape) == 2 and tuple(shape) == step.shape[1:], step)
    get, room = program.reader(x, 2, 0), program.room(index)
    scale_at = program.reader(weight if weight is not None else 1.0, 2, 0)
    shift_at = program.reader(bias if bias is not None else 0.0, 2, 0)

    def run(env: Env, c: Tensor, block: int) -> Tensor:
        h = get(env, c, block)
        var, mean = torch.var_mean(h, dim=1, correction=0, keepdim=True)
        normal = torch.sub(h, mean, out=room(h, tuple(h.shape))).mul_(torch.rsqrt(var + eps))
        return normal.mul_(scale_at(env, c, block)).add_(shift_at(env, c, block))

    return run


_IN_PLACE: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu_,
    "tanh": torch.tanh_,
    "sigmoid": torch.sigmoid_,
}


def _elementwise(program: "Program", index: int, step: Step) -> Run:
    """A function of one value and of plain numbers, whatever the value's shape."""
    x = step.args[0]
    _expect(program.is_stacked(x) and not any(isinstance(a, Ref) for a in step.args[1:]), step)
    get = program.reader(x, len(step.shape), 0)
    name = step.op.rstrip("_")
    if program.only_reader(x) and name in _IN_PLACE:
        overwrite = torch.sigmoid_ if index in program.squashed else _IN_PLACE[name]
        return lambda env, c, block: overwrite(get(env, c, block))
    if index in program.squashed:
        return lambda env, c, block: torch.sigmoid(get(env, c, block))
    function = getattr(torch, name) if step.op.endswith("_") else step.function
    rest = step.args[1:]
    named = {k: v for k, v in step.kwargs.items() if k != "inplace"}
    if step.op in _WITH_INPLACE and len(rest) >= _WITH_INPLACE[step.op]:
        rest = (*rest[: _WITH_INPLACE[step.op] - 1], False)  # the flag, where it was given by position
    return lambda env, c, block: function(get(env, c, block), *rest, **named)


# Where an activation's flag `inplace` stands among its arguments after the first.
_WITH_INPLACE = {
    "relu": 1, "relu6": 1, "silu": 1, "mish": 1, "hardswish": 1, "hardsigmoid": 1, "selu": 1,
    "elu": 2, "leaky_relu": 2, "celu": 2, "hardtanh": 3,
}  # fmt: skip


def _binary(program: "Program", index: int, step: Step) -> Run:
    """A function of two values of one shape, or of a value and a number or a parameter by feature."""
    first, second, *rest = step.args
    _expect(not any(isinstance(value, Ref) for value in rest), step)
    rank, n = len(step.shape), step.shape[0] if step.shape else 0
    for shape in step.shapes:
        # Broadcasting other than this would mean something else on stacked values.
        numbers = not shape or shape == (1,)
        _expect(
            shape == step.shape or numbers or (rank == 2 and shape in (step.shape[1:], (1, step.shape[1]))),
            step,
        )
    for operand in (first, second):
        if program.is_stacked(operand):
            _expect(program.shape(operand) in (step.shape, ()), step)
    left, right = (program.reader(operand, rank, n) for operand in (first, second))
    function = step.function
    if step.op in _OVERWRITING:
        function = getattr(torch, step.op.strip("_").removeprefix("i"))
    named = step.kwargs
    return lambda env, c, block: function(left(env, c, block), right(env, c, block), *rest, **named)


_OVERWRITING = ("add_", "sub_", "mul_", "div_", "__iadd__", "__isub__", "__imul__", "__itruediv__")


def _where(program: "Program", index: int, step: Step) -> Run:
    _expect(len(step.args) == 3 and all(shape in (step.shape, ()) for shape in step.shapes), step)
    rank, n = len(step.shape), step.shape[0] if step.shape else 0
    parts = [program.reader(operand, rank, n) for operand in step.args]

    def run(env: Env, c: Tensor, block: int) -> Tensor:
        condition, yes, no = (part(env, c, block) for part in parts)
        return torch.where(condition, yes, no)

    return run


def _reshape(program: "Program", index: int, step: Step) -> Run:
    """(n, 1) to (n,) and back; other changes of shape move examples about."""
    before, after = program.shape(step.args[0]), step.shape
    get = program.reader(step.args[0], len(before), 0)
    if len(before) == 2 and before[1] == 1 and after == before[:1]:
        return lambda env, c, block: get(env, c, block).squeeze(1)
    if len(before) == 1 and after == (*before, 1):
        return lambda env, c, block: get(env, c, block).unsqueeze(1)
    raise Untraceable(f"{step.op} from {before} to {after}")


def _item(program: "Program", index: int, step: Step) -> Run:
    """One feature, as in ``h[:, k]``."""
    before, which = program.shape(step.args[0]), step.args[1]
    _expect(len(before) == 2 and isinstance(which, tuple) and len(which) == 2, step)
    _expect(which[0] in (slice(None), Ellipsis) and isinstance(which[1], int), step)
    get = program.reader(step.args[0], 2, 0)
    return lambda env, c, block: get(env, c, block)[:, which[1]]


def _reduction(program: "Program", index: int, step: Step) -> Run:
    """Over the features; over everything too, where the whole data is one block (in a loss)."""
    x, dim = step.args[0], argument(step, 1, "dim", None)
    before = program.shape(x)
    get = program.reader(x, len(before), 0)
    function = torch.mean if step.op == "mean" else torch.sum
    keep = bool(argument(step, 2, "keepdim", False))
    if dim is None or dim == ():
        _expect(program.is_loss and step.shape == () and len(before) in (1, 2), step)
        return lambda env, c, block: function(get(env, c, block).flatten(1), dim=1)
    dim = dim[0] if isinstance(dim, tuple) and len(dim) == 1 else dim
    _expect(dim in (1, -1) and len(before) == 2, step)
    return lambda env, c, block: function(get(env, c, block), dim=1, keepdim=keep)


def _along_features(program: "Program", index: int, step: Step) -> Run:
    _expect(len(step.shape) == 2 and argument(step, 1, "dim", None) in (1, -1), step)
    get, function = program.reader(step.args[0], 2, 0), getattr(torch, step.op)
    return lambda env, c, block: function(get(env, c, block), dim=1)


def _loss(program: "Program", index: int, step: Step) -> Run:
    """One of torch's own losses, example by example, then its reduction."""
    outputs, targets = step.args[:2]
    options = {**step.kwargs}
    reduction = options.pop("reduction", "mean")
    plain = all(
        options.pop(name, None) is None for name in ("weight", "pos_weight", "size_average", "reduce")
    )
    _expect(plain and len(step.args) == 2 and program.is_stacked(outputs), step)
    _expect(program.is_loss and not program.is_stacked(targets) and isinstance(targets, Ref), step)
    before, wanted = program.shape(outputs), program.value(targets)
    get, function = program.reader(outputs, len(before), 0), step.function
    if step.op in ("cross_entropy", "nll_loss"):
        ignored = options.pop("ignore_index", -100)
        _expect(len(before) == 2 and wanted.ndim == 1 and not wanted.is_floating_point(), step)
        _expect(not bool((wanted == ignored).any()), step)  # they would not count in the mean
        target = wanted
        if _plain_cross_entropy(step, options, reduction):
            return _cross_entropy(program, index, get, wanted)
    else:
        _expect(tuple(wanted.shape) == before and len(before) <= 2, step)
        target = wanted.t().contiguous() if wanted.ndim == 2 else wanted

    def run(env: Env, c: Tensor, block: int) -> Tensor:
        h = get(env, c, block)
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
    """The mean over examples of log sum exp(h) - h[wanted], to the base 2 within."""
    n, room = len(wanted), program.room(index)
    places = wanted * n + torch.arange(n)  # in a point's (K, n)

    def run(env: Env, c: Tensor, block: int) -> Tensor:
        h = get(env, c, block)
        # The maximum goes first: else the loss of a sure answer, a small difference, loses its digits.
        lower = torch.sub(h, h.amax(1, keepdim=True), out=room(h, tuple(h.shape))).mul_(1 / math.log(2))
        picked = lower.view(len(h), -1).index_select(1, places)
        return (lower.exp2_().sum(1).log2_() - picked).mean(1).mul_(math.log(2))

    return run


def _named(entry: Callable[["Program", int, Step], Run], names: str) -> dict[str, Any]:
    return dict.fromkeys(names.split(), entry)


OPERATIONS: dict[str, Callable[["Program", int, Step], Run]] = {
    **_named(_linear, "linear"),
    **_named(_batch_norm, "batch_norm"),
    **_named(_layer_norm, "layer_norm"),
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
