"""What of a model can move: its trainable parameters, as one flat vector, and a copy to move them in.

A user's model is read here and never written. Everything that evaluates it at other weights works on
`private_copy`, a deep copy in eval mode, so that an error or a Ctrl-C can leave nothing changed.
"""

import copy
from collections import OrderedDict
from collections.abc import Iterable, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from lossviz.common.validation import as_tensor

ALLOWED = (torch.float32, torch.float64)


def movable(model: nn.Module) -> dict[str, Tensor]:
    """The model's trainable parameters by name, each shared one once; the others stay where they are.

    Raises ValueError if there is none, or if one is of a kind that a loss surface cannot move.
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
        if parameter.dtype not in ALLOWED:
            advice = "; call model.float() first" if parameter.is_floating_point() else ""
            raise ValueError(
                f"parameter {name!r} is {_short(parameter.dtype)}; "
                f"a loss surface needs float32 or float64{advice}"
            )
        if parameter.device.type == "meta":
            raise ValueError(f"parameter {name!r} is on the meta device and has no values")
    free: dict[str, Tensor] = {name: p for name, p in named.items() if p.requires_grad}
    if not free:
        raise ValueError(
            "no parameter of the model requires grad, so there is nothing to move; "
            "call model.requires_grad_(True) first"
        )
    for what in ("dtype", "device"):
        found = sorted({_short(getattr(parameter, what)) for parameter in free.values()})
        if len(found) > 1:
            raise ValueError(
                f"the model's trainable parameters must share one {what}; got {', '.join(found)}"
            )
    return free


def _short(value: object) -> str:
    return str(value).removeprefix("torch.")


def flat(tensors: Iterable[Tensor]) -> np.ndarray:
    """All tensors one after the other as a copy on the CPU, (n,)."""
    return torch.cat([tensor.detach().reshape(-1) for tensor in tensors]).cpu().numpy()


def same_weights(
    names: tuple[str, ...], shapes: tuple[tuple[int, ...], ...], model: nn.Module
) -> dict[str, Tensor]:
    """The model's trainable parameters, if they are those that ``names`` and ``shapes`` speak of.

    Raises ValueError that names the first parameter that is missing, foreign or of another shape.
    """
    free = movable(model)
    given = dict(zip(names, shapes, strict=True))
    for name in given:
        if name not in free:
            held = name in dict(model.named_parameters(remove_duplicate=False)) | dict(model.named_buffers())
            advice = "; a plane of state_dicts leaves such out with pca_plane(checkpoints, model)"
            raise ValueError(
                f"the plane moves {name!r}, which is not a trainable parameter of this model"
                f"{advice if held else ''}"
            )
    for name, parameter in free.items():
        if name not in given:
            raise ValueError(f"the plane lacks the model's parameter {name!r}")
        if given[name] != tuple(parameter.shape):
            raise ValueError(
                f"the plane has {name!r} with shape {given[name]}; the model's is {tuple(parameter.shape)}"
            )
    return free


def private_copy(model: nn.Module) -> nn.Module:
    """A deep copy in eval mode that shares no tensor with the model.

    Raises ValueError if the model holds something that cannot be copied.
    """
    memo: dict[int, object] = {}
    for module in model.modules():
        for value in vars(module).values():
            if isinstance(value, Tensor) and not value.is_leaf:
                # What autograd computed cannot be deep-copied, but its values can.
                memo[id(value)] = value.detach().clone()
            elif type(value) is OrderedDict and not value:
                memo[id(value)] = OrderedDict()  # a dozen a module, which deepcopy takes its time over
    try:
        return copy.deepcopy(model, memo).eval()
    except Exception as error:
        why = (str(error).splitlines() or ["no message"])[0]
        raise ValueError(
            f"model {type(model).__name__} cannot be copied, and its own weights must not be moved: {why}"
        ) from error


def state_of(weights: "nn.Module | Mapping[str, Tensor | np.ndarray]") -> dict[str, Tensor]:
    """The movable tensors by name of a module, or of a state_dict (where BatchNorm's counts are left out).

    A state_dict, of tensors or of arrays, does not say what is a parameter: what is named running_mean or
    running_var, or is not a floating-point number, is taken for a buffer. Raises ValueError for anything
    else than these two.
    """
    if isinstance(weights, nn.Module):
        return movable(weights)
    if not isinstance(weights, Mapping):
        raise ValueError(f"a checkpoint must be a module or its state_dict(); got {type(weights).__name__}")
    state: dict[str, Tensor] = {}
    for name, value in weights.items():
        if not isinstance(value, (Tensor, np.ndarray)) or (
            isinstance(value, np.ndarray) and value.dtype.kind not in "fiub"
        ):
            what = f"an array of {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
            raise ValueError(f"a checkpoint must hold tensors or arrays of numbers; {name!r} is {what}")
        tensor = as_tensor(value)
        if tensor.is_floating_point() and name.rpartition(".")[2] not in ("running_mean", "running_var"):
            state[name] = tensor
    return state
