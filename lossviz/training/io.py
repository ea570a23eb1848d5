"""History files: an .npz that holds the numbers of a training's history and one JSON text, and no pickle.

A file may come from anyone, so nothing in it is trusted; `lossviz.common.npz` describes how it is read. The
settings are checked as those of a new training are, and determine the shape of each array.
"""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossviz.common import npz
from lossviz.common.npz import File, Shape
from lossviz.common.typing import Floats
from lossviz.training.checkpoints import MAX_CHECKPOINT_BYTES, Checkpoints, parameter_count, parameter_shapes
from lossviz.training.ranges import check_diverged, check_range
from lossviz.training.settings import MAX_RECORDS, MAX_RUNS, TrainingSettings
from lossviz.training.snapshot import LAYER_METRICS, METRICS

KIND, FORMAT, VERSION = "history", "lossviz history", 1


def write(
    file: File,
    settings: TrainingSettings,
    layers: tuple[str, ...],
    steps: NDArray[np.int64],
    diverged_at: NDArray[np.int64],
    metrics: Mapping[str, Floats],
    checkpoints: Checkpoints | None,
) -> None:
    """Write the fields of a history. ValueError if a network is the user's own, which has no name to save."""
    about = {"format": FORMAT, "version": VERSION, "settings": asdict(settings), "layers": layers}
    try:
        text = json.dumps(about)
    except TypeError:
        raise ValueError(
            "a history with a network of your own cannot be saved: a file holds only the names of networks"
        ) from None
    arrays: dict[str, np.ndarray] = {"about": np.frombuffer(text.encode(), dtype=np.uint8)}
    arrays |= {"steps": steps.astype("<i8"), "diverged_at": diverged_at.astype("<i8")}
    arrays |= {name: values.astype("<f8") for name, values in metrics.items()}
    if checkpoints is not None:
        arrays["checkpoint_steps"] = checkpoints.steps.astype("<i8")
        arrays |= {f"checkpoint_{run}": flat.astype("<f4") for run, flat in enumerate(checkpoints.flat)}
    npz.write(file, arrays)


def read(file: File) -> dict[str, Any]:
    """The fields of the history in a file, by name. ValueError for anything but a whole history file."""
    with npz.open_archive(file, KIND) as archive:
        return _read(archive)


def _read(archive: zipfile.ZipFile) -> dict[str, Any]:
    needed = {"about", "steps", "diverged_at", *METRICS}
    names = npz.member_names(archive, KIND, needed, _checkpoint_members(MAX_RUNS))
    text = _array(archive, "about", "|u1", (None,), 2**16).tobytes()
    about = npz.check_metadata(json.loads(text), KIND, VERSION, {"settings", "layers"})
    settings = _settings(about["settings"])
    count = len(settings.losses)
    if names - needed not in (set(), _checkpoint_members(count)):
        raise ValueError(f"its weights are not those of {count} losses")
    layers = about["layers"]
    if not isinstance(layers, list) or not all(isinstance(name, str) for name in layers):
        raise ValueError("its layers are not a list of names")
    if not 0 < len(layers) <= 64:
        raise ValueError(f"it has {len(layers)} layers")
    steps = _array(archive, "steps", "<i8", (None,), MAX_RECORDS + 1)
    if (np.diff(steps) <= 0).any() or steps[0] < 0 or steps[-1] > settings.steps:
        raise ValueError("its steps do not rise from 0 to its length")
    members = (count, settings.seeds)
    shape, layered = (*members, len(steps)), (*members, len(steps), len(layers))
    metrics = {
        name: _array(archive, name, "<f8", layered if name in LAYER_METRICS else shape) for name in METRICS
    }
    for name, values in metrics.items():
        check_range(name, values)
    diverged_at = _array(archive, "diverged_at", "<i8", members)
    check_diverged(diverged_at, settings.steps)
    return {
        "settings": settings,
        "layers": tuple(name[:100] for name in layers),
        "steps": steps,
        "diverged_at": diverged_at,
        "weights": _checkpoints(archive, settings) if "checkpoint_steps" in names else None,
        **metrics,
    }


def _checkpoint_members(runs: int) -> set[str]:
    return {"checkpoint_steps", *(f"checkpoint_{run}" for run in range(runs))}


def _checkpoints(archive: zipfile.ZipFile, settings: TrainingSettings) -> Checkpoints:
    shapes = parameter_shapes(settings)
    sizes = list(map(parameter_count, shapes))
    steps = _array(archive, "checkpoint_steps", "<i8", (None,), MAX_RECORDS + 1)
    total = 4 * settings.seeds * len(steps) * sum(sizes)
    if settings.checkpoints is None and total > 2 * MAX_CHECKPOINT_BYTES:
        raise ValueError(f"its weights would take {total:,} bytes")
    flat = tuple(
        _array(archive, f"checkpoint_{run}", "<f4", (settings.seeds, len(steps), size))
        for run, size in enumerate(sizes)
    )
    return Checkpoints(steps, flat, shapes)


def _settings(given: Any) -> TrainingSettings:
    if not isinstance(given, dict) or set(given) != set(TrainingSettings.__dataclass_fields__):
        raise ValueError("its settings are not those of a training")
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in given.items()
    }
    try:
        return TrainingSettings(**fields)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"its settings are not those of a training: {str(error)[:200]}") from error


def _array(
    archive: zipfile.ZipFile, name: str, dtype: str, shape: tuple[int | None, ...], longest: int = 0
) -> np.ndarray:
    """An array of one dtype and shape; where the shape has None, of up to ``longest`` entries."""

    def refusal(found: Shape) -> str | None:
        fits = len(found) == len(shape) and all(
            0 < n <= longest if wanted is None else n == wanted
            for n, wanted in zip(found, shape, strict=True)
        )
        return None if fits else f"must be of shape {shape}; got {str(found)[:80]}"

    return npz.read_array(archive, name, dtype, refusal)
