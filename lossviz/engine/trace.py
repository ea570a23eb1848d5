"""Record one forward pass: which torch function was called with which arguments, in order.

A `torch.overrides.TorchFunctionMode` sees every call that the model's own code makes to torch, is local to
its thread (torch.fx patches `Module.__call__` for the whole process, which would affect other sessions of
an app), costs a tenth of a millisecond, and needs no rule for modules. What it cannot see it must not
guess: reading a number out of a tensor (``if x.sum() > 0``), a tensor of unknown origin, or a function that
returns several tensors raises `UntraceableError`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from lossviz.engine.op_names import DROPOUTS


class UntraceableError(Exception):
    """The pass contains something that cannot be replayed; the message names it."""


@dataclass(frozen=True)
class Ref:
    """A reference to a tensor of the pass.

    An "op" is the result of the operation with index ``key``, a "parameter" the parameter of that name, and a
    "constant" an entry of `Trace.constants`, which no parameter flows into.
    """

    kind: Literal["op", "parameter", "constant"]
    key: Any


@dataclass(frozen=True, eq=False)
class Op:
    """One call of a torch function; tensors among its arguments are replaced by their `Ref`."""

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    input_shapes: tuple[tuple[int, ...], ...]  # of the tensor arguments, in order
    value: Tensor  # the result when it was recorded

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the result."""
        return tuple(self.value.shape)


@dataclass(frozen=True, eq=False)
class Trace:
    """A recorded forward pass."""

    ops: tuple[Op, ...]
    constants: tuple[Tensor, ...]  # inputs first, then buffers and tensors that the pass creates
    num_inputs: int  # how many of the constants are inputs
    result: Ref

    @property
    def outputs(self) -> Tensor:
        """The recorded value of the result; `UntraceableError` if no operation computed it."""
        if self.result.kind != "op":
            raise UntraceableError("a result that does not depend on the weights")
        value: Tensor = self.ops[self.result.key].value
        return value

    def count_reads(self, index: int) -> int:
        """How often an operation's result is read; being the result of the pass counts as one."""
        ref = Ref("op", index)
        reads = sum(input_refs(op).count(ref) for op in self.ops)
        return reads + (self.result == ref)


def input_refs(op: Op) -> list[Ref]:
    """References to all tensors that an operation reads, in order."""
    refs: list[Ref] = []
    for value in (*op.args, *op.kwargs.values()):
        refs += [v for v in (value if isinstance(value, (tuple, list)) else (value,)) if isinstance(v, Ref)]
    return refs


def argument(op: Op, position: int, name: str, default: Any) -> Any:
    """The argument that an operation was called with, by position or by name, or its default."""
    return op.args[position] if len(op.args) > position else op.kwargs.get(name, default)


# These return their input's values; they are the identity if the shape stays the same.
IDENTITY_OPS = frozenset(("contiguous", "flatten", "view", "reshape", "clone", "detach", "squeeze"))


def is_identity(op: Op) -> bool:
    """Whether the operation's value is that of its first argument, in the same shape."""
    same = op.name in IDENTITY_OPS and op.input_shapes[0] == op.shape
    return same or (op.name in DROPOUTS and not argument(op, 2, "training", True))


# Queries of a tensor's shape, dtype or layout, whose answer cannot depend on its values.
METADATA_OPS = frozenset(
    (
        *("dim", "ndimension", "size", "stride", "numel", "__len__", "__get__", "element_size", "get_device"),
        *("is_floating_point", "is_complex", "is_contiguous"),
    )
)


# Parameters never have these dtypes, so a value that does was cast on the way.
HALF_PRECISION = frozenset((torch.float16, torch.bfloat16))


class _Recorder(TorchFunctionMode):
    def __init__(self, parameters: Mapping[int, str], constants: list[Tensor]) -> None:
        super().__init__()
        self.constants = constants
        self.ops: list[Op] = []
        self._refs = {key: Ref("parameter", name) for key, name in parameters.items()}
        self._refs |= {id(tensor): Ref("constant", index) for index, tensor in enumerate(constants)}

    def ref(self, tensor: Tensor) -> Ref:
        found = self._refs.get(id(tensor))
        if found is None:
            raise UntraceableError("a tensor that is neither an input, a parameter nor a buffer")
        return found

    def _with_refs(self, value: Any, shapes: list[tuple[int, ...]]) -> Any:
        """The value with its tensors, also in tuples and lists, replaced by references."""
        if isinstance(value, Tensor):
            shapes.append(tuple(value.shape))
            return self.ref(value)
        if isinstance(value, (tuple, list)):
            return tuple(self._with_refs(inner, shapes) for inner in value)
        return value

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(function, "__name__", str(function))
        shapes: list[tuple[int, ...]] = []
        arguments = (
            self._with_refs(tuple(args), shapes),
            {k: self._with_refs(v, shapes) for k, v in kwargs.items()},
        )
        result = function(*args, **kwargs)
        if not isinstance(result, Tensor):
            if name == "__get__" and getattr(function, "__self__", None) is Tensor.grad_fn:
                raise UntraceableError("grad_fn, through which gradients can be changed unseen")
            metadata = name in METADATA_OPS and not isinstance(result, (tuple, list))
            if metadata or isinstance(result, torch.Size):
                return result
            raise UntraceableError(f"{name}, which turns tensors into something else")
        if not shapes:  # a factory function such as torch.zeros: a constant, unless it is random
            if name not in ("zeros", "ones", "tensor", "arange", "full", "eye", "linspace"):
                raise UntraceableError(f"{name}, which makes a tensor from nothing")
            self._refs[id(result)] = Ref("constant", len(self.constants))
            self.constants.append(result)
            return result
        if result.dtype in HALF_PRECISION:
            raise UntraceableError(f"{name} in {str(result.dtype).removeprefix('torch.')}, as under autocast")
        # The result of an in-place function is its argument, whose reference now means the new value.
        self._refs[id(result)] = Ref("op", len(self.ops))
        self.ops.append(Op(name, function, *arguments, tuple(shapes), result))
        return result


def record(
    function: Callable[..., Any],
    inputs: tuple[Any, ...],
    parameters: Mapping[str, Tensor],
    buffers: list[Tensor],
    create_graph: bool = False,
) -> Trace:
    """Record ``function(*inputs)``.

    Args:
        function: A forward pass or a loss; it returns one tensor.
        inputs: Its arguments; those that are tensors become constants of the trace.
        parameters: Tensors that it may read, by name.
        buffers: Further tensors that it may read.
        create_graph: Whether the recorded values keep autograd's graph.

    Returns:
        The trace.

    Raises:
        UntraceableError: If the pass cannot be replayed. Errors of the function itself pass through.
    """
    tensors = [value for value in inputs if isinstance(value, Tensor)]
    recorder = _Recorder({id(tensor): name for name, tensor in parameters.items()}, tensors + buffers)
    with torch.enable_grad() if create_graph else torch.no_grad(), recorder:
        result = function(*inputs)
    if not isinstance(result, Tensor):
        raise UntraceableError("a result that is not one tensor")
    return Trace(tuple(recorder.ops), tuple(recorder.constants), len(tensors), recorder.ref(result))


def all_parameters(model: nn.Module) -> dict[str, Tensor]:
    """Every parameter by name, frozen ones too."""
    return dict(model.named_parameters())
