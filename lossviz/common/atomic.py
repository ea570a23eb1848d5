"""Replace files atomically: write a temporary file in the same folder, flush it to disk, and rename it."""

import errno
import hashlib
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

STALE_SECONDS = 600.0  # a temporary file that was not written to for so long was left behind


@contextmanager
def replace_file(target: Path) -> Iterator[IO[bytes]]:
    """Yield a stream whose content replaces the target when the block ends without an exception."""
    mode = None
    with suppress(FileNotFoundError):
        mode = target.stat().st_mode
    if mode is not None and not stat.S_ISREG(mode):  # a folder raises, a device is written to
        with target.open("wb") as stream:
            yield stream
        return
    remove_stale(target)
    part = _temporary_path(target)
    try:
        with _create(part) as stream:
            yield stream
            if mode is not None:
                os.chmod(part, stat.S_IMODE(mode))
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, target)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


def _create(part: Path) -> IO[bytes]:
    """A new file with the permissions of the umask; `tempfile` would give it those of the owner alone."""
    return os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666), "w+b")


def temporary_prefix(target: Path) -> str:
    """The prefix of temporary files for a target; short, so that a target's name may have maximal length."""
    return f".{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]}."


def _temporary_path(target: Path) -> Path:
    return target.with_name(f"{temporary_prefix(target)}{secrets.token_hex(8)}.part")


def remove_stale(target: Path) -> None:
    """Remove temporary files of this target that killed processes have left behind."""
    prefix, before = temporary_prefix(target), time.time() - STALE_SECONDS
    with suppress(OSError), os.scandir(target.parent) as entries:
        for entry in entries:
            if entry.name.startswith(prefix) and entry.name.endswith(".part"):
                with suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_mtime < before:
                        os.unlink(entry.path)


def check_writable(file: str | os.PathLike[str], size: int) -> None:
    """Write and remove a temporary file where `write` would write one.

    Args:
        file: The path that is to be written later.
        size: Number of bytes.

    Raises:
        OSError: If there is no permission or not enough space.
    """
    target = Path(os.path.realpath(file))
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(target.stat().st_mode):  # raises for a name that is too long, too
            raise OSError(errno.EINVAL, "not a regular file")
    remove_stale(target)
    part = _temporary_path(target)
    try:
        with _create(part) as stream:
            for start in range(0, size, 2**20):
                stream.write(bytes(min(2**20, size - start)))
            stream.flush()
            os.fsync(stream.fileno())
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
