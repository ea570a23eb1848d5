"""Check compiled Hessian products against autograd.

A trace records what is computed, but not how gradients flow back: through hooks that change them, custom
autograd functions, `detach`. So either autograd's own graph is read and has exactly the operations of the
trace, or a product is compared with autograd's on a few examples.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from lossviz.curvature.differentiated import DifferentiatedProgram, ParameterVectors
from lossviz.engine.trace import Op, Ref, Trace, UntraceableError, argument, input_refs

TOLERANCE = {torch.float32: 1e-3, torch.float64: 1e-9}  # relative, for each parameter
MIN_EXAMPLES = 32  # that a product is compared on, if there are as many

_NODES = {"relu": "ReluBackward0", "tanh": "TanhBackward0", "sigmoid": "SigmoidBackward0"}


def has_same_graph(trace: Trace, parameters: Mapping[str, Tensor]) -> bool:
    """Whether autograd's graph has exactly the operations of the trace.

    Args:
        trace: Recorded with ``create_graph=True``.
        parameters: All parameters that the trace names.

    Returns:
        True if the graphs are the same; False also where they may be but an operation is not a common one.
    """

    def origin(ref: Any) -> Any:
        """The node, or the parameter, that receives the gradient of an operand."""
        if not isinstance(ref, Ref) or ref.kind == "constant":
            return None
        if ref.kind == "op":
            return trace.ops[ref.key].value.grad_fn
        return parameters[ref.key] if parameters[ref.key].requires_grad else None

    for op in trace.ops:
        node = op.value.grad_fn
        if op.value._backward_hooks:
            return False
        if node is None and any(origin(ref) is not None for ref in input_refs(op)):
            return False  # no gradient flows back, as under `inference_mode`
        if node is None or (op.name in ("dropout", "flatten") and node is origin(op.args[0])):
            continue
        name, operands = _expected_node(op)
        if node.name() != name or [origin(ref) for ref in operands] != [
            _resolve(following) for following, _ in node.next_functions
        ]:
            return False
    return True


def _expected_node(op: Op) -> tuple[str, list[Any]]:
    """The name of an operation's node in autograd's graph and its operands, in the order of autograd."""
    if op.name != "linear":
        return _NODES.get(op.name, ""), [op.args[0]]
    x, weight, bias = op.args[0], op.args[1], argument(op, 2, "bias", None)
    return ("MmBackward0", [x, weight]) if bias is None else ("AddmmBackward0", [bias, x, weight])


def _resolve(node: Any) -> Any:
    """The node, or its parameter if it is that of a parameter, transposed or not."""
    if node is not None and node.name() == "TBackward0":
        ((node, _),) = node.next_functions
    return getattr(node, "variable", node)


def matches_autograd(
    forward: Callable[..., Any],
    inputs: tuple[Any, ...],
    examples: int,
    trace: Trace,
    vectors: ParameterVectors,
    parameters: list[Tensor],
) -> bool:
    """Whether a Hessian-vector product on a few examples is that of autograd, for each parameter.

    The loss is a quadratic of the outputs, so that every part of the compiled product takes part.

    Args:
        forward: The model's forward pass.
        inputs: Its arguments.
        examples: How many examples the inputs have.
        trace: The trace of ``forward(*inputs)``.
        vectors: The parameters that the trace is compiled with.
        parameters: The model's trainable parameters, in the same order.

    Raises:
        UntraceableError: If the model does not run on a few examples.
    """
    rows = slice(None, None, max(1, examples // MIN_EXAMPLES))
    few = [value[rows] if value.ndim and len(value) == examples else value for value in inputs]
    generator = torch.Generator().manual_seed(0)
    vector = torch.randn(vectors.flat.shape, generator=generator, dtype=torch.float32).to(vectors.flat)
    with torch.enable_grad():
        try:
            outputs = forward(*few)
        except Exception as error:
            raise UntraceableError(f"a pass that runs on {examples} examples only") from error
        noise = torch.rand(outputs.shape, generator=generator, dtype=torch.float32).to(outputs)
        cotangent = outputs + noise
        gradients = torch.autograd.grad(
            outputs, parameters, cotangent, create_graph=True, materialize_grads=True
        )
        active = [k for k, gradient in enumerate(gradients) if gradient.requires_grad]
        parts = [
            part.view_as(p) for part, p in zip(torch.split(vector, vectors.sizes), parameters, strict=True)
        ]
        expected = torch.autograd.grad(
            [gradients[k] for k in active], parameters, [parts[k] for k in active], materialize_grads=True
        )
    with torch.no_grad():
        program = DifferentiatedProgram(trace, vectors, examples, rows)
        program.vjp(cotangent)
        found = torch.split(program.hvp_backward(program.jvp(vector)), vectors.sizes)
        tolerance = TOLERANCE[vector.dtype]
        return all(
            bool((one - other.reshape(-1)).norm() <= tolerance * other.norm())
            for one, other in zip(found, expected, strict=True)
        )
