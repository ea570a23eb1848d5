"""Names of torch functions that treat each example by itself, as `lossviz.engine.trace.Op.name` has them.

Every table of operations is made from these: that of stacked networks (`lossviz.engine.operations`), of
convolutional networks (`lossviz.engine.batchable`), of Hessian products (`lossviz.curvature.op_rules`) and of
losses (`lossviz.engine.averaging.loss_parts`). So an activation that one of them knows, all know.
"""

# Element by element, of one value and of plain numbers.
_ONE_VALUE = """
    relu relu_ tanh tanh_ sigmoid sigmoid_ gelu silu elu elu_ leaky_relu leaky_relu_ celu celu_ selu selu_
    mish relu6 hardswish hardsigmoid hardtanh hardtanh_ hardshrink softshrink threshold threshold_
    _threshold softplus softsign logsigmoid log_sigmoid tanhshrink exp exp_ log log1p log2 expm1 exp2 sin cos
    atan arctan asinh sinh cosh erf abs absolute square sqrt rsqrt neg __neg__ negative sign reciprocal logit
    clamp clamp_ clamp_min clamp_max clip
"""
# Element by element, of two values, of which one may be a plain number.
_TWO_VALUES = """
    add add_ __add__ __radd__ __iadd__ sub sub_ __sub__ __rsub__ __isub__ rsub subtract mul mul_ __mul__
    __rmul__ __imul__ multiply div div_ __truediv__ __rtruediv__ __rdiv__ __itruediv__ true_divide divide
    pow __pow__ __rpow__ maximum minimum gt lt ge le __gt__ __lt__ __ge__ __le__
"""
UNARY = frozenset(_ONE_VALUE.split())
BINARY = frozenset(_TWO_VALUES.split())
RESHAPES = frozenset(("flatten", "view", "reshape", "squeeze", "unsqueeze"))
ALONG_AXIS = frozenset(("softmax", "log_softmax", "softmin"))
REDUCTIONS = frozenset(("mean", "sum"))
JOINS = frozenset(("cat", "concat", "concatenate"))
NORMALIZATIONS = frozenset(("batch_norm", "layer_norm", "group_norm", "rms_norm"))
PER_FEATURE = frozenset(("prelu", "glu"))
_DROPOUTS = "dropout dropout1d dropout2d dropout3d feature_dropout alpha_dropout feature_alpha_dropout"
DROPOUTS = frozenset(_DROPOUTS.split())
# What a network of linear layers may consist of.
LAYERS = UNARY | BINARY | RESHAPES | ALONG_AXIS | REDUCTIONS | JOINS | NORMALIZATIONS | PER_FEATURE
LAYERS |= {"linear", "where", "__getitem__"}
