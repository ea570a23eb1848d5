"""Race files: an .npz that holds a race's numbers and one JSON text, and no pickle.

A file may come from anyone, so nothing in it is trusted; `npz` says how it is read. The settings are checked
as those of a new race are, and say how large each array must be.
"""

import json
import zipfile
from dataclasses import asdict
from typing import Any

import numpy as np

from lossviz.common import npz
from lossviz.common.npz import File, Shape
from lossviz.training.history import MEASURED, MOST_KEPT, History, Weights
from lossviz.training.ranges import check_diverged, check_range
from lossviz.training.settings import MOST_CONTESTANTS, MOST_RECORDS, TrainingSettings

FORMAT, VERSION = "lossviz race", 1
BY_LAYER = ("gradient_norm", "saturated")


def save(race: History, file: File) -> None:
    """Writes a race, its kept weights too. ValueError for one with a network that has no name here."""
    try:
        about = json.dumps(
            {"format": FORMAT, "version": VERSION, "settings": asdict(race.settings), "layers": race.layers}
        )
    except TypeError:
        raise ValueError(
            "a race with a network of your own cannot be saved: a file holds names only"
        ) from None
    arrays: dict[str, np.ndarray] = {"about": np.frombuffer(about.encode(), dtype=np.uint8)}
    arrays |= {"steps": race.steps.astype("<i8"), "diverged_at": race.diverged_at.astype("<i8")}
    arrays |= {name: getattr(race, name).astype("<f8") for name in MEASURED}
    if race.kept is not None:
        arrays["kept_steps"] = race.kept.steps.astype("<i8")
        arrays |= {f"kept_{c}": flat.astype("<f4") for c, flat in enumerate(race.kept.flat)}
    npz.write(file, arrays)


def load(file: File) -> History:
    """The race of a file. Raises ValueError for anything but a whole race file."""
    with npz.open_archive(file, "race") as archive:
        return _read(archive)


def _read(archive: zipfile.ZipFile) -> History:
    needed = {"about", "steps", "diverged_at", *MEASURED}
    weights = {"kept_steps", *(f"kept_{c}" for c in range(MOST_CONTESTANTS))}
    names = npz.member_names(archive, "race", needed, weights)
    given = json.loads(_array(archive, "about", "|u1", (None,), 2**16).tobytes())
    about = npz.check_metadata(given, "race", VERSION, {"settings", "layers"})
    settings = _settings(about["settings"])
    count = len(settings.losses)
    if names - needed not in (set(), {"kept_steps", *(f"kept_{c}" for c in range(count))}):
        raise ValueError(f"its weights are not those of {count} losses")
    layers = about["layers"]
    if not isinstance(layers, list) or not all(isinstance(name, str) for name in layers):
        raise ValueError("its layers are not a list of names")
    layers = tuple(name[:100] for name in layers)
    if not 0 < len(layers) <= 64:
        raise ValueError(f"it has {len(layers)} layers")
    shape = (len(settings.losses), settings.seeds)
    steps = _array(archive, "steps", "<i8", (None,), MOST_RECORDS + 1)
    if (np.diff(steps) <= 0).any() or steps[0] < 0 or steps[-1] > settings.steps:
        raise ValueError("its steps do not rise from 0 to its length")
    arrays = {
        name: _array(
            archive, name, "<f8", (*shape, len(steps), *((len(layers),) if name in BY_LAYER else ()))
        )
        for name in MEASURED
    }
    for name, values in arrays.items():
        check_range(name, values)
    diverged = _array(archive, "diverged_at", "<i8", shape)
    check_diverged(diverged, settings.steps)
    return History(
        settings=settings,
        layers=layers,
        steps=steps,
        diverged_at=diverged,
        kept=_kept(archive, settings, names),
        **arrays,
    )


def _kept(archive: zipfile.ZipFile, settings: TrainingSettings, names: set[str]) -> Weights | None:
    if "kept_steps" not in names:
        return None
    from lossviz.training.trainer import Training  # what the weights must look like is known by building them

    shapes = tuple(Training(settings).shapes)
    steps = _array(archive, "kept_steps", "<i8", (None,), MOST_RECORDS + 1)
    sizes = [sum(int(np.prod(shape)) for _, shape in each) for each in shapes]
    total = 4 * settings.seeds * len(steps) * sum(sizes)
    if settings.checkpoints is None and total > 2 * MOST_KEPT:
        raise ValueError(f"its weights would take {total:,} bytes")
    flat = tuple(
        _array(archive, f"kept_{c}", "<f4", (settings.seeds, len(steps), size))
        for c, size in enumerate(sizes)
    )
    return Weights(steps, flat, shapes)


def _settings(given: Any) -> TrainingSettings:
    if not isinstance(given, dict) or set(given) != set(TrainingSettings.__dataclass_fields__):
        raise ValueError("its settings are not those of a race")
    clean: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in given.items()
    }
    try:
        return TrainingSettings(**clean)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"its settings are not those of a race: {str(error)[:200]}") from error


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
