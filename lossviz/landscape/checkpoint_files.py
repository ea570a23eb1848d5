"""Files of weights, opened as memory maps: only what is used is read, and no pickle is ever executed."""

import os
import pickle
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from lossviz.common.errors import first_line
from lossviz.common.plain_text import quoted


def open_checkpoint(path: "str | os.PathLike[str]") -> Any:
    """What a file holds: a .safetensors file, or what `torch.save` wrote, read with ``weights_only=True``.

    Raises:
        ValueError: If it cannot be read, or holds other Python objects than tensors and plain containers.
    """
    name = quoted(os.fspath(path))
    try:
        if Path(path).suffix == ".safetensors":
            return load_file(path)
        try:
            return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        except RuntimeError:  # the format of before PyTorch 1.6, which cannot be mapped
            return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ValueError(f"checkpoint file {name} cannot be read: {error.strerror or error}") from error
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"checkpoint file {name} holds more than tensors, and a pickle is never executed here; save "
            "model.state_dict() alone, as torch.save or as .safetensors"
        ) from error
    except Exception as error:
        raise ValueError(f"checkpoint file {name} is no file of weights: {first_line(error)}") from error
