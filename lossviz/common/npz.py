"""Write .npz files atomically, and read those of unknown origin safely.

No pickle is ever read, no header is evaluated, and no array is allocated before its declared size was
compared with the allowed one.
"""

import errno
import io
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from lossviz.common.atomic import replace_file
from lossviz.common.plain_text import MAX_MESSAGE_LENGTH, plain, quoted

File = str | os.PathLike[str] | IO[bytes]
Shape = tuple[int, ...]

CHUNK = 2**20  # bytes that are read at a time
_READ_ERRORS = (  # what zipfile, zlib and numpy raise for broken files
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, KeyError, TypeError, NotImplementedError,
    RuntimeError, UnicodeDecodeError, RecursionError, OverflowError,
)  # fmt: skip
_HEADER = re.compile(
    rb"\{'descr': '([<|][a-z]\d)', 'fortran_order': (True|False), "
    rb"'shape': \((\d{1,10}(?:, \d{1,10})*,?)?\), \} *\n"
)


def write(file: File, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays to an .npz file; a path is replaced atomically.

    A reader sees either the old file or the new one, even after a crash; see `atomic`. Symbolic links are
    followed, and the permissions of an existing file are kept.

    Args:
        file: A path, or a file opened for writing bytes.
        arrays: The arrays by name.

    Raises:
        OSError: If the file cannot be written; no temporary file remains.
    """
    if isinstance(file, (str, os.PathLike)):
        with replace_file(Path(os.path.realpath(file))) as stream:
            _savez(stream, arrays)
        return
    content = io.BytesIO()
    _savez(content, arrays)
    file.write(content.getvalue())


def _savez(stream: IO[bytes], arrays: Mapping[str, np.ndarray]) -> None:
    # Row order is what `read_array` expects.
    ordered = {name: np.asarray(values, order="C") for name, values in arrays.items()}
    np.savez(stream, **ordered)  # type: ignore[arg-type]  # the stub takes a name for allow_pickle


@contextmanager
def open_archive(file: File, kind: str) -> Iterator[zipfile.ZipFile]:
    """Open a file of lossviz for reading.

    Args:
        file: A path, or a file opened for reading bytes.
        kind: What the file holds, such as "surface", for error messages.

    Yields:
        The archive.

    Raises:
        ValueError: If anything is wrong with the content; the message begins with "this ".
        FileNotFoundError, PermissionError: As ``open`` raises them.
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
                    # zipfile would also run decoders that no file of lossviz needs.
                    raise ValueError("it is compressed in a way that no file of lossviz is")
                yield archive
        except ValueError as error:
            if str(error).startswith("this "):  # raised by this module or a reader of lossviz
                raise
            raise _not_whole(kind, error) from error
        except _READ_ERRORS as error:
            raise _not_whole(kind, error) from error
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            raise _not_whole(kind, error) from error  # an offset of the archive is negative


def _not_whole(kind: str, error: BaseException) -> ValueError:
    reason = plain(str(error) or type(error).__name__, MAX_MESSAGE_LENGTH)
    return ValueError(f"this is not a whole lossviz {kind} file: {reason}")


@contextmanager
def _opened(file: File, kind: str) -> Iterator[IO[bytes]]:
    if not isinstance(file, (str, os.PathLike)):
        yield file
        return
    path = os.fspath(file)
    if "\0" in path:
        raise ValueError(f"this is not a whole lossviz {kind} file: no path holds a null character")
    # Opening a pipe would block until something writes to it.
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise ValueError(f"this is not a lossviz {kind} file: {path!r} is not a regular file")
    with open(path, "rb") as stream:
        yield stream


def member_names(archive: zipfile.ZipFile, kind: str, needed: set[str], allowed: set[str]) -> set[str]:
    """Check which arrays an archive has.

    Args:
        archive: The archive.
        kind: What the file holds, for error messages.
        needed: Names that must be present.
        allowed: Further names that may be present.

    Returns:
        The names of the arrays.

    Raises:
        ValueError: If a name is missing, not allowed, or present twice.
    """
    files = [info.filename for info in archive.infolist()]
    names = {name.removesuffix(".npy") for name in files if name.endswith(".npy")}
    if len(files) != len(set(files)) or not needed <= names:
        raise ValueError(f"this is not a lossviz {kind} file: it lacks an array, or has one twice")
    if len(names) != len(files) or not names <= needed | allowed:
        raise ValueError(f"this is not a lossviz {kind} file: it has unknown members")
    return names


def check_metadata(given: Any, kind: str, version: int, keys: set[str]) -> dict[str, Any]:
    """Check the metadata of a file.

    Args:
        given: The parsed JSON.
        kind: What the file holds.
        version: The newest format version that can be read.
        keys: Allowed keys besides "format" and "version".

    Returns:
        The metadata.

    Raises:
        ValueError: If it is not a dict, of another kind, of a newer version, or has other keys.
    """
    if not isinstance(given, dict) or given.get("format") != f"lossviz {kind}":
        raise ValueError(f"this is not a lossviz {kind} file: its metadata does not say so")
    found = given.get("version")
    if type(found) is not int or found < 1:  # 1.0 and True are not version numbers
        raise ValueError(f"this {kind} file has no version that makes sense: {quoted(found, 40)}")
    if found > version:
        raise ValueError(
            f"this {kind} file is of version {quoted(found, 40)}; this lossviz reads up to {version}"
        )
    if not set(given) <= keys | {"format", "version"}:
        raise ValueError(f"this is not a lossviz {kind} file: its metadata has unknown entries")
    return given


def read_array(
    archive: zipfile.ZipFile, name: str, dtype: str, check_shape: Callable[[Shape], str | None]
) -> np.ndarray:
    """Read one array.

    Args:
        archive: The archive.
        name: Name of the array.
        dtype: Its expected type, as in the header: "<f8", "|u1".
        check_shape: Says what is wrong with a shape, or None; called before anything is allocated.

    Returns:
        The array.

    Raises:
        ValueError: If the header is not one that `write` makes, the shape is refused, or the size differs.
    """
    with archive.open(f"{name}.npy") as stream:
        values = np.empty(_read_shape(stream, name, dtype, check_shape), dtype)
        _read_into(stream, name, values, values.nbytes)
        _check_end(stream, name, values.nbytes)
    return values


def read_subsampled(
    archive: zipfile.ZipFile,
    name: str,
    dtype: str,
    check_shape: Callable[[Shape], str | None],
    rows: Sequence[int],
    columns: Sequence[int],
) -> np.ndarray:
    """Read selected rows and columns of a matrix; only these and one row are ever in memory.

    Args:
        archive: The archive.
        name: Name of the array.
        dtype: As for `read_array`.
        check_shape: As for `read_array`.
        rows: Ascending indices that include the last row, so that the whole matrix is read and checked.
        columns: Indices.

    Returns:
        An array (len(rows), len(columns)).

    Raises:
        ValueError: As `read_array`.
    """
    with archive.open(f"{name}.npy") as stream:
        height, width = _read_shape(stream, name, dtype, check_shape)
        selected, row = np.empty((len(rows), len(columns)), dtype), np.empty(width, dtype)
        position = 0
        for number in range(height):
            _read_into(stream, name, row, height * row.nbytes)
            if number == rows[position]:
                selected[position] = row[columns]
                position += 1
        _check_end(stream, name, height * row.nbytes)
    return selected


def _read_shape(
    stream: IO[bytes], name: str, dtype: str, check_shape: Callable[[Shape], str | None]
) -> Shape:
    """The shape in an array's header, if the header is one that `write` makes."""
    magic, length = stream.read(8), int.from_bytes(stream.read(2), "little")
    header = _HEADER.fullmatch(stream.read(length))
    shape = () if header is None else tuple(map(int, (header[3] or b"").replace(b",", b" ").split()))
    flat = sum(size > 1 for size in shape) < 2  # then row and column order are the same
    if (
        magic != b"\x93NUMPY\x01\x00"
        or header is None
        or header[1].decode() != dtype
        or (header[2] == b"True" and not flat)
    ):
        raise ValueError(f"{name} must be an array of {np.dtype(dtype)} as NumPy writes one row by row")
    wrong = check_shape(shape)
    if wrong:
        raise ValueError(f"{name} {wrong}")
    return shape


def _read_into(stream: IO[bytes], name: str, values: np.ndarray, count: int) -> None:
    """Read an array, or a part of its ``count`` bytes, in chunks: no memory is touched for missing bytes."""
    view, at = values.reshape(-1).view(np.uint8).data, 0
    while at < len(view):
        chunk = stream.read(min(CHUNK, len(view) - at))
        if not chunk:
            raise ValueError(f"{name} must have {count} bytes; the file has fewer")
        view[at : at + len(chunk)] = chunk
        at += len(chunk)


def _check_end(stream: IO[bytes], name: str, count: int) -> None:
    if stream.read(1):
        raise ValueError(f"{name} must have {count} bytes; the file has more")
