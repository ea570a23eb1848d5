"""Surface files: saved and loaded surfaces are equal; anything but a whole surface file is refused."""

import contextlib
import io
import json
import zipfile
from dataclasses import asdict

import numpy as np
import pytest
import torch
from support.models import mlp
from torch import nn

from lossviz.landscape.surface import Surface, surface


@pytest.fixture
def found() -> Surface:
    torch.manual_seed(0)
    return surface(mlp(2, 4, 1), nn.MSELoss(), (torch.randn(9, 2), torch.randn(9, 1)), points=5)


def _with_points(points: int) -> Surface:
    return surface(
        mlp(2, 4, 1), nn.MSELoss(), (torch.ones(9, 2), torch.ones(9, 1)), points=points, progress=False
    )


def _saved(found: Surface) -> bytes:
    file = io.BytesIO()
    found.save(file)
    return file.getvalue()


def _members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _packed(members: dict[str, bytes]) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    file.seek(0)
    return file


def _npy(array: np.ndarray, allow_pickle: bool = False) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=allow_pickle)
    return file.getvalue()


def _about(found: Surface, **changes: object) -> bytes:
    about = json.loads(np.load(io.BytesIO(_members(_saved(found))["about.npy"])).tobytes()) | changes
    return _npy(np.frombuffer(json.dumps(about).encode(), dtype=np.uint8))


def test_saved_surface_is_loaded_equal(found: Surface, tmp_path) -> None:
    holes = found.loss.copy()
    holes[0, :3] = np.nan, np.inf, -np.inf
    found = Surface(found.a, found.b, holes, found.facts)
    found.save(tmp_path / "one.npz")
    found.save(str(tmp_path / "name without ending"))
    assert Surface.load(tmp_path / "one.npz") == found
    assert Surface.load(tmp_path / "name without ending") == found
    assert Surface.load(io.BytesIO(_saved(found))) == found
    assert hash(Surface.load(tmp_path / "one.npz")) == hash(found)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["name without ending", "one.npz"]


def test_numpy_can_read_the_file(found: Surface, tmp_path) -> None:
    found.save(tmp_path / "one.npz")
    with np.load(tmp_path / "one.npz", allow_pickle=False) as file:
        assert np.array_equal(file["loss"], found.loss)
        assert json.loads(file["about"].tobytes())["facts"]["loss_name"] == "MSELoss"


def test_truncated_file_is_refused(found: Surface) -> None:
    content = _saved(found)
    for length in range(0, len(content), 37):
        with pytest.raises(ValueError, match="surface file"):
            Surface.load(io.BytesIO(content[:length]))


def test_damaged_file_raises_nothing_but_value_errors(found: Surface) -> None:
    content, rng = _saved(found), np.random.default_rng(0)
    for place in rng.integers(0, len(content), 150):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        with contextlib.suppress(ValueError):  # nothing else may come out of it
            assert Surface.load(io.BytesIO(bytes(damaged))).loss.shape == found.loss.shape


def _header(shape: str, dtype: str = "<f8") -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}"
    text += " " * (117 - len(text)) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def test_invalid_files_are_refused_in_one_sentence(found: Surface) -> None:
    whole = _members(_saved(found))
    pickled = _npy(np.array([{"a": 1}], dtype=object), allow_pickle=True)
    cases: dict[str, tuple[dict[str, bytes], str]] = {
        "newer": (whole | {"about.npy": _about(found, version=2)}, "version 2"),
        "no version": (whole | {"about.npy": _about(found, version="x")}, "version"),
        "long text": (whole | {"about.npy": _about(found, version="x" * 5000)}, "version"),
        "a large number": (whole | {"about.npy": _about(found, version=10**300)}, "version"),
        "foreign": (whole | {"about.npy": _about(found, format="other")}, "does not say"),
        "other facts": (whole | {"about.npy": _about(found, facts={"a": 1})}, "facts"),
        "not JSON": (whole | {"about.npy": _npy(np.frombuffer(b"hello", dtype=np.uint8))}, "surface file"),
        "pickle": (whole | {"loss.npy": pickled}, "loss must be"),
        "bomb": (whole | {"loss.npy": _header("(100000, 100000)")}, "from 1 to 4001"),
        "claims more than it has": (whole | {"loss.npy": _header("(4000, 4000)") + b"0" * 80}, "fewer"),
        "has more than it claims": (whole | {"loss.npy": whole["loss.npy"] + b"0" * 10**7}, "more"),
        "another shape": (whole | {"loss.npy": _npy(np.zeros((4, 5)))}, "fit together"),
        "numbers of 4 bytes": (whole | {"loss.npy": _npy(np.zeros((5, 5), np.float32))}, "float64"),
        "no numbers": (whole | {"a.npy": _npy(np.zeros(0))}, "from 1 to"),
        "falling": (whole | {"a.npy": _npy(found.a[::-1].copy())}, "rise"),
        "extra member": (whole | {"extra.npy": b""}, "has unknown members"),
        "missing member": ({k: v for k, v in whole.items() if k != "b.npy"}, "lacks"),
        "an open bracket": (whole | {"loss.npy": _header("((5, 5)")}, "surface file"),
        "a long header": (whole | {"loss.npy": b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65535}, "loss must be"),
        "no stride": (
            whole | {"about.npy": _about(found, facts=asdict(found.facts) | {"stride": 0})},
            "stride",
        ),
        "code in the header": (whole | {"loss.npy": _header("__import__('os')")}, "surface file"),
    }
    for members, message in cases.values():
        with pytest.raises(ValueError, match=message) as error:
            Surface.load(_packed(members))
        assert len(str(error.value).splitlines()) == 1
        assert len(str(error.value)) < 300
    for compression in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):  # a damaged file would raise unknown exceptions
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", compression) as archive:
            for name, content in whole.items():
                archive.writestr(name, content)
        with pytest.raises(ValueError, match="compressed in a way"):
            Surface.load(packed)
    for nothing in (None, 5, b"PK"):
        with pytest.raises(ValueError, match=f"path or a file.*{type(nothing).__name__}"):
            Surface.load(nothing)
    for content in (b"", b"PK", b"\x93NUMPY", b"<html>", _npy(np.zeros((5, 5)))):
        with pytest.raises(ValueError, match="surface file"):
            Surface.load(io.BytesIO(content))


def test_a_file_from_before_a_fact_was_added_is_read(found: Surface) -> None:
    facts = {
        name: value for name, value in asdict(found.facts).items() if name not in ("averaging", "rounding")
    }
    old = Surface.load(_packed(_members(_saved(found)) | {"about.npy": _about(found, facts=facts)}))
    assert np.array_equal(old.loss, found.loss)
    assert (old.facts.averaging, old.facts.rounding) == ("", "")


def test_failed_save_keeps_the_old_file(found: Surface, tmp_path, monkeypatch) -> None:
    file = tmp_path / "one.npz"
    found.save(file)

    def broken(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", broken)
    with pytest.raises(OSError, match="disk full"):
        found.save(file)
    assert [p.name for p in tmp_path.iterdir()] == ["one.npz"]
    assert Surface.load(file) == found


@pytest.mark.parametrize(
    ("points", "max_points", "stride"), [(9, 5, 2), (10, 5, 3), (5, 5, 1), (9, 2, 8), (1, 5, 1)]
)
def test_fine_grid_is_thinned_with_its_last_points(points: int, max_points: int, stride: int) -> None:
    whole = _with_points(points)
    thin = Surface.load(io.BytesIO(_saved(whole)), max_points=max_points)
    indices = sorted({*range(0, points, stride), points - 1})
    assert max(thin.loss.shape) <= max_points
    assert thin.facts.stride == stride
    np.testing.assert_array_equal(thin.a, whole.a[indices])
    np.testing.assert_array_equal(thin.loss, whole.loss[np.ix_(indices, indices)])


@pytest.mark.parametrize("max_points", [None, 3])
def test_array_with_missing_or_extra_bytes_is_refused(max_points: int | None) -> None:
    members = _members(_saved(_with_points(9)))
    for loss, quantity in ((members["loss.npy"][:-8], "fewer"), (members["loss.npy"] + b"\0", "more")):
        with pytest.raises(ValueError, match=f"loss must have 648 bytes; the file has {quantity}"):
            Surface.load(_packed(members | {"loss.npy": loss}), max_points=max_points)


def test_max_points_must_be_at_least_two() -> None:
    with pytest.raises(ValueError, match="max_points must be"):
        Surface.load(io.BytesIO(), max_points=1)
