"""Hessian products that were checked on the user's own model, loss and data.

Autograd's products are used if they agree with differences (`derivative_check`). If only the second
derivative does not, products are computed by differences of gradients (`differences`), and the result says
so. If the gradient is not that of the loss, there is no curvature to compute, and one sentence says why.
"""

import torch

from lossviz.common.errors import InvalidInputError
from lossviz.curvature.causes import causes, custom_functions
from lossviz.curvature.derivative_check import (
    IN_SINGLE,
    DerivativeCheck,
    asymmetry,
    check_derivatives,
    random_direction,
    scaled_norm,
)
from lossviz.curvature.differences import DifferenceHessian, block_sizes
from lossviz.curvature.double_copy import NotInDoubleError, double_copy, few_examples, with_batches
from lossviz.curvature.products import AUTOMATIC, AutogradHessian

DIFFERENCES = "central differences of gradients in float64"
ROUNDING = 1e-3  # relative difference of a product to that in float64 that is allowed
ASYMMETRY = 1e-3  # of products by differences, relative


def verified(autograd: AutogradHessian) -> AutogradHessian | DifferenceHessian:
    """A Hessian whose products were checked: the given one, or one that is right where that is not.

    Args:
        autograd: By autograd, not yet checked.

    Raises:
        ValueError: If the gradient is not the derivative of the loss, or the products cannot be checked.
    """
    autograd.prepare()
    try:
        few, twin = _on_few_examples(autograd)
        custom = custom_functions(twin)
        check = check_derivatives(twin)
        if few is not autograd and (custom or not check.informative):
            # Elsewhere the loss may not be 0, and a user's function be another one.
            few, twin = autograd, double_copy(autograd)
            check = check_derivatives(twin)
    except NotInDoubleError as error:
        return _verified_as_it_is(autograd, error)
    if not check.informative or (check.passed and _is_accurate(few, twin, check)):
        return autograd
    if not check.gradient:
        raise InvalidInputError(_not_the_gradient(check, causes(twin)))
    whole = twin if few is autograd else double_copy(autograd)
    if check.passed:
        whole.method = f"{AUTOMATIC} in float64, since rounding in {_dtype(autograd)} changes products"
        return whole
    return _by_differences(whole, check, causes(twin))


def _on_few_examples(autograd: AutogradHessian) -> tuple[AutogradHessian, AutogradHessian]:
    """The Hessian on a few examples, or on all if the model does not run on few; and its copy in float64."""
    first, *others = autograd.batches.counted
    few = few_examples(first)
    if few is None and not others:
        return autograd, double_copy(autograd)
    items = (first if few is None else few,)
    try:
        return with_batches(autograd, items), double_copy(autograd, items)
    except NotInDoubleError:
        return autograd, double_copy(autograd)


def _is_accurate(hessian: AutogradHessian, twin: AutogradHessian, check: DerivativeCheck) -> bool:
    """Whether rounding in the model's own dtype leaves a product as it is in float64."""
    if twin.like.dtype == hessian.like.dtype or hessian.is_random or check.first is None:
        return True  # random numbers are others in another dtype
    v, expected = check.first
    sizes = block_sizes(twin.weights)
    difference = (hessian @ v.to(hessian.like)).to(expected) - expected
    return scaled_norm(difference, twin, sizes) <= ROUNDING * scaled_norm(expected, twin, sizes)


def _by_differences(hessian: AutogradHessian, check: DerivativeCheck, cause: str) -> DifferenceHessian:
    why = check.error or f"autograd's second derivative is wrong, because of {cause}"
    found = DifferenceHessian(hessian, f"{DIFFERENCES}, since {why}")
    sizes, generator = block_sizes(hessian.weights), torch.Generator().manual_seed(2)
    u, v = (random_direction(hessian, sizes, generator) for _ in range(2))
    if asymmetry(found, found @ v, u, v, sizes) > ASYMMETRY:
        raise InvalidInputError(
            f"the curvature cannot be computed: {why}, and differences of gradients are not symmetric, so "
            "that the gradient is not that of one loss"
        )
    return found


def _verified_as_it_is(autograd: AutogradHessian, reason: NotInDoubleError) -> AutogradHessian:
    """Check a model that does not run in float64, which allows for no more than rough differences."""
    check = check_derivatives(autograd, IN_SINGLE)
    if check.passed or not check.informative:
        return autograd
    if not check.gradient:
        raise InvalidInputError(_not_the_gradient(check, causes(autograd)))
    raise InvalidInputError(
        f"the curvature cannot be computed: autograd's second derivative does not agree with differences of "
        f"gradients, because of {causes(autograd)}, and more exact ones need float64: {reason}"
    )


def _not_the_gradient(check: DerivativeCheck, cause: str) -> str:
    slope, rise = check.slopes
    return (
        "the loss has no curvature that can be computed: autograd's gradient is not its derivative, because "
        f"of {cause}; in a random direction the gradient says {slope:.4g} and the loss changes by {rise:.4g}"
    )


def _dtype(hessian: AutogradHessian) -> str:
    return str(hessian.like.dtype).removeprefix("torch.")
