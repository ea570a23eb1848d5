"""Race files: an .npz that holds a race's numbers and one JSON text, and no pickle.

A file may come from anyone, so nothing in it is trusted: no pickle is read, and no array is made before its
declared size was compared with what the settings say it must be, and with the bytes that are there. The
settings are checked as those of a new race are.
"""

import io
import json
import os
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import numpy as np

from lossviz.race import MEASURED, MOST_KEPT, Race, Weights
from lossviz.race_ranges import check_diverged, check_range
from lossviz.race_setup import MOST_RECORDS, RaceSettings
from lossviz.surface_file import WHAT_BREAKS, opened, why_not

FORMAT, VERSION = "lossviz race", 1
BY_LAYER = ("gradient_norm", "saturated")


def save(race: Race, file: "str | os.PathLike[str] | IO[bytes]") -> None:
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
    content = io.BytesIO()
    np.savez(content, **arrays)  # type: ignore[arg-type]  # numpy's stub takes a name for allow_pickle
    if isinstance(file, (str, os.PathLike)):
        Path(file).write_bytes(content.getvalue())
    else:
        file.write(content.getvalue())


def load(file: "str | os.PathLike[str] | IO[bytes]") -> Race:
    """The race of a file. Raises ValueError for anything but a whole race file."""
    try:
        with opened(file) as archive:
            return _read(archive)
    except ValueError as error:
        if str(error).startswith("this "):
            raise
        raise ValueError(f"this is not a whole lossviz race file: {why_not(error)}") from error
    except WHAT_BREAKS as error:
        raise ValueError(f"this is not a whole lossviz race file: {why_not(error)}") from error


def _read(archive: zipfile.ZipFile) -> Race:
    names = [info.filename.removesuffix(".npy") for info in archive.infolist()]
    needed = {"about", "steps", "diverged_at", *MEASURED}
    if len(names) != len(set(names)) or not needed <= set(names):
        raise ValueError("this is not a lossviz race file: it lacks what one has")
    about = json.loads(_array(archive, "about", "|u1", (None,), 2**16).tobytes())
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise ValueError("this is not a lossviz race file: it does not say that it is one")
    if about.get("version") != VERSION:
        raise ValueError(
            f"this race file is of version {about.get('version')!r:.20}; this lossviz reads version {VERSION}"
        )
    settings = _settings(about["settings"])
    layers = tuple(str(name)[:100] for name in about["layers"])
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
    return Race(
        settings=settings,
        layers=layers,
        steps=steps,
        diverged_at=diverged,
        kept=_kept(archive, settings, names),
        **arrays,
    )


def _kept(archive: zipfile.ZipFile, settings: RaceSettings, names: list[str]) -> Weights | None:
    if "kept_steps" not in names:
        return None
    from lossviz.training import Training  # what the weights must look like is known by building them

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


def _settings(given: Any) -> RaceSettings:
    if not isinstance(given, dict) or set(given) != set(RaceSettings.__dataclass_fields__):
        raise ValueError("its settings are not those of a race")
    clean: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in given.items()
    }
    try:
        return RaceSettings(**clean)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"its settings are not those of a race: {str(error)[:200]}") from error


def _array(
    archive: zipfile.ZipFile, name: str, dtype: str, shape: tuple[int | None, ...], longest: int = 0
) -> np.ndarray:
    """An array of one dtype and shape; where the shape has None, of up to ``longest`` entries."""
    with archive.open(f"{name}.npy") as stream:
        if np.lib.format.read_magic(stream) != (1, 0):
            raise ValueError(f"{name} is written in a way that no race file is")
        found, fortran, kind = np.lib.format.read_array_header_1_0(stream)
        fits = len(found) == len(shape) and all(
            0 < n <= longest if wanted is None else n == wanted
            for n, wanted in zip(found, shape, strict=True)
        )
        if kind != np.dtype(dtype) or not fits or (fortran and len(shape) > 1 and min(found) > 1):
            raise ValueError(
                f"{name} must be of {np.dtype(dtype)} and shape {shape}; got {kind} {str(found)[:80]}"
            )
        count = int(np.prod(found)) * kind.itemsize
        content = stream.read(count + 1)
    if len(content) != count:
        raise ValueError(
            f"{name} must have {count} bytes; the file has {'more' if len(content) > count else 'fewer'}"
        )
    return np.frombuffer(content, dtype=kind).reshape(found).copy()
