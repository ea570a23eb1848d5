"""Name what makes autograd's derivatives differ from those of a loss, for a sentence to the user."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import BackwardCFunction
from torch.overrides import TorchFunctionMode

from lossviz.curvature.double_precision import DoublePrecision
from lossviz.curvature.products import AutogradHessian

_FUNCTION = "the autograd function"
_DETACHING = ("detach", "detach_", "register_hook")


def custom_functions(hessian: AutogradHessian) -> list[str]:
    """Names of the user's autograd functions between the weights and the loss that was evaluated last."""
    return [name for node in _nodes(hessian.loss_node, set()) if (name := _custom_name(node))]


def causes(hessian: AutogradHessian) -> str:
    """What changes or stops gradients on the first batch, with the module that does it.

    Returns:
        As "the autograd function Round in module 'act'"; if nothing is found, that it is an operation of
        torch, or a hook.
    """
    if hessian.loss_and_gradient()[0] != hessian.loss_and_gradient()[0]:
        return "random numbers that are not torch's: it is another loss at each call"
    watch = _Watch(hessian.model)
    try:
        with torch.enable_grad(), DoublePrecision() if hessian.in_double else nullcontext(), watch:
            loss = hessian._loss_of(0)
        watch.note_functions(loss, "")
    finally:
        watch.close()
    places = {place for what, place in watch.found if what.startswith(_FUNCTION)}
    # The code of an autograd function runs without gradients: what it calls is no cause of its own.
    named = [f"{w} in {p}" for w, p in watch.found if w.startswith(_FUNCTION) or p not in places]
    return " and ".join(dict.fromkeys(named)) or "an operation of torch, or a hook"


def _custom_name(node: Any) -> str:
    """The name of the user's `torch.autograd.Function` that a node belongs to; "" if it is torch's own."""
    own = getattr(node, "_forward_cls", None)
    return str(own.__name__) if own is not None and isinstance(node, BackwardCFunction) else ""


def _wrong_by_design(node: Any) -> str:
    """The name of an operation of torch whose gradient is not its derivative; "" for all others."""
    if node.name().startswith("EmbeddingBackward") and node._saved_scale_grad_by_freq:
        return "scale_grad_by_freq of an embedding"
    return "fake quantization" if node.name().startswith("FakeQuantize") else ""


def _nodes(root: Any, seen: set[Any]) -> Iterator[Any]:
    """The nodes of autograd's graph that are not in ``seen``, to which they are added."""
    pending = [root]
    while pending:
        node = pending.pop()
        if node is not None and node not in seen:
            seen.add(node)
            yield node
            pending += [following for following, _ in node.next_functions]


class _Watch(TorchFunctionMode):
    """Notes calls that change gradients, and the module in whose forward pass they are."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._stack: list[str] = []
        self._seen: set[Any] = set()
        self._handles = []
        for name, module in model.named_modules():
            self._handles += [
                module.register_forward_pre_hook(self._entered(name)),
                module.register_forward_hook(self._left),
            ]

    def close(self) -> None:
        """Remove the hooks from the model."""
        for handle in self._handles:
            handle.remove()

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        name = getattr(function, "__name__", "")
        if name == "__get__" and getattr(function, "__self__", None) is Tensor.data:
            name = "detach"  # `.data`
        depends = any(isinstance(value, Tensor) and value.requires_grad for value in args)
        lost = isinstance(result, Tensor) and result.is_floating_point() and not result.requires_grad
        if depends and name in _DETACHING:
            self._note(name)
        elif depends and lost and not torch.is_grad_enabled() and name != "__get__":
            self._note(f"{name} under torch.no_grad()")
        return result

    def note_functions(self, outputs: Any, module: str) -> None:
        """Note the autograd functions in the graph of outputs that were not there before."""
        for value in outputs if isinstance(outputs, (tuple, list)) else (outputs,):
            if isinstance(value, Tensor):
                for node in _nodes(value.grad_fn, self._seen):
                    if name := _custom_name(node):
                        self._note(f"{_FUNCTION} {name}", module)
                    elif what := _wrong_by_design(node):
                        self._note(what, module)

    def _entered(self, name: str) -> Callable[..., None]:
        def enter(module: nn.Module, args: Any) -> None:
            self.note_functions(args, self._stack[-1] if self._stack else "")  # those of the module around it
            self._stack.append(name)

        return enter

    def _left(self, module: nn.Module, args: Any, outputs: Any) -> None:
        self.note_functions(outputs, self._stack[-1] if self._stack else "")
        self._stack.pop()

    def _note(self, what: str, module: str | None = None) -> None:
        inside = len(self._stack) > 0
        name = module if module is not None else (self._stack[-1] if inside else "")
        place = f"module {name!r}" if name else "the model" if inside else "the loss"
        self.found.append((what, place))
