"""Both kinds of files, of surfaces and of histories: written whole or not at all, read whole or refused."""

import contextlib
import errno
import io
import json
import os
import resource
import stat
import time
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.models import mlp

import lossviz as lv
from lossviz.common import atomic, npz


@cache
def surface() -> lv.Surface:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        data = torch.randn(9, 2), torch.randn(9, 1)
        return lv.surface(mlp(2, 4, 1), torch.nn.MSELoss(), data, points=5, progress=False)


@cache
def history() -> lv.History:
    return lv.train("moons", "mlp-3", "sigmoid-ce", 0.1, seeds=2, steps=4, record_every=2, checkpoints=[0, 4])


KINDS: dict[str, Callable[[], Any]] = {"surface": surface, "history": history}
each = pytest.mark.parametrize("kind", KINDS)


@cache
def content(kind: str) -> bytes:
    file = io.BytesIO()
    KINDS[kind]().save(file)
    return file.getvalue()


def load(kind: str, file: Any) -> Any:
    return type(KINDS[kind]()).load(file)


# --- writing ----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def full_disk(size: int) -> Iterator[None]:
    """Limit the size of files of this process, so that a larger write fails as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@each
@pytest.mark.parametrize("failing", ["write", "fsync", "replace", "half a file"])
def test_failed_save_keeps_the_old_file_and_leaves_no_other(
    kind: str, failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kept.npz"
    KINDS[kind]().save(file)
    if failing in ("fsync", "replace"):
        monkeypatch.setattr(npz.os, failing, no_space)
    size = {"write": 0, "half a file": len(content(kind)) // 2}.get(failing, 2**30)
    with full_disk(size), pytest.raises(OSError, match=r"No space left|File too large"):
        KINDS[kind]().save(file)
    assert [one.name for one in tmp_path.iterdir()] == ["kept.npz"]
    assert load(kind, file) == KINDS[kind]()


@each
def test_save_is_flushed_before_it_is_renamed(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(npz.os, name, lambda *a, n=name, r=real: (done.append(n), r(*a))[1])
    KINDS[kind]().save(tmp_path / "new.npz")
    assert done == ["fsync", "replace"]


@each
def test_names_may_have_the_maximal_length(kind: str, tmp_path: Path) -> None:
    for name in ("a" * 255, "ä" * 127, "b" * 250 + ".npz"):
        KINDS[kind]().save(tmp_path / name)
        assert load(kind, tmp_path / name) == KINDS[kind]()
    with pytest.raises(OSError, match="too long"):
        KINDS[kind]().save(tmp_path / ("a" * 256))
    assert len(list(tmp_path.iterdir())) == 3


@each
def test_permissions_follow_the_umask_or_the_old_file(kind: str, tmp_path: Path) -> None:
    file, plain = tmp_path / "new.npz", tmp_path / "plain"
    before = os.umask(0o027)
    try:
        plain.touch()
        KINDS[kind]().save(file)
        assert stat.S_IMODE(file.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode) == 0o640
        file.chmod(0o604)
        KINDS[kind]().save(file)
        assert stat.S_IMODE(file.stat().st_mode) == 0o604
    finally:
        os.umask(before)


@each
def test_symbolic_link_is_followed_and_device_is_kept(kind: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    link = tmp_path / "link.npz"
    link.symlink_to(tmp_path / "folder" / "real.npz")
    KINDS[kind]().save(link)
    assert link.is_symlink()
    assert load(kind, tmp_path / "folder" / "real.npz") == KINDS[kind]()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with contextlib.suppress(OSError):  # a pipe cannot be written in any order, and need not
            KINDS[kind]().save(pipe)
        assert stat.S_ISFIFO(pipe.stat().st_mode)
    finally:
        os.close(reader)
    with pytest.raises(IsADirectoryError):
        KINDS[kind]().save(tmp_path / "folder")


@each
def test_stale_temporary_files_are_removed_but_no_other_file(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "one.npz"
    begin = atomic.temporary_prefix(file)
    stale, recent, foreign = (
        tmp_path / name for name in (f"{begin}aa.part", f"{begin}bb.part", ".mine.part")
    )
    for part in (stale, recent, foreign):
        part.write_bytes(b"half")
    long_ago = time.time() - atomic.STALE_SECONDS - 60
    os.utime(stale, (long_ago, long_ago))
    os.utime(foreign, (long_ago, long_ago))
    KINDS[kind]().save(file)
    assert not stale.exists()
    assert recent.exists()  # another process may be writing it
    assert foreign.exists()


def test_arrays_are_written_in_row_order() -> None:
    found = surface()
    turned = lv.Surface(found.a, found.b, np.asfortranarray(found.loss), found.facts)
    file = io.BytesIO()
    turned.save(file)
    assert lv.Surface.load(file) == found


# --- reading ----------------------------------------------------------------------------------------------


def given_as(source: str, content: bytes, folder: Path) -> Any:
    if source == "memory":
        return io.BytesIO(content)
    path = folder / "given.npz"
    path.write_bytes(content)
    return path


sources = pytest.mark.parametrize("source", ["memory", "path"])


def changed(kind: str, **members: bytes | None) -> bytes:
    """The file of a kind with members replaced, added, or removed (None)."""
    named = {f"{name}.npy": value for name, value in members.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content(kind))) as old, zipfile.ZipFile(out, "w") as new:
        for name in dict.fromkeys((*old.namelist(), *named)):
            value = named[name] if name in named else old.read(name)
            if value is not None:
                new.writestr(name, value)
    return out.getvalue()


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def about(kind: str) -> dict[str, Any]:
    with np.load(io.BytesIO(content(kind))) as arrays:
        facts: dict[str, Any] = json.loads(arrays["about"].tobytes())
    return facts


def with_metadata(kind: str, facts: Any) -> bytes:
    return changed(kind, about=npy(np.frombuffer(json.dumps(facts).encode(), np.uint8)))


@each
@sources
@pytest.mark.parametrize("version", [1.0, True, "1", None, 0, -1, 2, [1]], ids=repr)
def test_only_the_integer_1_is_a_version(kind: str, source: str, version: Any, tmp_path: Path) -> None:
    file = with_metadata(kind, about(kind) | {"version": version})
    with pytest.raises(ValueError, match=f"^this {kind} file .*version") as refused:
        load(kind, given_as(source, file, tmp_path))
    assert repr(version) in str(refused.value)


@each
@sources
def test_unknown_members_raise(kind: str, source: str, tmp_path: Path) -> None:
    more = npy(np.zeros(3))
    for strange in ({"more": more}, {"checkpoint_7": more}, {"checkpoint_1": more}, {"../up": more}):
        with pytest.raises(ValueError, match=f"^this is not a .*{kind} file"):
            load(kind, given_as(source, changed(kind, **strange), tmp_path))
    twice = io.BytesIO(content(kind))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(twice, "a") as archive:
        archive.writestr("about.npy", more)
    text = io.BytesIO(content(kind))
    with zipfile.ZipFile(text, "a") as archive:
        archive.writestr("read me.txt", "hello")
    for strange_file in (twice, text, io.BytesIO(with_metadata(kind, about(kind) | {"more": 1}))):
        with pytest.raises(ValueError, match=f"^this is not a .*{kind} file"):
            load(kind, given_as(source, strange_file.getvalue(), tmp_path))


@each
def test_path_to_another_file_raises_one_sentence(kind: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(kind, tmp_path / "absent.npz")
    with pytest.raises(FileNotFoundError):
        load(kind, tmp_path / "absent" / "one.npz")
    os.mkfifo(tmp_path / "pipe")
    for odd in (tmp_path, tmp_path / "pipe", "/dev/null", "/dev/zero"):
        with pytest.raises(ValueError, match="is not a regular file"):
            load(kind, odd)
    with pytest.raises(ValueError, match="null character"):
        load(kind, "one\0.npz")
    whole = content(kind)
    for broken in (
        b"",
        b"PK",
        b"PK\5\6" + bytes(18),
        whole[:-1],
        whole[: len(whole) // 2],
        b"no" * 99,
        whole[9:],
    ):
        with pytest.raises(ValueError, match=f"^this is not a .*{kind} file") as refused:
            load(kind, given_as("path", broken, tmp_path))
        assert len(str(refused.value).splitlines()) == 1


@each
@sources
def test_archive_directory_with_invalid_offsets_raises(kind: str, source: str, tmp_path: Path) -> None:
    whole = bytearray(content(kind))
    end = bytes(whole).rindex(b"PK\5\6")
    for field in (12, 16):  # the size of the archive's directory, and where it begins
        for value in (0, 1, 2**31, 2**32 - 2):
            broken = whole.copy()
            broken[end + field : end + field + 4] = value.to_bytes(4, "little")
            with pytest.raises(ValueError, match=f"^this is not a .*{kind} file"):
                load(kind, given_as(source, bytes(broken), tmp_path))


def outcome(kind: str, file: Any) -> str:
    try:
        load(kind, file)
    except ValueError as error:
        message = str(error)
    else:
        return "whole"
    assert message.startswith("this ")
    assert len(message.splitlines()) == 1
    assert len(message) < 400
    return message


CUT, PUT, SET = "cut", "put", "set"
mutations = st.lists(
    st.tuples(
        st.sampled_from([CUT, PUT, SET, SET]),
        st.one_of(st.floats(0, 1), st.floats(0.97, 1)),  # more often in the directory at the end
        st.binary(min_size=1, max_size=24),
    ),
    min_size=1,
    max_size=4,
)


def mutated(whole: bytes, changes: list[tuple[str, float, bytes]]) -> bytes:
    for what, where, given_bytes in changes:
        at = int(where * len(whole))
        rest = whole[at:] if what == PUT else whole[at + len(given_bytes) :]
        whole = whole[:at] + (b"" if what == CUT else given_bytes) + rest
    return whole


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutated")


@each
@settings(max_examples=150)
@given(changes=mutations)
def test_any_bytes_raise_value_error_or_load_by_path_and_from_memory(
    kind: str, folder: Path, changes: list[tuple[str, float, bytes]]
) -> None:
    broken = mutated(content(kind), changes)
    by_path = outcome(kind, given_as("path", broken, folder))
    from_memory = outcome(kind, io.BytesIO(broken))
    assert (by_path == "whole") == (from_memory == "whole")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@each
@settings(max_examples=150)
@given(place=st.integers(0, 10**6), value=json_values)
def test_any_json_raises_value_error_or_loads(kind: str, place: int, value: Any) -> None:
    facts = about(kind)
    inner = [(facts, key) for key in facts]
    inner += [(part, key) for part in facts.values() if isinstance(part, dict) for key in part]
    target, key = inner[place % len(inner)]
    target[key] = value
    outcome(kind, io.BytesIO(with_metadata(kind, facts)))
