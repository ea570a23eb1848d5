"""A history is saved and loaded whole; every other file is refused with a ValueError."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lossviz as lv
from lossviz.training.snapshot import METRICS


@pytest.fixture(scope="module")
def history() -> lv.History:
    return lv.train(
        "moons", ["mlp-4", "mlp-3-3"], ["sigmoid-mse", "sigmoid-ce"], [0.1, 0.2], ["sgd", "adam"], seeds=2,
        steps=20, record_every=5, batch=8, imbalance=2.0, checkpoints=[0, 20],
    )  # fmt: skip


@pytest.fixture(scope="module")
def whole(history: lv.History) -> bytes:
    file = io.BytesIO()
    history.save(file)
    return file.getvalue()


def test_a_loaded_history_equals_the_saved_one(history: lv.History, tmp_path: Path) -> None:
    history.save(tmp_path / "history.npz")
    loaded = lv.History.load(tmp_path / "history.npz")
    assert (loaded.settings, loaded.layers) == (history.settings, history.layers)
    for name in (*METRICS, "steps", "diverged_at", "checkpoint_steps"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(history, name))
    for state, saved in zip(loaded.checkpoints(1, 1), history.checkpoints(1, 1), strict=True):
        assert list(state) == list(saved)
        for name, value in state.items():
            np.testing.assert_array_equal(value, saved[name])
    assert lv.paired_test(loaded) == lv.paired_test(history)
    assert loaded == history
    assert hash(loaded) == hash(history)
    other = lv.History.load(io.BytesIO(with_another_weight(tmp_path / "history.npz")))
    assert other != history


def with_another_weight(file: Path) -> bytes:
    """The file with one weight changed, which no metric shows."""
    content = file.read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        weights = np.load(io.BytesIO(archive.read("checkpoint_0.npy")))
    weights[0, 0, 0] += 1
    return edited(content, "checkpoint_0.npy", npy(weights)).getvalue()


def test_a_history_without_checkpoints_is_saved_too(tmp_path: Path) -> None:
    history = lv.train("moons", "linear", ["hinge"], 0.1, steps=2, checkpoints=[])
    history.save(tmp_path / "history.npz")
    assert lv.History.load(tmp_path / "history.npz").weights is None


def test_a_history_with_a_network_of_the_user_cannot_be_saved(tmp_path: Path) -> None:
    own = lv.Network("mine", "", lv.NETWORKS["linear"].layers, "", "", "")
    history = lv.train("moons", own, ["hinge"], 0.1, steps=2)
    with pytest.raises(ValueError, match="a history with a network of your own cannot be saved"):
        history.save(tmp_path / "history.npz")
    assert not (tmp_path / "history.npz").exists()


def edited(whole: bytes, name: str, content: bytes | None) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            if info.filename != name:
                new.writestr(info, old.read(info.filename))
            elif content is not None:
                new.writestr(info, content)
    out.seek(0)
    return out


def npy(array: np.ndarray, **more: bool) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **more)
    return file.getvalue()


def about(whole: bytes, **changes: object) -> bytes:
    with np.load(io.BytesIO(whole)) as arrays:
        text = json.loads(arrays["about"].tobytes())
    settings = text["settings"] | changes.pop("settings", {})  # type: ignore[operator]
    content = text | changes | {"settings": settings}
    return npy(np.frombuffer(json.dumps(content).encode(), np.uint8))


def test_every_other_file_is_refused(whole: bytes, tmp_path: Path) -> None:
    wrong = {
        "steps.npy": npy(np.array([5, 4, 3, 2, 1])),
        "loss.npy": npy(np.zeros((2, 2, 4))),
        "accuracy.npy": npy(np.array([{"a": 1}], dtype=object), allow_pickle=True),
        "brier.npy": b"nonsense",
        "checkpoint_0.npy": npy(np.zeros((2, 2, 9), np.float32)),
        "distance.npy": None,
        "cross_entropy.npy": npy(np.zeros(2)).replace(b"(2,)", b"((2)"),  # a bracket that is never closed
    }
    for name, content in wrong.items():
        with pytest.raises(ValueError, match=r"^this is not a (whole )?lossviz history file"):
            lv.History.load(edited(whole, name, content))
    for change, sentence in (
        ({"version": 2}, "this history file is of version 2; this lossviz reads up to 1"),
        ({"format": "lossviz surface"}, "does not say so"),
        ({"layers": []}, "it has 0 layers"),
        ({"settings": {"steps": 10**9}}, "steps must be a whole number from 1 to 100000"),
        ({"settings": {"dataset": "../etc"}}, "unknown dataset"),
        ({"settings": {"seeds": "2"}}, "seeds must be a whole number"),
        ({"settings": {"more": 1}}, "its settings are not those of a training"),
    ):
        with pytest.raises(ValueError, match=sentence):
            lv.History.load(edited(whole, "about.npy", about(whole, **change)))
    (tmp_path / "text.npz").write_text("no")
    with pytest.raises(ValueError, match="not a whole lossviz history file"):
        lv.History.load(tmp_path / "text.npz")


@settings(max_examples=60, deadline=None)
@given(place=st.floats(0, 1), byte=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_file_is_a_value_error_or_still_whole(
    whole: bytes, place: float, byte: int, cut: bool
) -> None:
    at = int(place * (len(whole) - 1))
    damaged = whole[:at] if cut else whole[:at] + bytes([byte]) + whole[at + 1 :]
    message = "this is whole"
    try:
        lv.History.load(io.BytesIO(damaged))
    except ValueError as error:
        message = str(error)
    assert message.startswith("this ")
