"""Which operations of a trace treat each example by itself, so that the data may be split into blocks."""

from typing import Any

from lossviz.engine.op_names import (
    ALONG_AXIS,
    BINARY,
    DROPOUTS,
    JOINS,
    NORMALIZATIONS,
    PER_FEATURE,
    REDUCTIONS,
    RESHAPES,
    UNARY,
)
from lossviz.engine.trace import IDENTITY_OPS, Op, argument

_POOLS = """
    avg_pool1d avg_pool2d avg_pool3d max_pool1d max_pool2d max_pool3d adaptive_avg_pool1d adaptive_avg_pool2d
    adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d lp_pool1d lp_pool2d
    interpolate upsample pixel_shuffle pixel_unshuffle channel_shuffle local_response_norm
"""
_CONVOLUTIONS = """
    conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d
"""
CONVOLUTIONS = frozenset(_CONVOLUTIONS.split())
# PyTorch implements these for its own memory formats only and copies everything else to one of them.
STANDARD_FORMAT_OPS = (
    frozenset(_POOLS.split()) | NORMALIZATIONS | (CONVOLUTIONS - {"conv2d"}) | {"instance_norm", "pad"}
)
_PER_EXAMPLE = UNARY | BINARY | PER_FEATURE | STANDARD_FORMAT_OPS | {"linear", "where"}


def is_per_example(op: Op) -> bool:
    """Whether the operation treats each example by itself, so that data may come in blocks."""
    before = op.input_shapes[0] if op.input_shapes else ()
    if op.name in RESHAPES:
        return True  # the shapes are checked where the operation is compiled
    if op.name == "batch_norm":
        return not argument(op, 5, "training", False) and op.args[1] is not None
    if op.name in DROPOUTS:
        return not argument(op, 2, "training", True)
    if op.name in JOINS:
        return argument(op, 1, "dim", 0) in (1, -1)
    if op.name in ALONG_AXIS or op.name in REDUCTIONS or op.name == "glu":
        return _leaves_examples(argument(op, 1, "dim", -1 if op.name == "glu" else None), len(before))
    if op.name == "pad":
        sizes = argument(op, 1, "pad", ())
        return len(sizes) <= 2 * (len(before) - 1)
    if op.name == "__getitem__":
        key = op.args[1] if isinstance(op.args[1], tuple) else (op.args[1],)
        return key[0] == slice(None) and all(isinstance(part, (int, slice)) for part in key)
    if op.name in IDENTITY_OPS and before == op.shape:
        return True
    if not op.shape or op.name not in _PER_EXAMPLE:
        return False
    if op.name == "where" or op.name in BINARY:
        # An operand that has another number of examples would be broadcast over them.
        return all(len(s) < len(op.shape) or s[0] in (1, op.shape[0]) for s in op.input_shapes) and any(
            s[:1] == op.shape[:1] for s in op.input_shapes if len(s) == len(op.shape)
        )
    return bool(op.shape[0]) and before[:1] == op.shape[:1]


def _leaves_examples(dim: Any, rank: int) -> bool:
    """Whether an axis, or several, are others than that of the examples."""
    dims = dim if isinstance(dim, (tuple, list)) else (dim,)
    return bool(dims) and all(isinstance(d, int) and d % rank != 0 for d in dims)
