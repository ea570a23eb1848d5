"""Files of weights, opened as memory maps: only what is used is read, and no pickle is ever executed."""

import json
import os
import pickle
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lossviz.common.errors import first_line
from lossviz.common.plain_text import quoted

MAX_HEADER = 2**27  # bytes in the header of a .safetensors file, of which 100 MB are allowed
DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8,
    "BOOL": torch.bool,
}  # fmt: skip


def open_checkpoint(path: "str | os.PathLike[str]") -> Any:
    """What a file holds: a .safetensors file, or what `torch.save` wrote, read with ``weights_only=True``.

    Raises:
        ValueError: If it cannot be read, or holds other Python objects than tensors and plain containers.
    """
    name = quoted(os.fspath(path))
    try:
        if Path(path).suffix == ".safetensors":
            return read_safetensors(path)
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


def read_safetensors(path: "str | os.PathLike[str]") -> dict[str, Tensor]:
    """The tensors of a .safetensors file, by name; their numbers are read from the file when they are used.

    The format: 8 bytes with the length of a JSON header, the header, and the numbers.
    https://github.com/huggingface/safetensors
    """
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if size > MAX_HEADER:
            raise ValueError(f"its header would have {size} bytes")
        header = json.loads(file.read(size))
    data = torch.from_numpy(np.memmap(path, np.uint8, "c", offset=8 + size))
    return {name: _tensor(data, entry) for name, entry in header.items() if name != "__metadata__"}


def _tensor(data: Tensor, entry: Mapping[str, Any]) -> Tensor:
    if entry["dtype"] not in DTYPES:
        raise ValueError(f"it has numbers of type {quoted(entry['dtype'], 20)}")
    dtype, shape = DTYPES[entry["dtype"]], tuple(int(length) for length in entry["shape"])
    start, stop = entry["data_offsets"]
    if not 0 <= start <= stop <= len(data) or stop - start != prod(shape) * dtype.itemsize:
        raise ValueError("its header and its size do not fit together")
    part = data[start:stop]
    if start % dtype.itemsize:
        part = part.clone()  # a tensor's numbers must lie at multiples of their size
    return part.view(dtype).reshape(shape)
