"""One forward pass written down: which torch function was called with what, in order.

A `torch.overrides.TorchFunctionMode` sees every call that the model's own code makes to torch, is local
to its thread (torch.fx patches `Module.__call__` for the whole process, which other sessions of an app
would feel), costs a tenth of a millisecond, and needs no rule for modules. What it cannot see, it must
not guess: reading a number out of a tensor (``if x.sum() > 0``), a tensor from elsewhere, or a function
that returns several tensors raises `Untraceable`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode


class Untraceable(Exception):
    """The pass holds something that cannot be replayed; the message says what."""


@dataclass(frozen=True)
class Ref:
    """A tensor of the pass: the k-th step's result, or something known before it by name."""

    kind: str  # "step", "weight", "known"
    key: Any


@dataclass(frozen=True, eq=False)
class Step:
    """One call; tensors among its arguments are replaced by their `Ref`."""

    op: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    shapes: tuple[tuple[int, ...], ...]  # of its tensor arguments, in order
    value: Tensor  # what it returned when it was recorded

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.value.shape)


@dataclass(frozen=True, eq=False)
class Tape:
    steps: tuple[Step, ...]
    known: tuple[Tensor, ...]  # inputs, then buffers and constants
    inputs: int  # how many of the known are inputs
    result: Ref

    @property
    def outputs(self) -> Tensor:
        """What was recorded of the result; `Untraceable` if no step made it."""
        if self.result.kind != "step":
            raise Untraceable("a result that does not depend on the weights")
        value: Tensor = self.steps[self.result.key].value
        return value

    def uses(self, index: int) -> int:
        """How often the index-th step's result is read, the pass's result included."""
        wanted = Ref("step", index)
        reads = sum(refs_in(step).count(wanted) for step in self.steps)
        return reads + (self.result == wanted)


def refs_in(step: Step) -> list[Ref]:
    """All tensors that a step reads, in order."""
    found: list[Ref] = []
    for value in (*step.args, *step.kwargs.values()):
        found += [v for v in (value if isinstance(value, (tuple, list)) else (value,)) if isinstance(v, Ref)]
    return found


def argument(step: Step, position: int, name: str, default: Any) -> Any:
    """What was given for one of a step's parameters, by position or by name."""
    return step.args[position] if len(step.args) > position else step.kwargs.get(name, default)


# Passed on as they are, if the shape stays the same.
SAME = frozenset(("contiguous", "flatten", "view", "reshape", "clone", "detach", "squeeze"))


def passes_on(step: Step) -> bool:
    """Whether the step's value is that of its first argument."""
    same = step.op in SAME and step.shapes[0] == step.shape
    return same or (step.op in ("dropout", "feature_dropout") and not argument(step, 2, "training", True))


# Questions about a tensor's form, whose answer cannot depend on its values.
QUESTIONS = frozenset(
    (
        *("dim", "ndimension", "size", "stride", "numel", "__len__", "__get__", "element_size", "get_device"),
        *("is_floating_point", "is_complex", "is_contiguous"),
    )
)


class _Recorder(TorchFunctionMode):
    def __init__(self, weights: Mapping[int, str], known: list[Tensor]) -> None:
        super().__init__()
        self.known = known
        self.steps: list[Step] = []
        self._refs = {key: Ref("weight", name) for key, name in weights.items()}
        self._refs |= {id(tensor): Ref("known", index) for index, tensor in enumerate(known)}

    def ref(self, tensor: Tensor) -> Ref:
        found = self._refs.get(id(tensor))
        if found is None:
            raise Untraceable("a tensor that is neither an input, a parameter nor a buffer")
        return found

    def _replaced(self, value: Any, shapes: list[tuple[int, ...]]) -> Any:
        if isinstance(value, Tensor):
            shapes.append(tuple(value.shape))
            return self.ref(value)
        if isinstance(value, (tuple, list)):
            return tuple(self._replaced(inner, shapes) for inner in value)
        return value

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        op = getattr(function, "__name__", str(function))
        shapes: list[tuple[int, ...]] = []
        asked = (
            self._replaced(tuple(args), shapes),
            {k: self._replaced(v, shapes) for k, v in kwargs.items()},
        )
        result = function(*args, **kwargs)
        if not isinstance(result, Tensor):
            if op == "__get__" and getattr(function, "__self__", None) is Tensor.grad_fn:
                raise Untraceable("grad_fn, through which slopes can be changed unseen")
            if (op in QUESTIONS and not isinstance(result, (tuple, list))) or isinstance(result, torch.Size):
                return result
            raise Untraceable(f"{op}, which turns tensors into something else")
        if not shapes:  # made from nothing, like torch.zeros: a constant, unless it is random
            if op not in ("zeros", "ones", "tensor", "arange", "full", "eye", "linspace"):
                raise Untraceable(f"{op}, which makes a tensor from nothing")
            self._refs[id(result)] = Ref("known", len(self.known))
            self.known.append(result)
            return result
        # A result may be its own argument (relu_), whose reference then means the new value.
        self._refs[id(result)] = Ref("step", len(self.steps))
        self.steps.append(Step(op, function, *asked, tuple(shapes), result))
        return result


def record(
    function: Callable[..., Any],
    inputs: tuple[Any, ...],
    weights: Mapping[str, Tensor],
    buffers: list[Tensor],
    graph: bool = False,
) -> Tape:
    """The tape of ``function(*inputs)``; ``weights`` by name and ``buffers`` are known beforehand.

    With ``graph`` the values have autograd's graph. Raises `Untraceable` if it cannot be replayed; other
    errors are the function's own.
    """
    tensors = [value for value in inputs if isinstance(value, Tensor)]
    recorder = _Recorder({id(tensor): name for name, tensor in weights.items()}, tensors + buffers)
    with torch.enable_grad() if graph else torch.no_grad(), recorder:
        result = function(*inputs)
    if not isinstance(result, Tensor):
        raise Untraceable("a result that is not one tensor")
    return Tape(tuple(recorder.steps), tuple(recorder.known), len(tensors), recorder.ref(result))


def all_weights(model: nn.Module) -> dict[str, Tensor]:
    """Every parameter by name, frozen ones too."""
    return dict(model.named_parameters())
