"""What the buffers of a model are at the points of a plane: moved, as at (0, 0), or estimated anew."""

from dataclasses import replace
from typing import Literal, get_args

from torch import nn

from lossviz.engine.parameters import private_copy
from lossviz.engine.state.batch_norm import batch_norm_layers
from lossviz.engine.state.plane_state import PlaneState, write_state

BatchNormMode = Literal["interpolate", "eval", "recompute"]
BATCHNORM_MODES: tuple[str, ...] = get_args(BatchNormMode)


def chosen_state(state: PlaneState, mode: str) -> PlaneState:
    """The state of a plane's models in this mode; "eval" keeps everything as at (0, 0)."""
    return replace(state, linear={}, nearest={}) if mode == "eval" else state


def model_at_origin(model: nn.Module, state: PlaneState) -> nn.Module:
    """A private copy of the model with the buffers and frozen parameters of the plane's (0, 0)."""
    copied = private_copy(model)
    write_state(copied, state.origin)
    return copied


def buffer_rule(model: nn.Module, state: PlaneState, mode: str) -> str:
    """How buffers change over the plane, one line for a caption; "" for a model without BatchNorm."""
    normalized = bool(batch_norm_layers(model))
    if normalized and mode == "recompute":
        return "BatchNorm statistics estimated anew at each point"
    if state.moves:
        return state.rule
    return "BatchNorm statistics as at (0, 0)" if normalized else ""
