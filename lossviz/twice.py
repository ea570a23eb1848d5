"""What torch cannot differentiate twice, by other ways that it can.

Fused attention and cuDNN's recurrent networks have no second derivative. `torch.nn.attention.sdpa_kernel` and
`torch.backends.cudnn.flags` would switch them off for all threads; a `TorchFunctionMode` is local to one.
"""

import inspect
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

_MULTI_HEAD = inspect.signature(F.multi_head_attention_forward)
_RECURRENT = ("lstm", "gru", "rnn_tanh", "rnn_relu")


class TwiceDifferentiable(TorchFunctionMode):
    """Within it attention is written out, and recurrent networks on a graphics card run on the CPU."""

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if function is F.scaled_dot_product_attention:
            return _attention(*args, **kwargs)
        if function is F.multi_head_attention_forward:
            return _multi_head(*args, **kwargs)
        if getattr(function, "__name__", "") in _RECURRENT and args[0].is_cuda:
            return on_cpu(function, *args, **kwargs)
        return function(*args, **kwargs)


def _attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    **more: Any,
) -> Tensor:
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        hidden = torch.zeros_like(attn_mask, dtype=query.dtype)
        attn_mask = hidden.masked_fill_(attn_mask.logical_not(), float("-inf"))
    plain = torch.ops.aten._scaled_dot_product_attention_math
    outputs: Tensor = plain(query, key, value, attn_mask, dropout_p, is_causal, **more)[0]
    return outputs


def _multi_head(*args: Any, **kwargs: Any) -> tuple[Tensor, Tensor | None]:
    """Where its weights are asked for, torch writes it out."""
    given = _MULTI_HEAD.bind(*args, **kwargs)
    wanted = given.arguments.get("need_weights", True)
    given.arguments["need_weights"] = True
    outputs, weights = F.multi_head_attention_forward(*given.args, **given.kwargs)
    return outputs, weights if wanted else None


def on_cpu(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """``function`` of the same tensors on the CPU; its results where the first argument is."""
    place = args[0].device
    found = function(*_moved(args, "cpu"), **{name: _moved(value, "cpu") for name, value in kwargs.items()})
    return _moved(found, place)


def _moved(value: Any, device: torch.device | str) -> Any:
    if isinstance(value, Tensor):
        return value.to(device)
    if isinstance(value, (tuple, list)):
        return type(value)(_moved(inner, device) for inner in value)
    return value
