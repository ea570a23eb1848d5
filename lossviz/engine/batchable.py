"""Which steps of a tape treat each example by itself, so that their data may come in blocks."""

from lossviz.engine.trace import SAME, Step, argument

_ELEMENTWISE = (
    "relu relu_ tanh tanh_ sigmoid sigmoid_ gelu silu elu leaky_relu celu selu mish relu6 hardswish "
    "hardsigmoid hardtanh softplus exp log sin cos abs square sqrt neg clamp add add_ __add__ __radd__ "
    "__iadd__ sub mul mul_ __mul__ __rmul__ div __truediv__"
)
# Those that PyTorch does for orders of memory that it knows, and copies everything else to one of them.
_POOLS = "avg_pool2d max_pool2d adaptive_avg_pool2d adaptive_max_pool2d interpolate"
WHOLE = frozenset(f"batch_norm group_norm layer_norm {_POOLS}".split(" "))
_BY_EXAMPLE = frozenset(f"{_ELEMENTWISE} linear".split(" ")) | WHOLE


def by_example(step: Step) -> bool:
    """Whether the step treats each example by itself, so that data may come in blocks."""
    if step.op in ("flatten", "view", "reshape"):
        return True  # its shapes are looked at where it is made ready
    if step.op == "batch_norm":
        return not argument(step, 5, "training", False) and step.args[1] is not None
    if step.op in ("dropout", "dropout2d", "feature_dropout"):
        return not argument(step, 2, "training", True)
    if step.op == "cat":
        return argument(step, 1, "dim", 0) in (1, -1)
    if step.op == "mean":
        dims = argument(step, 1, "dim", None)
        return isinstance(dims, tuple) and set(dims) <= {2, 3, -1, -2}
    if step.op in SAME and step.shapes[0] == step.shape:
        return True
    # A shared operand with another number of examples would be broadcast over them.
    examples = step.shape[0] if step.shape else 0
    return step.op in _BY_EXAMPLE and bool(examples) and step.shapes[0][:1] == step.shape[:1]
