"""Names of torch functions that work element by element, as `lossviz.engine.trace.Op.name` has them.

Every table of operations is made from these: that of stacked networks (`lossviz.engine.operations`), of
convolutional networks (`lossviz.engine.batchable`), of Hessian products (`lossviz.curvature.op_rules`) and of
losses (`lossviz.engine.loss_parts`). So an activation that one of them knows, all know.
"""

# Of one value, and of plain numbers.
_UNARY = """
    relu relu_ tanh tanh_ sigmoid sigmoid_ gelu silu elu elu_ leaky_relu leaky_relu_ celu celu_ selu selu_ mish
    relu6 hardswish hardsigmoid hardtanh hardtanh_ hardshrink softshrink threshold threshold_ _threshold
    softplus softsign logsigmoid log_sigmoid tanhshrink exp exp_ log log1p log2 expm1 exp2 sin cos atan arctan
    asinh sinh cosh erf abs absolute square sqrt rsqrt neg __neg__ negative sign reciprocal logit clamp clamp_
    clamp_min clamp_max clip
"""
# Of two values, of which one may be a plain number.
_BINARY = """
    add add_ __add__ __radd__ __iadd__ sub sub_ __sub__ __rsub__ __isub__ rsub subtract mul mul_ __mul__
    __rmul__ __imul__ multiply div div_ __truediv__ __rtruediv__ __rdiv__ __itruediv__ true_divide divide
    pow __pow__ __rpow__ maximum minimum gt lt ge le __gt__ __lt__ __ge__ __le__
"""
UNARY = """
    relu relu_ tanh tanh_ sigmoid sigmoid_ gelu silu elu elu_ leaky_relu leaky_relu_ celu celu_ selu selu_ mish
    relu6 hardswish hardsigmoid hardtanh hardtanh_ hardshrink softshrink threshold threshold_ _threshold softplus
    softsign logsigmoid log_sigmoid tanhshrink exp exp_ log log1p log2 expm1 exp2 sin cos atan arctan asinh sinh cosh erf abs
    absolute square sqrt rsqrt neg __neg__ negative sign reciprocal logit clamp clamp_ clamp_min clamp_max
    clip
"""
# Of two values, of which one may be a plain number.
_BINARY = """
    add add_ __add__ __radd__ __iadd__ sub sub_ __sub__ __rsub__ __isub__ rsub subtract mul mul_ __mul__ __rmul__
    __imul__ multiply div div_ __truediv__ __rtruediv__ __rdiv__ __itruediv__ true_divide divide pow __pow__
    __rpow__ maximum minimum gt lt ge le __gt__ __lt__ __ge__ __le__
"""
UNARY = frozenset(_UNARY.split())
BINARY = frozenset(_BINARY.split())
# Changes of a value's shape that move no value to another example, if the number of examples stays.
RESHAPES = frozenset(("flatten", "view", "reshape", "squeeze", "unsqueeze"))
# Reductions and normalizations along one axis.
ALONG_AXIS = frozenset(("softmax", "log_softmax", "softmin"))
REDUCTIONS = frozenset(("mean", "sum"))
