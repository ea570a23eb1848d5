"""Reading and writing .npz files of numbers: whole or not at all, and nothing in them trusted.

A file may come from anyone: no pickle is ever read, no header is evaluated, and no array is made before its
declared size was compared with what is allowed and with the bytes that are there.
"""

import errno
import hashlib
import io
import os
import re
import secrets
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np

from lossviz.common.plain_text import MOST_IN_A_SENTENCE, plain, quoted

File = str | os.PathLike[str] | IO[bytes]
Shape = tuple[int, ...]

PIECE = 2**20  # bytes that are read at a time
STALE = 600.0  # seconds after which a temporary file that nobody writes to was left behind
WHAT_BREAKS = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, KeyError, TypeError, NotImplementedError,
    RuntimeError, UnicodeDecodeError, RecursionError, OverflowError,
)  # fmt: skip
_HEADER = re.compile(
    rb"\{'descr': '([<|][a-z]\d)', 'fortran_order': (True|False), "
    rb"'shape': \((\d{1,10}(?:, \d{1,10})*,?)?\), \} *\n"
)


# --- writing ----------------------------------------------------------------------------------------------


def write(file: File, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes arrays by name. A path's file is replaced by the whole new one, or left as it was.

    The new file is written beside the old one under another name, flushed to the disk and renamed, so that
    whoever looks sees the old file or the new one, also after a crash. A link is followed, and the old file's
    permissions are kept. Raises OSError if the file cannot be written; then nothing is left behind.
    """
    if isinstance(file, (str, os.PathLike)):
        with _replacing(Path(os.path.realpath(file))) as stream:
            _savez(stream, arrays)
        return
    content = io.BytesIO()
    _savez(content, arrays)
    file.write(content.getvalue())


def _savez(stream: IO[bytes], arrays: Mapping[str, np.ndarray]) -> None:
    rows = {name: np.asarray(values, order="C") for name, values in arrays.items()}  # as `array` reads them
    np.savez(stream, **rows)  # type: ignore[arg-type]  # numpy's stub takes a name for allow_pickle


@contextmanager
def _replacing(target: Path) -> Iterator[IO[bytes]]:
    """A stream whose content is in the target's place when the block has ended without an exception."""
    mode = None
    with suppress(FileNotFoundError):
        mode = target.stat().st_mode
    if mode is not None and not stat.S_ISREG(mode):  # a folder is refused, a device must not be replaced
        with target.open("wb") as stream:
            yield stream
        return
    remove_stale(target)
    part = _part_of(target)
    try:
        with _created(part) as stream:
            yield stream
            if mode is not None:
                os.chmod(part, stat.S_IMODE(mode))
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, target)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


def _created(part: Path) -> IO[bytes]:
    """A new file with the permissions that the process's umask leaves, where `tempfile` gives the owner's."""
    return os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666), "w+b")


def _parts_begin(target: Path) -> str:
    """How names of temporary files for a target begin: short, also where the target's own name is as long as
    names may be."""
    return f".{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]}."


def _part_of(target: Path) -> Path:
    return target.with_name(f"{_parts_begin(target)}{secrets.token_hex(8)}.part")


def remove_stale(target: Path) -> None:
    """Removes what earlier writers of this file have left behind when they were killed."""
    begin, before = _parts_begin(target), time.time() - STALE
    with suppress(OSError), os.scandir(target.parent) as entries:
        for entry in entries:
            if entry.name.startswith(begin) and entry.name.endswith(".part"):
                with suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_mtime < before:
                        os.unlink(entry.path)


def try_to_write(file: str | os.PathLike[str], size: int) -> None:
    """Writes and removes so many bytes where `write` would write them. Raises OSError if that fails."""
    target = Path(os.path.realpath(file))
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(target.stat().st_mode):  # also where a name is longer than names may be
            raise OSError(errno.EINVAL, "not a regular file")
    remove_stale(target)
    part = _part_of(target)
    try:
        with _created(part) as stream:
            for start in range(0, size, 2**20):
                stream.write(bytes(min(2**20, size - start)))
            stream.flush()
            os.fsync(stream.fileno())
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


# --- reading ----------------------------------------------------------------------------------------------


@contextmanager
def reading(file: File, kind: str) -> Iterator[zipfile.ZipFile]:
    """An archive to read a file of this kind from, such as "surface".

    Whatever is wrong with its content becomes a ValueError that begins with "this ", also for a file that is
    given by its path. FileNotFoundError and PermissionError stay what they are.
    """
    if not isinstance(file, (str, os.PathLike)) and not hasattr(file, "read"):
        raise ValueError(
            f"this is not a whole lossviz {kind} file: it must be a path or a file opened for reading bytes; "
            f"got {type(file).__name__}"
        )
    with _opened(file, kind) as stream:
        try:
            with zipfile.ZipFile(stream) as archive:
                packed = {info.compress_type for info in archive.infolist()}
                if not packed <= {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                    # Decoders that nobody needs are not let near it.
                    raise ValueError("it is compressed in a way that no file of ours is")
                yield archive
        except ValueError as error:
            if str(error).startswith("this "):  # said by us, and said well
                raise
            raise _not_whole(kind, error) from error
        except WHAT_BREAKS as error:
            raise _not_whole(kind, error) from error
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            raise _not_whole(kind, error) from error  # it says that something begins before its beginning


def _not_whole(kind: str, error: BaseException) -> ValueError:
    return ValueError(f"this is not a whole lossviz {kind} file: {_why(error)}")


def _why(error: BaseException) -> str:
    return plain(str(error) or type(error).__name__, MOST_IN_A_SENTENCE)


@contextmanager
def _opened(file: File, kind: str) -> Iterator[IO[bytes]]:
    if not isinstance(file, (str, os.PathLike)):
        yield file
        return
    path = os.fspath(file)
    if "\0" in path:
        raise ValueError(f"this is not a whole lossviz {kind} file: no path holds a null character")
    # To open a pipe would be to wait for its writer.
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise ValueError(f"this is not a lossviz {kind} file: {path!r} is not a regular file")
    with open(path, "rb") as stream:
        yield stream


def members(archive: zipfile.ZipFile, kind: str, needed: set[str], allowed: set[str]) -> set[str]:
    """The names of the arrays, each there once, all that are needed and none that is not allowed."""
    files = [info.filename for info in archive.infolist()]
    names = {name.removesuffix(".npy") for name in files if name.endswith(".npy")}
    if len(files) != len(set(files)) or not needed <= names:
        raise ValueError(f"this is not a lossviz {kind} file: it lacks what one has")
    if len(names) != len(files) or not names <= needed | allowed:
        raise ValueError(f"this is not a lossviz {kind} file: it holds what none has")
    return names


def about(given: Any, kind: str, version: int, keys: set[str]) -> dict[str, Any]:
    """What a file says of itself, if it is of this kind and version and says no more than ``keys``."""
    if not isinstance(given, dict) or given.get("format") != f"lossviz {kind}":
        raise ValueError(f"this is not a lossviz {kind} file: it does not say that it is one")
    found = given.get("version")
    if type(found) is not int or found < 1:  # neither 1.0 nor true
        raise ValueError(f"this {kind} file has no version that makes sense: {quoted(found, 40)}")
    if found > version:
        raise ValueError(
            f"this {kind} file is of version {quoted(found, 40)}; this lossviz reads up to {version}"
        )
    if not set(given) <= keys | {"format", "version"}:
        raise ValueError(f"this is not a lossviz {kind} file: it says what none says")
    return given


def array(
    archive: zipfile.ZipFile, name: str, dtype: str, refusal: Callable[[Shape], str | None]
) -> np.ndarray:
    """The array of a name. ``refusal`` says what is wrong with a shape, before anything of it is read."""
    with archive.open(f"{name}.npy") as stream:
        values = np.empty(_shape(stream, name, dtype, refusal), dtype)
        _fill(stream, name, values, values.nbytes)
        _end(stream, name, values.nbytes)
    return values


def thinned(
    archive: zipfile.ZipFile,
    name: str,
    dtype: str,
    refusal: Callable[[Shape], str | None],
    rows: Sequence[int],
    columns: Sequence[int],
) -> np.ndarray:
    """Those rows and columns of a matrix; only what is kept and one row are ever in memory.

    ``rows`` ascend and hold the last one, so that the whole matrix is read and checked.
    """
    with archive.open(f"{name}.npy") as stream:
        height, width = _shape(stream, name, dtype, refusal)
        kept, row = np.empty((len(rows), len(columns)), dtype), np.empty(width, dtype)
        place = 0
        for number in range(height):
            _fill(stream, name, row, height * row.nbytes)
            if number == rows[place]:
                kept[place] = row[columns]
                place += 1
        _end(stream, name, height * row.nbytes)
    return kept


def _shape(stream: IO[bytes], name: str, dtype: str, refusal: Callable[[Shape], str | None]) -> Shape:
    """What the array's header says, if it is one that `write` makes."""
    begin, length = stream.read(8), int.from_bytes(stream.read(2), "little")
    header = _HEADER.fullmatch(stream.read(length))
    shape = () if header is None else tuple(map(int, (header[3] or b"").replace(b",", b" ").split()))
    flat = sum(size > 1 for size in shape) < 2  # one order is as good as the other
    if (
        begin != b"\x93NUMPY\x01\x00"
        or header is None
        or header[1].decode() != dtype
        or (header[2] == b"True" and not flat)
    ):
        raise ValueError(f"{name} must be an array of {np.dtype(dtype)} as NumPy writes one row by row")
    wrong = refusal(shape)
    if wrong:
        raise ValueError(f"{name} {wrong}")
    return shape


def _fill(stream: IO[bytes], name: str, values: np.ndarray, count: int) -> None:
    """Reads an array, all or a part of the ``count`` bytes that there must be, a piece at a time: memory for
    what is not in the file is never touched."""
    view, at = values.reshape(-1).view(np.uint8).data, 0
    while at < len(view):
        piece = stream.read(min(PIECE, len(view) - at))
        if not piece:
            raise ValueError(f"{name} must have {count} bytes; the file has fewer")
        view[at : at + len(piece)] = piece
        at += len(piece)


def _end(stream: IO[bytes], name: str, count: int) -> None:
    if stream.read(1):
        raise ValueError(f"{name} must have {count} bytes; the file has more")
