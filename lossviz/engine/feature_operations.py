"""Forward rules of the operations along the features of each example: softmax, gates, normalizations, joins.

`lossviz.engine.operations` has the table of all rules.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from lossviz.engine.rule_types import CompiledOp, Compiler, PlanePoints, Values, require
from lossviz.engine.trace import Op, argument


def along_features(compiler: Compiler, index: int, op: Op) -> CompiledOp:
    """Softmax, log-softmax or softmin over the features."""
    dim = argument(op, 1, "dim", None)
    require(len(op.shape) == 2 and dim in (1, -1) and argument(op, 3, "dtype", None) is None, op)
    operand, function = compiler.operand(op.args[0], 2, 0), getattr(F, op.name)
    return lambda values, points, block: function(operand(values, points, block), dim=1)


def glu(compiler: Compiler, index: int, op: Op) -> CompiledOp:
    """One half of the features times the sigmoid of the other."""
    require(len(op.shape) == 2 and argument(op, 1, "dim", -1) in (1, -1), op)
    operand = compiler.operand(op.args[0], 2, 0)
    return lambda values, points, block: F.glu(operand(values, points, block), dim=1)


def prelu(compiler: Compiler, index: int, op: Op) -> CompiledOp:
    """A ReLU with a learned slope below zero, one or one for each feature."""
    rank = len(op.shape)
    require(compiler.is_stacked(op.args[0]) and rank == 2, op)
    operand, slope = compiler.operand(op.args[0], rank, 0), compiler.operand(op.args[1], rank, 0)

    def run(values: Values, points: PlanePoints, block: int) -> Tensor:
        h = operand(values, points, block)
        return torch.where(h > 0, h, h * slope(values, points, block))

    return run


def group_norm(compiler: Compiler, index: int, op: Op) -> CompiledOp:
    """Normalization over groups of features."""
    x, groups = op.args[0], argument(op, 1, "num_groups", 1)
    require(compiler.is_stacked(x) and len(op.shape) == 2, op)
    operand, eps = compiler.operand(x, 2, 0), argument(op, 4, "eps", 1e-5)
    weight = argument(op, 2, "weight", None)
    bias = argument(op, 3, "bias", None)
    weight_at = compiler.operand(1.0 if weight is None else weight, 2, 0)
    bias_at = compiler.operand(0.0 if bias is None else bias, 2, 0)

    def run(values: Values, points: PlanePoints, block: int) -> Tensor:
        h = operand(values, points, block)
        grouped = h.reshape(len(h), groups, -1, h.shape[-1])
        var, mean = torch.var_mean(grouped, dim=2, correction=0, keepdim=True)
        normal = ((grouped - mean) * torch.rsqrt(var + eps)).view(h.shape)
        return normal * weight_at(values, points, block) + bias_at(values, points, block)

    return run


def rms_norm(compiler: Compiler, index: int, op: Op) -> CompiledOp:
    """Division by the root mean square of the features."""
    x, shape = op.args[0], argument(op, 1, "normalized_shape", ())
    require(compiler.is_stacked(x) and len(op.shape) == 2 and tuple(shape) == op.shape[1:], op)
    weight, eps = argument(op, 2, "weight", None), argument(op, 3, "eps", None)
    operand = compiler.operand(x, 2, 0)
    weight_at = compiler.operand(1.0 if weight is None else weight, 2, 0)
    added = torch.finfo(op.value.dtype).eps if eps is None else eps

    def run(values: Values, points: PlanePoints, block: int) -> Tensor:
        h = operand(values, points, block)
        return h * torch.rsqrt(h.square().mean(1, keepdim=True) + added) * weight_at(values, points, block)

    return run


def concatenate(compiler: Compiler, index: int, op: Op) -> CompiledOp:
    """Values side by side, along the features."""
    refs = op.args[0]
    require(isinstance(refs, tuple) and len(op.shape) == 2 and argument(op, 1, "dim", 0) in (1, -1), op)
    parts = [compiler.operand(ref, 2, op.shape[0]) for ref in refs]

    def run(values: Values, points: PlanePoints, block: int) -> Tensor:
        found = [part(values, points, block) for part in parts]
        whole = [value if value.ndim == 3 else value.expand(len(points), *value.shape) for value in found]
        return torch.cat(whole, dim=1)

    return run
