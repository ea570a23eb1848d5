"""A model's trainable parameters, as one flat vector, and a private copy of the model.

The user's model is read here and never written. Everything that evaluates it at other weights works on
`private_copy`, a copy in eval mode, so that an error or a Ctrl-C cannot leave it changed. Frozen weights may
be of any type, as in quantized models under adapters, and the copy shares them, since nothing moves them.
"""

import copy
from collections import OrderedDict
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from lossviz.common.typing import AnyFloats

HALF = (torch.float16, torch.bfloat16)
DTYPES = (torch.float32, torch.float64, *HALF)
QUANTIZED = (torch.int8, torch.uint8)  # of buffers that hold the weights of a quantized layer


def trainable_parameters(model: nn.Module) -> dict[str, Tensor]:
    """The model's trainable parameters by name, each shared one once.

    Raises:
        ValueError: If there is none, or if one has a dtype or device that a loss surface cannot handle.
    """
    if not isinstance(model, nn.Module):
        got = f"the class {model.__name__}" if isinstance(model, type) else type(model).__name__
        raise ValueError(f"model must be a torch.nn.Module; got {got}")
    named = dict(model.named_parameters())
    if not named:
        raise ValueError(f"model {type(model).__name__} has no parameters, so there is nothing to move")
    for name, parameter in named.items():
        if isinstance(parameter, nn.parameter.UninitializedParameter):
            raise ValueError(
                f"parameter {name!r} has no shape yet; run one batch through the lazy model first"
            )
        if parameter.dtype not in DTYPES and parameter.requires_grad:
            advice = "; call model.float() first" if parameter.is_floating_point() else ""
            raise ValueError(
                f"parameter {name!r} is {_short(parameter.dtype)}; "
                f"a loss surface needs float32, float64, bfloat16 or float16{advice}"
            )
        if parameter.device.type == "meta":
            raise ValueError(f"parameter {name!r} is on the meta device and has no values")
    trainable: dict[str, Tensor] = {name: p for name, p in named.items() if p.requires_grad}
    if not trainable:
        raise ValueError(
            "no parameter of the model requires grad, so there is nothing to move; "
            "call model.requires_grad_(True) first"
        )
    for attribute in ("dtype", "device"):
        found = sorted({_short(getattr(parameter, attribute)) for parameter in trainable.values()})
        if len(found) > 1:
            raise ValueError(
                f"the model's trainable parameters must share one {attribute}; got {', '.join(found)}"
            )
    return trainable


def _short(value: object) -> str:
    return str(value).removeprefix("torch.")


def input_like(model: nn.Module) -> Tensor:
    """A parameter that has the type of the model's inputs: that of most of its weights, frozen or not.

    Under adapters in float32 the layers that see the inputs may be of another type.
    """
    floats = [parameter for parameter in model.parameters() if parameter.dtype in DTYPES]
    numbers = {p.dtype: sum(q.numel() for q in floats if q.dtype == p.dtype) for p in floats}
    return next(p for p in floats if p.dtype == max(numbers, key=lambda dtype: numbers[dtype]))


def widened(tensor: Tensor) -> Tensor:
    """A tensor of half precision in float32, in which its numbers are exact; others unchanged."""
    return tensor.float() if tensor.dtype in HALF else tensor


def rounding(model: nn.Module) -> str:
    """What is lost where weights are of half precision, in words; "" if none is."""
    half = {p.dtype: p.requires_grad for p in sorted(model.parameters(), key=lambda p: p.requires_grad)}
    half = {dtype: trainable for dtype, trainable in half.items() if dtype in HALF}
    texts = []
    for dtype, trainable in half.items():
        percent = f"{100 * torch.finfo(dtype).eps / 2:.1g} %"
        what = "the weights of every point are" if trainable else "what frozen weights take part in is"
        texts.append(f"{what} rounded to {_short(dtype)}, by up to {percent}")
    return "; ".join(texts)


def flatten(tensors: Iterable[Tensor]) -> AnyFloats:
    """All tensors one after the other as a copy on the CPU, (n,); those of half precision in float32."""
    return torch.cat([widened(tensor.detach().reshape(-1)) for tensor in tensors]).cpu().numpy()


def matching_parameters(
    names: tuple[str, ...], shapes: tuple[tuple[int, ...], ...], model: nn.Module
) -> dict[str, Tensor]:
    """The model's trainable parameters, if they have these names and shapes.

    Args:
        names: Names of a plane's parameters, in order.
        shapes: Their shapes.
        model: The model to compare with.

    Raises:
        ValueError: If a parameter is missing, unknown or of another shape; it names the first such parameter.
    """
    trainable = trainable_parameters(model)
    expected = dict(zip(names, shapes, strict=True))
    for name in expected:
        if name not in trainable:
            exists = name in dict(model.named_parameters(remove_duplicate=False)) | dict(
                model.named_buffers()
            )
            advice = "; a plane of state_dicts leaves such out with pca_plane(checkpoints, model)"
            raise ValueError(
                f"the plane moves {name!r}, which is not a trainable parameter of this model"
                f"{advice if exists else ''}"
            )
    for name, parameter in trainable.items():
        if name not in expected:
            raise ValueError(f"the plane lacks the model's parameter {name!r}")
        if expected[name] != tuple(parameter.shape):
            raise ValueError(
                f"the plane has {name!r} with shape {expected[name]}; the model's is {tuple(parameter.shape)}"
            )
    return trainable


def private_copy(model: nn.Module) -> nn.Module:
    """A copy in eval mode that shares no tensor with the model but those that nothing moves.

    Shared are frozen parameters and the weights of quantized layers, which may be most of the memory; a model
    that writes to them in its forward pass is refused by `lossviz.engine.user_loss.OriginalModelGuard`.

    Raises:
        ValueError: If the model contains something that cannot be copied.
    """
    memo: dict[int, object] = {id(p): _alias(p) for p in model.parameters() if not p.requires_grad}
    memo |= {id(buffer): buffer for buffer in model.buffers() if buffer.dtype in QUANTIZED}
    for module in model.modules():
        for value in vars(module).values():
            if isinstance(value, Tensor) and not value.is_leaf:
                # A tensor with a graph cannot be deep-copied, but its values can.
                memo[id(value)] = value.detach().clone()
            elif type(value) is OrderedDict and not value:
                memo[id(value)] = OrderedDict()  # a dozen in each module, which deepcopy is slow to copy
    try:
        return copy.deepcopy(model, memo).eval()
    except Exception as error:
        reason = (str(error).splitlines() or ["no message"])[0]
        raise ValueError(
            f"model {type(model).__name__} cannot be copied, and its own weights must not be moved: {reason}"
        ) from error


def _alias(parameter: nn.Parameter) -> nn.Parameter:
    """The same values in the same memory, as a parameter that a copy may convert to another type."""
    if type(parameter) is not nn.Parameter:
        return parameter  # of a library for quantized weights, which keeps more than the values
    alias = nn.Parameter(parameter.detach(), requires_grad=False)
    vars(alias).update(vars(parameter))
    return alias
