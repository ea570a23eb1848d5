"""Whether a network's sweeps, made of its tape, are what autograd would find.

A tape shows what is computed. What it does not show is how the slopes come back: through hooks that change
them, functions with a slope of their own making, `detach`. So either autograd's own graph is read and holds
exactly the steps of the tape, or a product is held against autograd's on a few examples.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from lossviz.sweeps import Sweeps, Weights
from lossviz.tape import Ref, Step, Tape, argument, refs_in

AGREES = {torch.float32: 1e-3, torch.float64: 1e-9}  # relative, for each parameter
FEW = 32  # examples that it is tried on, at least

_NODES = {"relu": "ReluBackward0", "tanh": "TanhBackward0", "sigmoid": "SigmoidBackward0"}


def same_graph(tape: Tape, parameters: Mapping[str, Tensor]) -> bool:
    """Whether autograd's graph, if the tape was recorded with it, is that of the tape, for plain steps.

    ``parameters`` are all that the tape names. False where the graph may be the same but looks unusual.
    """

    def origin(ref: Any) -> Any:
        """The node, or the parameter, that slopes go to from a step that reads this."""
        if not isinstance(ref, Ref) or ref.kind == "known":
            return None
        if ref.kind == "step":
            return tape.steps[ref.key].value.grad_fn
        return parameters[ref.key] if parameters[ref.key].requires_grad else None

    for step in tape.steps:
        node = step.value.grad_fn
        if step.value._backward_hooks:
            return False
        if node is None and any(origin(ref) is not None for ref in refs_in(step)):
            return False  # slopes end here, as under `inference_mode`
        if node is None or (step.op in ("dropout", "flatten") and node is origin(step.args[0])):
            continue
        name, read = _expected(step)
        if node.name() != name or [origin(ref) for ref in read] != [
            _reached(n) for n, _ in node.next_functions
        ]:
            return False
    return True


def _expected(step: Step) -> tuple[str, list[Any]]:
    """The name of a step's node and what it reads, in the order of autograd."""
    if step.op != "linear":
        return _NODES.get(step.op, ""), [step.args[0]]
    x, weight, bias = step.args[0], step.args[1], argument(step, 2, "bias", None)
    return ("MmBackward0", [x, weight]) if bias is None else ("AddmmBackward0", [bias, x, weight])


def _reached(node: Any) -> Any:
    """The node, or the parameter if it is a parameter's, itself or transposed."""
    if node is not None and node.name() == "TBackward0":
        ((node, _),) = node.next_functions
    return getattr(node, "variable", node)


def agrees(
    forward: Callable[..., Any],
    inputs: tuple[Any, ...],
    examples: int,
    tape: Tape,
    weights: Weights,
    parameters: list[Tensor],
) -> bool:
    """Whether a product on a few examples is that of autograd, for each parameter.

    The loss is a quadratic of the outputs, so that all that a loss can ask of the network is asked here.
    """
    rows = slice(None, None, max(1, examples // FEW))
    few = [value[rows] if value.ndim and len(value) == examples else value for value in inputs]
    generator = torch.Generator().manual_seed(0)
    vector = torch.randn(weights.flat.shape, generator=generator, dtype=torch.float32).to(weights.flat)
    with torch.enable_grad():
        outputs = forward(*few)
        slope = outputs + torch.rand(outputs.shape, generator=generator, dtype=torch.float32).to(outputs)
        slopes = torch.autograd.grad(outputs, parameters, slope, create_graph=True, materialize_grads=True)
        moving = [k for k, part in enumerate(slopes) if part.requires_grad]
        parts = [
            part.view_as(p) for part, p in zip(torch.split(vector, weights.sizes), parameters, strict=True)
        ]
        theirs = torch.autograd.grad(
            [slopes[k] for k in moving], parameters, [parts[k] for k in moving], materialize_grads=True
        )
    with torch.no_grad():
        sweeps = Sweeps(tape, weights, examples, rows)
        sweeps.pull(slope)
        mine = torch.split(sweeps.back(sweeps.ahead(vector)), weights.sizes)
        share = AGREES[vector.dtype]
        return all(
            bool((one - other.reshape(-1)).norm() <= share * other.norm())
            for one, other in zip(mine, theirs, strict=True)
        )
