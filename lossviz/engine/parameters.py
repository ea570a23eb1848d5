"""A model's trainable parameters, as one flat vector, and a private copy of the model.

The user's model is read here and never written. Everything that evaluates it at other weights works on
`private_copy`, a deep copy in eval mode, so that an error or a Ctrl-C cannot leave it changed.
"""

import copy
from collections import OrderedDict
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from lossviz.common.typing import AnyFloats

DTYPES = (torch.float32, torch.float64)


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
        if parameter.dtype not in DTYPES:
            advice = "; call model.float() first" if parameter.is_floating_point() else ""
            raise ValueError(
                f"parameter {name!r} is {_short(parameter.dtype)}; "
                f"a loss surface needs float32 or float64{advice}"
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


def flatten(tensors: Iterable[Tensor]) -> AnyFloats:
    """All tensors one after the other as a copy on the CPU, (n,)."""
    return torch.cat([tensor.detach().reshape(-1) for tensor in tensors]).cpu().numpy()


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
    """A deep copy in eval mode that shares no tensor with the model.

    Raises:
        ValueError: If the model contains something that cannot be copied.
    """
    memo: dict[int, object] = {}
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
