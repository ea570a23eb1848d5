"""A forward pass differentiated without autograd: the gradient, and Hessian-vector products.

B. Pearlmutter, Fast Exact Multiplication by the Hessian (1994). The pass goes forward and cotangents go
backward; both are differentiated along a direction v of weight space, so that a Hessian-vector product is
one pass forward (a JVP: how each value changes when the weights move along v) and one backward (how each
cotangent changes). Autograd's double backward does the same arithmetic and keeps graphs of it, which for a
small network on a CPU takes more time than the arithmetic.

A `DifferentiatedProgram` is made from a `lossviz.engine.trace.Trace`, by the table
`lossviz.curvature.op_rules.DERIVATIVE_RULES`; a trace with any other operation raises `UntraceableError`.
Whether the numbers are right is for the caller to check (`lossviz.curvature.compiled`).
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from lossviz.curvature.op_rules import DERIVATIVE_RULES, NARROW
from lossviz.curvature.rule_types import DerivativeRule, ParameterViews, Variable
from lossviz.engine.trace import Op, Ref, Trace, UntraceableError, input_refs, is_identity


class ParameterVectors:
    """The trainable parameters as four flat vectors (n,), and each parameter's views of them.

    The vectors are the weights (``flat``), a direction v (``tangent``), the gradient and H v (``hvp``).
    """

    def __init__(self, parameters: Mapping[str, Tensor]) -> None:
        trainable = {name: w.detach() for name, w in parameters.items() if w.requires_grad}
        self.trainable, self.sizes = frozenset(trainable), [w.numel() for w in trainable.values()]
        self.flat = torch.cat([w.reshape(-1) for w in trainable.values()])
        self.tangent, self.gradient, self.hvp = (torch.zeros_like(self.flat) for _ in range(3))
        vectors = (self.flat, self.tangent, self.gradient, self.hvp)
        parts = zip(*(torch.split(vector, self.sizes) for vector in vectors), strict=True)
        self._views = {name: ParameterViews(w.detach()) for name, w in parameters.items()}
        for (name, w), four in zip(trainable.items(), parts, strict=True):
            self._views[name] = ParameterViews(*(part.view(w.shape) for part in four))

    def views(self, ref: Ref) -> ParameterViews:
        """The views of one parameter."""
        return self._views[ref.key]


class DifferentiatedProgram:
    """A trace compiled to derivative rules; it implements `lossviz.curvature.rule_types.Differentiator`."""

    def __init__(
        self, trace: Trace, parameters: ParameterVectors, examples: int, rows: slice | None = None
    ) -> None:
        """Compile a trace.

        Args:
            trace: The recorded pass.
            parameters: Where the weights are read, and gradients and products written.
            examples: Number of examples in the trace.
            rows: Use some of the examples only.

        Raises:
            UntraceableError: If an operation has no derivative rule, or unusual arguments.
        """
        self._trace, self._parameters, self._examples, self._rows = trace, parameters, examples, rows
        self._owners = self._find_owners()
        if trace.result.kind != "op" or self._owners[trace.result.key] < 0:
            raise UntraceableError("a result that does not depend on the weights")
        result = self._owners[trace.result.key]
        readers = [int(index == result) for index in range(len(trace.ops))]
        needed = self._find_needed(result)
        for ref in (r for index in needed for r in input_refs(trace.ops[index]) if self.is_active(r)):
            if ref.kind == "op":
                readers[self._owners[ref.key]] += 1
        self._variables = {k: Variable(self._laid_out(trace.ops[k].value), readers[k]) for k in needed}
        self._outputs, self._used_parameters = self._variables[result], set[str]()
        # From the last operation to the first: the reader of a value decides where its cotangents are stored.
        self._backward = [self._rule(trace.ops[k], self._variables[k]) for k in reversed(needed)]
        self._forward = self._backward[::-1]
        del self._trace, self._variables

    def forward(self) -> Tensor:
        """The outputs (n, ...) at the current weights."""
        for rule in self._forward:
            rule.forward()
        return self._outputs.value

    def vjp(self, cotangent: Tensor) -> None:
        """Propagate the cotangent of the outputs, (n, ...), back to every value."""
        self._outputs.cotangent.copy_(cotangent)
        for rule in self._backward:
            rule.vjp()

    def gradient(self) -> Tensor:
        """The gradient (n,), from the cotangents of the last `vjp`."""
        for rule in self._forward:
            rule.collect_gradient()
        return self._parameters.gradient

    def jvp(self, vector: Tensor) -> Tensor:
        """The tangent of the outputs, for the direction ``vector`` (n,) of weight space."""
        self._parameters.tangent.copy_(vector)
        for rule in self._forward:
            rule.jvp()
        return self._outputs.tangent

    def hvp_backward(self, cotangent_tangent: Tensor) -> Tensor:
        """H v (n,), for the direction v of the last `jvp`.

        Args:
            cotangent_tangent: How the cotangent of the outputs changes along v, (n, ...).
        """
        self._outputs.cotangent_tangent.copy_(cotangent_tangent)
        for rule in self._backward:
            rule.hvp_backward()
        return self._parameters.hvp

    # --- the interface for derivative rules, see `Differentiator` -------------------------------------

    def is_active(self, ref: Any) -> bool:
        """Whether an operand depends on trainable parameters."""
        if not isinstance(ref, Ref) or ref.kind == "constant":
            return False
        if ref.kind == "parameter":
            return ref.key in self._parameters.trainable
        active: bool = self._owners[ref.key] >= 0
        return active

    def variable(self, ref: Ref) -> Variable:
        """The variable of an active operand."""
        if ref.kind != "op":
            raise UntraceableError("a parameter in an unusual place")
        return self._variables[self._owners[ref.key]]

    def producer(self, ref: Ref) -> Op:
        """The operation that computes an active operand."""
        op: Op = self._trace.ops[self._owners[ref.key]]
        return op

    def parameter(self, ref: Any) -> ParameterViews:
        """The parameter of an operation; a second reader would have to add to the first one's gradient."""
        if not isinstance(ref, Ref) or ref.kind != "parameter":
            raise UntraceableError("a weight that is computed")
        if ref.key in self._used_parameters:
            raise UntraceableError(f"parameter {ref.key!r} more than once")
        self._used_parameters.add(ref.key)
        return self._parameters.views(ref)

    def constant(self, ref: Any) -> Any:
        """The value of an operand that is not active, on the examples in use."""
        if not isinstance(ref, Ref):
            return ref
        if ref.kind == "parameter":
            raise UntraceableError("a parameter in an unusual place")
        trace = self._trace
        value: Tensor = trace.ops[ref.key].value.detach() if ref.kind == "op" else trace.constants[ref.key]
        per_example = value.ndim and len(value) == self._examples
        return value[self._rows] if self._rows is not None and per_example else value

    # --- analysis of the trace ------------------------------------------------------------------------

    def _rule(self, op: Op, variable: Variable) -> DerivativeRule:
        make = DERIVATIVE_RULES.get(op.name)
        if make is None:
            raise UntraceableError(f"{op.name}, which is not in the table of derivative rules")
        return make(self, op, variable)

    def _laid_out(self, value: Tensor) -> Tensor:
        """A recorded value on the examples in use, in the memory layout that is fastest for BLAS."""
        if not value.ndim or len(value) != self._examples:
            raise UntraceableError(
                f"a value of shape {tuple(value.shape)} where {self._examples} examples are expected"
            )
        value = value.detach() if self._rows is None else value.detach()[self._rows]
        narrow = value.ndim == 2 and value.shape[1] <= NARROW
        return value.t().contiguous().t() if narrow else value.contiguous()

    def _find_needed(self, result: int) -> list[int]:
        """The active operations that the result depends on, in order; the others have no cotangent."""
        ops, needed, pending = self._trace.ops, set[int](), [result]
        while pending:
            if (index := pending.pop()) not in needed:
                needed.add(index)
                refs = (ref for ref in input_refs(ops[index]) if ref.kind == "op" and self.is_active(ref))
                pending += [self._owners[ref.key] for ref in refs]
        for index, owner in enumerate(self._owners):
            name, flags = ops[index].name, (*ops[index].args[1:], *ops[index].kwargs.values())
            in_place = name.startswith("__i") or (name.endswith("_") and not name.endswith("__"))
            if owner == index and index not in needed and (in_place or any(flag is True for flag in flags)):
                raise UntraceableError(f"{name} that overwrites a value, and is not read itself")
        return sorted(needed)

    def _find_owners(self) -> list[int]:
        """For each operation, the one whose value it passes on (usually itself); -1 if it is not active."""
        self._owners = []
        for index, op in enumerate(self._trace.ops):
            refs = input_refs(op)
            active = any(self.is_active(ref) for ref in refs)
            identity = is_identity(op) and op.name != "detach" and refs[0].kind == "op"
            self._owners.append(-1 if not active else self._owners[refs[0].key] if identity else index)
        return self._owners
