"""Checkpoints in every form: lists, lazy sequences and files, of every precision, wrapped or not."""

import copy
import json
import pickle
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.models import mlp
from torch import Tensor, nn

import lossviz as lv
from lossviz.landscape import components
from lossviz.landscape.checkpoint_files import open_checkpoint

CE = nn.CrossEntropyLoss()


def states(count: int = 5, size: int = 3000, dtype: torch.dtype = torch.float32) -> list[dict[str, Tensor]]:
    """A path far from zero whose checkpoints differ by little, in two tensors."""
    generator = torch.Generator().manual_seed(0)
    steps = torch.randn(count, size, generator=generator, dtype=torch.float64).cumsum(0) * 1e-3 + 1
    return [{"a": row[:1000].view(10, 100).to(dtype), "b": row[1000:].to(dtype)} for row in steps]


def by_svd(path: list[dict[str, Tensor]]) -> tuple[np.ndarray, np.ndarray]:
    """Two leading right singular vectors and their shares."""
    points = torch.stack([torch.cat([v.double().reshape(-1) for v in s.values()]) for s in path]).numpy()
    _, values, vectors = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    return vectors[:2], values[:2] ** 2 / (values**2).sum()


class Lazy:
    """A lazy sequence that counts how often it loads."""

    def __init__(self, items: list[Any]) -> None:
        self.items, self.loads = items, 0

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Any:
        self.loads += 1
        return copy.deepcopy(self.items[index])


def saved(folder: Path, path: list[dict[str, Tensor]], suffix: str) -> list[Path]:
    files = [folder / f"{k}{suffix}" for k in range(len(path))]
    for file, state in zip(files, path, strict=True):
        if suffix == ".safetensors":
            write_safetensors(file, state)
        else:
            torch.save(state, file, _use_new_zipfile_serialization=suffix == ".pt")
    return files


def write_safetensors(file: Path, state: dict[str, Tensor]) -> None:
    """The format as its page describes it; its names are in another order than the state's."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    data = b""
    for name in sorted(state, reverse=True):
        part = state[name].contiguous().numpy().tobytes()
        kind = {torch.float32: "F32", torch.int64: "I64"}[state[name].dtype]
        header[name] = {
            "dtype": kind,
            "shape": list(state[name].shape),
            "data_offsets": [len(data), len(data) + len(part)],
        }
        data += part
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    file.write_bytes(len(text).to_bytes(8, "little") + text + data)


FORMS: dict[str, Callable[[Path, list[dict[str, Tensor]]], Any]] = {
    "list": lambda folder, path: path,
    "arrays": lambda folder, path: [{name: v.numpy() for name, v in state.items()} for state in path],
    "generator": lambda folder, path: iter(path),
    "lazy": lambda folder, path: Lazy(path),
    "files of torch": lambda folder, path: saved(folder, path, ".pt"),
    "files of old torch": lambda folder, path: saved(folder, path, ".old"),
    "files of safetensors": lambda folder, path: saved(folder, path, ".safetensors"),
    "lazy files": lambda folder, path: Lazy(saved(folder, path, ".pt")),
    "in a dict": lambda folder, path: [{"model": s, "epoch": k, "optimizer": {}} for k, s in enumerate(path)],
    "parallel": lambda folder, path: [{f"module.{name}": v for name, v in s.items()} for s in path],
    "compiled, then not": lambda folder, path: [
        {f"module._orig_mod.{name}" if k % 2 else name: v for name, v in s.items()}
        for k, s in enumerate(path)
    ],
    "channels last": lambda folder, path: [{"a": s["a"].t().contiguous().t(), "b": s["b"]} for s in path],
}


@pytest.mark.parametrize("small_pieces", [False, True], ids=["", "small pieces"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_the_components_of_a_singular_value_decomposition(
    form: str, small_pieces: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if small_pieces:
        monkeypatch.setattr(components, "SMALLEST_PIECE", 700)
        monkeypatch.setattr(components, "LAZY_BYTES", 2 * 4 * 3000)
    path = states()
    plane = lv.pca_plane(FORMS[form](tmp_path, path))
    vectors, shares = by_svd(path)
    np.testing.assert_allclose(plane.explained, shares, rtol=1e-6)
    ordered = [np.concatenate([by_name(plane, d)[name] for name in "ab"]) for d in (plane.u, plane.v)]
    for found, wanted in zip(ordered, vectors, strict=True):
        assert abs(found @ wanted) == pytest.approx(1, abs=1e-6)
    found = lv.project(FORMS[form](tmp_path, path), plane)
    assert found.explained == pytest.approx(shares.sum(), rel=1e-6)
    in_memory = lv.project(path, plane)
    np.testing.assert_allclose(found.a, in_memory.a, atol=1e-9)
    assert (found.a[-1], found.b[-1]) == pytest.approx((0, 0), abs=1e-9)


def by_name(plane: lv.Plane, flat: np.ndarray) -> dict[str, np.ndarray]:
    sizes = np.cumsum([int(np.prod(shape)) for shape in plane.shapes])[:-1]
    return dict(zip(plane.names, np.split(flat, sizes), strict=True))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_low_precision_is_widened(dtype: torch.dtype) -> None:
    path = [{name: v * 50 for name, v in s.items()} for s in states(dtype=dtype)]
    plane = lv.pca_plane(path)
    assert plane.u.dtype == plane.origin.dtype == np.float32
    np.testing.assert_allclose(plane.explained, by_svd(path)[1], rtol=1e-5)


@pytest.mark.parametrize("lazy", [False, True])
def test_memory_is_bounded_and_loads_are_few(lazy: bool) -> None:
    """Beside the plane itself and the checkpoint that is loaded, less than one checkpoint and a half."""
    size, count = 1_000_000, 6
    rng = np.random.default_rng(0)
    path = [{"w": rng.standard_normal(size, dtype=np.float32)} for _ in range(count)]
    source, one = Lazy(path), path[0]["w"].nbytes
    tracemalloc.start()
    plane = lv.pca_plane(source if lazy else path)
    held, peak = tracemalloc.get_traced_memory()
    assert held < 3.1 * one
    assert peak < (3 + lazy + 1.5) * one
    tracemalloc.reset_peak()
    lv.project(source if lazy else path, plane)
    assert tracemalloc.get_traced_memory()[1] - held < (lazy + 1.5) * one
    tracemalloc.stop()
    assert source.loads <= lazy * (count * (count + 1) / 2 + 4 * count)


def test_a_plane_in_another_order_is_put_into_the_models(tmp_path: Path) -> None:
    """Files of safetensors sort their names; two layers of one shape would change places unnoticed."""
    torch.manual_seed(0)
    models = [mlp(4, 4, 4, 4) for _ in range(3)]
    files = saved(tmp_path, [m.state_dict() for m in models], ".safetensors")
    data = torch.randn(9, 4), torch.randint(0, 4, (9,))
    wanted = [float(CE(m(data[0]), data[1]).detach()) for m in models]
    for plane in (lv.interpolation_plane(*files), lv.pca_plane(files)):
        path = lv.project(models, plane)
        found = lv.losses_at(models[2], CE, data, plane, path.a, path.b)
        np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_wrapped_and_tied_models_are_evaluated_on_planes_of_their_state_dicts() -> None:
    torch.manual_seed(0)
    models = [mlp(4, 4, 4) for _ in range(3)]
    for model in models:
        model[2].weight = model[0].weight
    data = torch.randn(9, 4), torch.randint(0, 4, (9,))
    wanted = [float(CE(m(data[0]), data[1]).detach()) for m in models]
    plain = [m.state_dict() for m in models]
    cloned = [{name: value.clone() for name, value in state.items()} for state in plain]
    for path in (plain, cloned, [{f"module.{name}": v for name, v in s.items()} for s in cloned]):
        plane = lv.pca_plane(path)
        at = lv.project(path, plane)
        for model in (models[0], nn.DataParallel(models[0])):
            found = lv.losses_at(model, CE, data, plane, at.a, at.b)
            np.testing.assert_allclose(found, wanted, rtol=1e-5)


class Unpickled:
    def __reduce__(self) -> Any:
        return print, ("executed",)


def test_no_pickle_is_executed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"w": Unpickled()}, tmp_path / "a.pt")
    (tmp_path / "b.pt").write_bytes(pickle.dumps(Unpickled()))
    for name in "ab":
        with pytest.raises(ValueError, match=f"{name}.pt' (holds more than tensors|is no file of weights)"):
            open_checkpoint(tmp_path / f"{name}.pt")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no file of weights"),
        (b"\xff" * 8, "no file of weights"),
        (b"\x02\0\0\0\0\0\0\0[]", "no file of weights"),
        ({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 80]}}, "no file of weights"),
        ({"w": {"dtype": "F32", "shape": [-1], "data_offsets": [0, -4]}}, "no file of weights"),
        ({"w": {"dtype": "X64", "shape": [1], "data_offsets": [0, 8]}}, "no file of weights"),
    ],
)
def test_a_damaged_file_is_refused(content: Any, message: str, tmp_path: Path) -> None:
    if isinstance(content, dict):
        text = json.dumps(content).encode()
        content = len(text).to_bytes(8, "little") + text + b"\0" * 8
    (tmp_path / "x.safetensors").write_bytes(content)
    with pytest.raises(ValueError, match=f"^checkpoint file .*{message}"):
        lv.pca_plane([tmp_path / "x.safetensors"] * 3)


def nan_at(index: int) -> list[dict[str, Tensor]]:
    path = states()
    path[index]["b"][7] = float("nan")
    return path


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lv.project(nan_at(2), lv.pca_plane(states())), "checkpoint 2 are not all finite"),
        (lambda: lv.pca_plane(Lazy(nan_at(4))), "checkpoint 4 are not all finite"),
        (lambda: lv.pca_plane(Lazy(nan_at(1))), "checkpoint 1 are not all finite"),
        (lambda: lv.pca_plane("folder"), "must be a list of state_dicts, modules or paths; got str"),
        (lambda: lv.pca_plane(["/no/such.pt"] * 3), "'/no/such.pt' cannot be read: No such file"),
        (
            lambda: lv.pca_plane([{"model": s, "ema": s} for s in states()]),
            r"checkpoint 0 has several state_dicts, under 'model', 'ema'; give one of them, as "
            r"checkpoint\['model'\]",
        ),
        (
            lambda: lv.pca_plane([states()[0], *({"module.a": s["a"], "b": s["b"]} for s in states())]),
            r"checkpoint \d has no 'a', only 'module.a': not all of its names have this prefix",
        ),
    ],
)
def test_invalid_checkpoints_are_named(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
