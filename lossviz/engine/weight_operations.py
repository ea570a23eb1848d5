"""The operations on (G, f, n) values that weights take part in: linear layers and normalizations.

`lossviz.engine.operations` has those without weights, and the table of all.
"""

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor

from lossviz.engine.trace import Ref, Step, Untraceable, argument

if TYPE_CHECKING:
    from lossviz.engine.stacked_program import Program

T = TypeVar("T")

SMALL = 16  # inputs up to which stacking the first layer's weights is as fast as finding its three parts


class Points:
    """Some points of the plane, by their coefficients ``c`` (G, 3) of origin, u and v, and what was found at
    them once for all blocks of the data."""

    def __init__(self, c: Tensor) -> None:
        self.c = c
        self._found: dict[Callable[[Tensor], Any], Any] = {}

    def __len__(self) -> int:
        return len(self.c)

    def once(self, find: Callable[[Tensor], T]) -> T:
        """``find(c)``, found at the first call."""
        if find not in self._found:
            self._found[find] = find(self.c)
        found: T = self._found[find]
        return found


Env = dict[int, Tensor]
Run = Callable[[Env, Points, int], Tensor]  # (values so far, points, data block) -> value


def expect(allowed: bool, step: Step) -> None:
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


def linear(program: "Program", index: int, step: Step) -> Run:
    x, weight, bias = step.args[0], step.args[1], argument(step, 2, "bias", None)
    expect(isinstance(weight, Ref) and weight.kind == "weight" and program.directions is not None, step)
    assert program.directions is not None
    rows = program.directions.rows(weight.key)
    shift = None if bias is None else program.directions.rows(bias.key)
    expect(len(step.shape) == 2 and (bias is None or bias.kind == "weight"), step)
    if program.is_stacked(x) and program.slot(x) in program.squashed:  # its input is s, and tanh is 2s - 1
        shift = -rows.sum(2) if shift is None else shift - rows.sum(2)
        rows = 2 * rows
    if index in program.doubled:
        rows, shift = 2 * rows, None if shift is None else 2 * shift
    if not program.is_stacked(x):
        return _first_linear(program, index, program.value(x), rows, shift)
    weight_at, bias_at = stacked(rows), None if shift is None else stacked(shift.unsqueeze(-1))
    get, room, units = program.reader(x, 2, 0), program.room(index), rows.shape[1]

    def run(env: Env, points: Points, block: int) -> Tensor:
        h = get(env, points, block)
        out = room(h, (len(points), units, h.shape[2]))
        if bias_at is None:
            return torch.bmm(points.once(weight_at), h, out=out)
        return torch.baddbmm(points.once(bias_at), points.once(weight_at), h, out=out)

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

        def weights_below_each_other(c: Tensor) -> Tensor:
            return torch.mm(c, table).view(-1, width)

        def product(env: Env, points: Points, block: int) -> Tensor:
            data, weights = blocks[block], points.once(weights_below_each_other)
            out = room(data, (len(weights), data.shape[1]))
            return torch.mm(weights, data, out=out).view(len(points), units, -1)

        return product
    parts = []
    for block in program.blocks:
        part = torch.matmul(rows, x[block].t())  # (3, units, n')
        flat = (part if shift is None else part.add_(shift.unsqueeze(-1))).view(3, -1)
        parts.append((flat, *flat))

    def combination(env: Env, points: Points, block: int) -> Tensor:
        rows_of_three, origin, along_u, along_v = parts[block]
        out = room(origin, (len(points), len(origin)))
        if origin.device.type != "cpu":
            torch.mm(points.c, rows_of_three, out=out)
        else:
            for b, where, a in points.once(grid_rows):
                torch.addcmul(torch.add(origin, along_v, alpha=b), a, along_u, out=out[where])
        return out.view(len(points), units, -1)

    return combination


def grid_rows(c: Tensor) -> list[tuple[float, slice, Tensor]]:
    """Points of a grid come row by row, and share what a row has in common: (b, where, a (g, 1))."""
    rows, start = [], 0
    for b, group in itertools.groupby(c[:, 2].tolist()):
        where = slice(start, start + len(list(group)))
        rows.append((b, where, c[where, 1:2]))
        start = where.stop
    return rows


def batch_norm(program: "Program", index: int, step: Step) -> Run:
    x, mean, var = step.args[:3]
    weight, bias = argument(step, 3, "weight", None), argument(step, 4, "bias", None)
    eps = argument(step, 7, "eps", 1e-5)
    expect(not argument(step, 5, "training", False) and mean is not None and var is not None, step)
    expect(program.is_stacked(x) and len(step.shape) == 2, step)
    get, rank, room = program.reader(x, 2, 0), 2, program.room(index)
    shrink = torch.rsqrt(program.value(var) + eps).unsqueeze(-1)
    centre = program.value(mean).unsqueeze(-1)
    scale_at = (
        program.reader(weight, rank, 0)
        if weight is not None
        else lambda env, points, block: torch.ones_like(shrink)
    )
    shift_at = (
        program.reader(bias, rank, 0)
        if bias is not None
        else lambda env, points, block: torch.zeros_like(shrink)
    )

    def run(env: Env, points: Points, block: int) -> Tensor:
        scale = scale_at(env, points, block) * shrink
        shift = shift_at(env, points, block) - centre * scale
        h = get(env, points, block)
        return torch.addcmul(shift, h, scale, out=room(h, tuple(h.shape)))

    return run


def layer_norm(program: "Program", index: int, step: Step) -> Run:
    x, shape = step.args[0], argument(step, 1, "normalized_shape", ())
    weight, bias = argument(step, 2, "weight", None), argument(step, 3, "bias", None)
    eps = argument(step, 4, "eps", 1e-5)
    expect(program.is_stacked(x) and len(step.shape) == 2 and tuple(shape) == step.shape[1:], step)
    get, room = program.reader(x, 2, 0), program.room(index)
    scale_at = program.reader(weight if weight is not None else 1.0, 2, 0)
    shift_at = program.reader(bias if bias is not None else 0.0, 2, 0)

    def run(env: Env, points: Points, block: int) -> Tensor:
        h = get(env, points, block)
        var, mean = torch.var_mean(h, dim=1, correction=0, keepdim=True)
        normal = torch.sub(h, mean, out=room(h, tuple(h.shape))).mul_(torch.rsqrt(var + eps))
        return normal.mul_(scale_at(env, points, block)).add_(shift_at(env, points, block))

    return run
