"""`DERIVATIVE_RULES`, the table of operations that can be differentiated twice without autograd.

To find how an operation is differentiated, look its name up in `DERIVATIVE_RULES` at the end of this file:
each rule has the forward pass, the VJP, the JVP and the backward half of a Hessian-vector product
(`lossviz.curvature.rule_types.DerivativeRule`). Activations and other elementwise functions are in
`lossviz.curvature.activation_rules`, those of what has no rule of its own in
`lossviz.curvature.autograd_rule`. How an operation is computed at many points at once is in
`lossviz.engine.operations.FORWARD_RULES`.

A rule is made once for a trace and keeps the views that it works on: for small networks it takes as long to
make a view as to use it.
"""

import torch
from torch import Tensor

from lossviz.curvature.activation_rules import ElementwiseRule
from lossviz.curvature.autograd_rule import AutogradRule
from lossviz.curvature.rule_types import DerivativeRule, Differentiator, MakeRule, Variable
from lossviz.engine.op_names import BINARY, LAYERS, UNARY
from lossviz.engine.trace import Op, Ref, UntraceableError, argument

# Features up to which a value is stored feature by feature: BLAS is slow on results that are tall and narrow.
NARROW = 16
MANY_EXAMPLES = 256

Factors = tuple[Tensor, Tensor]


def _as_matrix(value: Tensor) -> Tensor:
    """(n, ..., f) as a matrix of all rows, a view."""
    return value if value.ndim == 2 else value.view(-1, value.shape[-1])


class LinearRule:
    """z = x W' + b, on the last axis."""

    def __init__(self, program: Differentiator, op: Op, out: Variable) -> None:
        x, weight, bias = op.args[0], op.args[1], argument(op, 2, "bias", None)
        self._weight = program.parameter(weight)
        self._bias = None if bias is None else program.parameter(bias)
        w, self._out = self._weight, out
        if out.value.ndim < 2:
            raise UntraceableError("a linear layer of one example")
        self._source = program.variable(x) if program.is_active(x) else None
        self._x = _as_matrix(self._source.value if self._source else program.constant(x))
        self._dz, self._dgz = _as_matrix(out.tangent), _as_matrix(out.cotangent_tangent)
        self._first_write = self._source is not None and self._source.claim_first_write()
        rows, columns = w.value.shape
        # Tall and narrow gradients over many examples are computed transposed, for BLAS.
        transposed = columns <= NARROW and columns < rows and len(self._x) > MANY_EXAMPLES
        self._transposed = w.value.new_empty(columns, rows) if transposed else None
        self._jvp_products: list[Factors] = []
        self._hvp_products: list[Factors] = []
        if w.tangent is not None:
            self._jvp_products.append((self._x, w.tangent.t()))
            self._hvp_products.append(self._weight_product(self._dgz, self._x))
        if self._source is not None:
            dx = _as_matrix(self._source.tangent)
            self._jvp_products.append((dx, w.value.t()))
            if w.tangent is not None:
                self._hvp_products.append(self._weight_product(_as_matrix(out.cotangent), dx))
            self._dgx = _as_matrix(self._source.cotangent_tangent)

    def _weight_product(self, cotangent: Tensor, x: Tensor) -> Factors:
        """The factors of g' x, or of its transpose."""
        return (cotangent.t(), x) if self._transposed is None else (x.t(), cotangent)

    def forward(self) -> None:
        """z = x W' + b."""
        z, w = _as_matrix(self._out.value), self._weight.value.t()
        if self._bias is None:
            torch.mm(self._x, w, out=z)
        else:
            torch.addmm(self._bias.value, self._x, w, out=z)

    def vjp(self) -> None:
        """gx = gz W."""
        if self._source is not None:
            gz, gx = _as_matrix(self._out.cotangent), _as_matrix(self._source.cotangent)
            if self._first_write:
                torch.mm(gz, self._weight.value, out=gx)
            else:
                gx.addmm_(gz, self._weight.value)

    def collect_gradient(self) -> None:
        """gW = gz' x, and gb = the sum of gz over the rows."""
        gz, bias = _as_matrix(self._out.cotangent), None if self._bias is None else self._bias.gradient
        self._write([self._weight_product(gz, self._x)], gz, self._weight.gradient, bias)

    def jvp(self) -> None:
        """dz = x dW' + dx W' + db."""
        db, products, dz = None if self._bias is None else self._bias.tangent, self._jvp_products, self._dz
        if not products and db is not None:
            dz.copy_(db)
        elif db is not None:
            torch.addmm(db, *products[0], out=dz)
        else:
            torch.mm(*products[0], out=dz)
        for left, right in products[1:]:
            dz.addmm_(left, right)

    def hvp_backward(self) -> None:
        """d gW = d gz' x + gz' dx, d gb = the sum of d gz, and d gx = d gz W + gz dW."""
        w = self._weight
        self._write(self._hvp_products, self._dgz, w.hvp, None if self._bias is None else self._bias.hvp)
        if self._source is not None:
            if self._first_write:
                torch.mm(self._dgz, w.value, out=self._dgx)
            else:
                self._dgx.addmm_(self._dgz, w.value)
            if w.tangent is not None:
                self._dgx.addmm_(_as_matrix(self._out.cotangent), w.tangent)

    def _write(
        self, products: list[Factors], cotangent: Tensor, weight: Tensor | None, bias: Tensor | None
    ) -> None:
        """Write a sum of products to the weight's vector, and a sum over the rows to the bias's."""
        if weight is not None:
            target = weight if self._transposed is None else self._transposed
            torch.mm(*products[0], out=target)
            for product in products[1:]:
                target.addmm_(*product)
            if self._transposed is not None:
                weight.copy_(target.t())
        if bias is not None:
            torch.sum(cotangent, 0, out=bias)


class SumRule:
    """y = a + b or a - b, of two values of one shape, as in a residual connection."""

    def __init__(self, program: Differentiator, op: Op, out: Variable) -> None:
        if len(op.args) != 2 or op.kwargs or set(op.input_shapes) != {op.shape}:
            raise UntraceableError(f"{op.name} with unusual arguments")
        self._out, sign = out, -1 if "sub" in op.name else 1
        self._terms = [(program.variable(ref), by) for ref, by in zip(op.args, (1, sign), strict=True)]
        self._first_writes = [source.claim_first_write() for source, _ in self._terms]

    def forward(self) -> None:
        """y = a ± b."""
        (a, _), (b, sign) = self._terms
        torch.add(a.value, b.value, alpha=sign, out=self._out.value)

    def vjp(self) -> None:
        """ga = gy, and gb = ± gy."""
        for (source, sign), first in zip(self._terms, self._first_writes, strict=True):
            _write_or_add(source.cotangent, self._out.cotangent, sign, first)

    def collect_gradient(self) -> None:
        """There are no parameters."""

    def jvp(self) -> None:
        """dy = da ± db."""
        (a, _), (b, sign) = self._terms
        torch.add(a.tangent, b.tangent, alpha=sign, out=self._out.tangent)

    def hvp_backward(self) -> None:
        """d ga = d gy, and d gb = ± d gy."""
        for (source, sign), first in zip(self._terms, self._first_writes, strict=True):
            _write_or_add(source.cotangent_tangent, self._out.cotangent_tangent, sign, first)


def _write_or_add(target: Tensor, cotangent: Tensor, sign: int, first: bool) -> None:
    if first:
        torch.mul(cotangent, sign, out=target)
    else:
        target.add_(cotangent, alpha=sign)


def _binary(program: Differentiator, op: Op, out: Variable) -> DerivativeRule:
    """A sum of two active values, a function of one active value and a constant, or any other."""
    both = sum(program.is_active(value) for value in op.args) == 2
    if both and op.name in SUMS and len(op.args) == 2 and set(op.input_shapes) == {op.shape}:
        return SumRule(program, op, out)
    parameters = any(isinstance(value, Ref) and value.kind == "parameter" for value in op.args)
    if both or parameters or not out.value.is_floating_point():
        return AutogradRule(program, op, out)
    return ElementwiseRule(program, op, out)


SUMS = ("add", "__add__", "sub", "__sub__")

DERIVATIVE_RULES: dict[str, MakeRule] = {
    **dict.fromkeys(LAYERS, AutogradRule),
    **dict.fromkeys(UNARY, ElementwiseRule),
    **dict.fromkeys(BINARY, _binary),
    "linear": LinearRule,
}
