"""Forward rules of the operations with parameters: linear layers and normalizations.

`lossviz.engine.operations` has the rules of the other operations, and the table of all.
"""

import itertools
from collections.abc import Callable

import torch
from torch import Tensor

from lossviz.engine.rule_types import CompiledOp, Compiler, PlanePoints, Values, at_points, require
from lossviz.engine.trace import Op, Ref, argument

MAX_INPUTS = (
    16  # inputs up to which stacking the first layer's weights is as fast as computing its three parts
)


def linear(compiler: Compiler, index: int, op: Op) -> CompiledOp:
    """z = x W' + b at all points, as one batched matrix product."""
    x, weight, bias = op.args[0], op.args[1], argument(op, 2, "bias", None)
    parameters = compiler.parameters
    require(isinstance(weight, Ref) and weight.kind == "parameter" and parameters is not None, op)
    assert parameters is not None
    rows = parameters.rows(weight.key)
    shift = None if bias is None else parameters.rows(bias.key)
    require(len(op.shape) == 2 and (bias is None or bias.kind == "parameter"), op)
    if compiler.is_stacked(x) and compiler.owner(x) in compiler.tanh_as_sigmoid:  # x is s, and tanh is 2s - 1
        shift = -rows.sum(2) if shift is None else shift - rows.sum(2)
        rows = 2 * rows
    if index in compiler.doubled_linear:
        rows, shift = 2 * rows, None if shift is None else 2 * shift
    if not compiler.is_stacked(x):
        return _first_linear(compiler, index, compiler.recorded(x), rows, shift)
    weight_at, bias_at = at_points(rows), None if shift is None else at_points(shift.unsqueeze(-1))
    operand, buffer, units = compiler.operand(x, 2, 0), compiler.buffer(index), rows.shape[1]

    def run(values: Values, points: PlanePoints, block: int) -> Tensor:
        h = operand(values, points, block)
        out = buffer(h, (len(points), units, h.shape[2]))
        if bias_at is None:
            return torch.bmm(points.cached(weight_at), h, out=out)
        return torch.baddbmm(points.cached(bias_at), points.cached(weight_at), h, out=out)

    return run


def _first_linear(
    compiler: Compiler, index: int, x: Tensor, rows: Tensor, shift: Tensor | None
) -> CompiledOp:
    """A linear layer of the data, which is linear in the plane's coordinates too."""
    units, inputs = rows.shape[1:]
    buffer = compiler.buffer(index)
    if inputs <= MAX_INPUTS:
        # One product with the weights of all points below each other; the bias is the weight of a constant 1.
        if shift is not None:
            rows = torch.cat([rows, shift.unsqueeze(-1)], dim=2)
            x = torch.cat([x, x.new_ones(len(x), 1)], dim=1)
        blocks = compiler.feature_major(x, 2, len(x))
        table, width = rows.reshape(3, -1).contiguous(), rows.shape[2]

        def stacked_rows(coefficients: Tensor) -> Tensor:
            return torch.mm(coefficients, table).view(-1, width)

        def product(values: Values, points: PlanePoints, block: int) -> Tensor:
            data, weights = blocks[block], points.cached(stacked_rows)
            out = buffer(data, (len(weights), data.shape[1]))
            return torch.mm(weights, data, out=out).view(len(points), units, -1)

        return product
    parts = []
    for block in compiler.blocks:
        part = torch.matmul(rows, x[block].t())  # (3, units, n')
        flat = (part if shift is None else part.add_(shift.unsqueeze(-1))).view(3, -1)
        parts.append((flat, *flat))

    def combination(values: Values, points: PlanePoints, block: int) -> Tensor:
        three_rows, origin, along_u, along_v = parts[block]
        out = buffer(origin, (len(points), len(origin)))
        if origin.device.type != "cpu":
            torch.mm(points.coefficients, three_rows, out=out)
        else:
            for b, where, a in points.cached(grid_rows):
                torch.addcmul(torch.add(origin, along_v, alpha=b), a, along_u, out=out[where])
        return out.view(len(points), units, -1)

    return combination


def grid_rows(coefficients: Tensor) -> list[tuple[float, slice, Tensor]]:
    """Group points by their second coordinate, as the rows of a grid share it: (b, where, a (g, 1))."""
    rows, start = [], 0
    for b, group in itertools.groupby(coefficients[:, 2].tolist()):
        where = slice(start, start + len(list(group)))
        rows.append((b, where, coefficients[where, 1:2]))
        start = where.stop
    return rows


def batch_norm(compiler: Compiler, index: int, op: Op) -> CompiledOp:
    """Batch normalization in eval mode: a scale and a shift for each feature."""
    x, mean, var = op.args[:3]
    weight, bias = argument(op, 3, "weight", None), argument(op, 4, "bias", None)
    eps = argument(op, 7, "eps", 1e-5)
    require(not argument(op, 5, "training", False) and mean is not None and var is not None, op)
    require(compiler.is_stacked(x) and len(op.shape) == 2, op)
    operand, rank, buffer = compiler.operand(x, 2, 0), 2, compiler.buffer(index)
    inverse_std = _statistic(compiler, var, lambda value: torch.rsqrt(value + eps))
    center = _statistic(compiler, mean, lambda value: value)
    weight_at = compiler.operand(weight if weight is not None else 1.0, rank, 0)
    bias_at = compiler.operand(bias if bias is not None else 0.0, rank, 0)

    def run(values: Values, points: PlanePoints, block: int) -> Tensor:
        scale = weight_at(values, points, block) * points.cached(inverse_std)
        shift = bias_at(values, points, block) - points.cached(center) * scale
        h = operand(values, points, block)
        return torch.addcmul(shift, h, scale, out=buffer(h, tuple(h.shape)))

    return run


def _statistic(
    compiler: Compiler, ref: Ref, function: Callable[[Tensor], Tensor]
) -> Callable[[Tensor], Tensor]:
    """The function from coefficients (G, 3) to one of a layer's statistics, (f, 1) or (G, f, 1)."""
    if ref.kind == "parameter" and compiler.parameters is not None:
        values_at = compiler.parameters.at(ref.key)
        return lambda coefficients: function(values_at(coefficients)).unsqueeze(-1)
    constant = function(compiler.recorded(ref)).unsqueeze(-1)
    return lambda coefficients: constant


def layer_norm(compiler: Compiler, index: int, op: Op) -> CompiledOp:
    """Layer normalization over the features."""
    x, shape = op.args[0], argument(op, 1, "normalized_shape", ())
    weight, bias = argument(op, 2, "weight", None), argument(op, 3, "bias", None)
    eps = argument(op, 4, "eps", 1e-5)
    require(compiler.is_stacked(x) and len(op.shape) == 2 and tuple(shape) == op.shape[1:], op)
    operand, buffer = compiler.operand(x, 2, 0), compiler.buffer(index)
    weight_at = compiler.operand(weight if weight is not None else 1.0, 2, 0)
    bias_at = compiler.operand(bias if bias is not None else 0.0, 2, 0)

    def run(values: Values, points: PlanePoints, block: int) -> Tensor:
        h = operand(values, points, block)
        var, mean = torch.var_mean(h, dim=1, correction=0, keepdim=True)
        normal = torch.sub(h, mean, out=buffer(h, tuple(h.shape))).mul_(torch.rsqrt(var + eps))
        return normal.mul_(weight_at(values, points, block)).add_(bias_at(values, points, block))

    return run
