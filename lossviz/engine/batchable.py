"""Which operations of a trace treat each example by itself, so that the data may be split into blocks."""

from lossviz.engine.trace import IDENTITY_OPS, Op, argument

_ELEMENTWISE = (
    "relu relu_ tanh tanh_ sigmoid sigmoid_ gelu silu elu leaky_relu celu selu mish relu6 hardswish "
    "hardsigmoid hardtanh softplus exp log sin cos abs square sqrt neg clamp add add_ __add__ __radd__ "
    "__iadd__ sub mul mul_ __mul__ __rmul__ div __truediv__"
)
_POOLS = "avg_pool2d max_pool2d adaptive_avg_pool2d adaptive_max_pool2d interpolate"
# PyTorch implements these for its own memory formats only and copies everything else to one of them.
STANDARD_FORMAT_OPS = frozenset(f"batch_norm group_norm layer_norm {_POOLS}".split(" "))
_PER_EXAMPLE = frozenset(f"{_ELEMENTWISE} linear".split(" ")) | STANDARD_FORMAT_OPS


def is_per_example(op: Op) -> bool:
    """Whether the operation treats each example by itself, so that data may come in blocks."""
    if op.name in ("flatten", "view", "reshape"):
        return True  # the shapes are checked where the operation is compiled
    if op.name == "batch_norm":
        return not argument(op, 5, "training", False) and op.args[1] is not None
    if op.name in ("dropout", "dropout2d", "feature_dropout"):
        return not argument(op, 2, "training", True)
    if op.name == "cat":
        return argument(op, 1, "dim", 0) in (1, -1)
    if op.name == "mean":
        dims = argument(op, 1, "dim", None)
        return isinstance(dims, tuple) and set(dims) <= {2, 3, -1, -2}
    if op.name in IDENTITY_OPS and op.input_shapes[0] == op.shape:
        return True
    # An operand that has another number of examples would be broadcast over them.
    examples = op.shape[0] if op.shape else 0
    return op.name in _PER_EXAMPLE and bool(examples) and op.input_shapes[0][:1] == op.shape[:1]
