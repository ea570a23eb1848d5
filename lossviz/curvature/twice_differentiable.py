"""Replace operations that torch cannot differentiate twice by equivalent ones that it can.

Fused attention and cuDNN's recurrent networks have no second derivative, that of fused weight normalization
is wrong, and sparse gradients have none. `torch.nn.attention.sdpa_kernel` and `torch.backends.cudnn.flags`
would switch fused operations off for all threads; a `TorchFunctionMode` is local to one.
"""

import inspect
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

_MULTI_HEAD = inspect.signature(F.multi_head_attention_forward)
_WITH_SPARSE_GRADIENTS = (F.embedding, F.embedding_bag)
_RECURRENT = ("lstm", "gru", "rnn_tanh", "rnn_relu")


class TwiceDifferentiable(TorchFunctionMode):
    """Context without fused attention, fused weight normalization and sparse gradients.

    Recurrent networks on a GPU run on the CPU.
    """

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if function is F.scaled_dot_product_attention:
            return _attention(*args, **kwargs)
        if function is F.multi_head_attention_forward:
            return _multi_head(*args, **kwargs)
        if function is torch._weight_norm:
            return _weight_norm(*args, **kwargs)
        if function in _WITH_SPARSE_GRADIENTS and kwargs.get("sparse"):
            return function(*args, **{**kwargs, "sparse": False})
        if getattr(function, "__name__", "") in _RECURRENT and args[0].is_cuda:
            return run_on_cpu(function, *args, **kwargs)
        return function(*args, **kwargs)


def _attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """`F.scaled_dot_product_attention` by plain matrix products."""
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        additive = torch.zeros_like(attn_mask, dtype=query.dtype)
        attn_mask = additive.masked_fill_(attn_mask.logical_not(), float("-inf"))
    plain = torch.ops.aten._scaled_dot_product_attention_math
    outputs: Tensor = plain(
        query, key, value, attn_mask, dropout_p, is_causal, scale=scale, enable_gqa=enable_gqa
    )[0]
    return outputs


def _weight_norm(v: Tensor, g: Tensor, dim: int = 0) -> Tensor:
    """`torch._weight_norm` by plain operations: g v / ||v||, with the norm over all axes but one."""
    return v * (g / torch.norm_except_dim(v, 2, dim))


def _multi_head(*args: Any, **kwargs: Any) -> tuple[Tensor, Tensor | None]:
    """`F.multi_head_attention_forward` with its weights, for which torch does not use a fused kernel."""
    bound = _MULTI_HEAD.bind(*args, **kwargs)
    need_weights = bound.arguments.get("need_weights", True)
    bound.arguments["need_weights"] = True
    outputs, weights = F.multi_head_attention_forward(*bound.args, **bound.kwargs)
    return outputs, weights if need_weights else None


def run_on_cpu(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """``function`` of the same tensors on the CPU; its results are on the device of the first argument."""
    device = args[0].device
    on_cpu = {name: _to_device(value, "cpu") for name, value in kwargs.items()}
    return _to_device(function(*_to_device(args, "cpu"), **on_cpu), device)


def _to_device(value: Any, device: torch.device | str) -> Any:
    """The value with its tensors, also in tuples and lists, on the device."""
    if isinstance(value, Tensor):
        return value.to(device)
    if isinstance(value, (tuple, list)):
        return type(value)(_to_device(inner, device) for inner in value)
    return value
