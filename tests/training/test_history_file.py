"""A race is saved and opened again whole; nothing else is a race file."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lossviz as lv
from lossviz.training.history import MEASURED


@pytest.fixture(scope="module")
def race() -> lv.History:
    return lv.train(
        "moons", ["mlp-4", "mlp-3-3"], ["sigmoid-mse", "sigmoid-ce"], [0.1, 0.2], ["sgd", "adam"], seeds=2,
        steps=20, record_every=5, batch=8, imbalance=2.0, checkpoints=[0, 20],
    )  # fmt: skip


@pytest.fixture(scope="module")
def whole(race: lv.History) -> bytes:
    file = io.BytesIO()
    race.save(file)
    return file.getvalue()


def test_what_was_saved_is_opened_again(race: lv.History, tmp_path: Path) -> None:
    race.save(tmp_path / "race.npz")
    again = lv.History.load(tmp_path / "race.npz")
    assert (again.settings, again.layers) == (race.settings, race.layers)
    for name in (*MEASURED, "steps", "diverged_at", "checkpoint_steps"):
        np.testing.assert_array_equal(getattr(again, name), getattr(race, name))
    for ours, theirs in zip(again.checkpoints(1, 1), race.checkpoints(1, 1), strict=True):
        assert list(ours) == list(theirs)
        for name, value in ours.items():
            np.testing.assert_array_equal(value, theirs[name])
    assert lv.paired_test(again) == lv.paired_test(race)
    assert again == race
    assert hash(again) == hash(race)
    other = lv.History.load(io.BytesIO(_with(tmp_path / "race.npz")))
    assert other != race


def _with(file: Path) -> bytes:
    """The file with one weight changed, which no measure shows."""
    content = file.read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        kept = np.load(io.BytesIO(archive.read("kept_0.npy")))
    kept[0, 0, 0] += 1
    return edited(content, "kept_0.npy", npy(kept)).getvalue()


def test_a_race_without_weights_is_saved_too(tmp_path: Path) -> None:
    race = lv.train("moons", "linear", ["hinge"], 0.1, steps=2, checkpoints=[])
    race.save(tmp_path / "race.npz")
    assert lv.History.load(tmp_path / "race.npz").kept is None


def test_a_network_of_ones_own_has_no_name_to_save(tmp_path: Path) -> None:
    own = lv.Network("mine", "", lv.NETWORKS["linear"].layers, "", "", "")
    race = lv.train("moons", own, ["hinge"], 0.1, steps=2)
    with pytest.raises(ValueError, match="a race with a network of your own cannot be saved"):
        race.save(tmp_path / "race.npz")
    assert not (tmp_path / "race.npz").exists()


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


def test_nothing_else_is_a_race_file(whole: bytes, tmp_path: Path) -> None:
    wrong = {
        "steps.npy": npy(np.array([5, 4, 3, 2, 1])),
        "loss.npy": npy(np.zeros((2, 2, 4))),
        "accuracy.npy": npy(np.array([{"a": 1}], dtype=object), allow_pickle=True),
        "brier.npy": b"nonsense",
        "kept_0.npy": npy(np.zeros((2, 2, 9), np.float32)),
        "distance.npy": None,
        "cross_entropy.npy": npy(np.zeros(2)).replace(b"(2,)", b"((2)"),  # a bracket that is never closed
    }
    for name, content in wrong.items():
        with pytest.raises(ValueError, match=r"^this is not a (whole )?lossviz race file"):
            lv.History.load(edited(whole, name, content))
    for change, sentence in (
        ({"version": 2}, "this race file is of version 2; this lossviz reads up to 1"),
        ({"format": "lossviz surface"}, "does not say so"),
        ({"layers": []}, "it has 0 layers"),
        ({"settings": {"steps": 10**9}}, "steps must be a whole number from 1 to 100000"),
        ({"settings": {"dataset": "../etc"}}, "unknown dataset"),
        ({"settings": {"seeds": "2"}}, "seeds must be a whole number"),
        ({"settings": {"more": 1}}, "its settings are not those of a race"),
    ):
        with pytest.raises(ValueError, match=sentence):
            lv.History.load(edited(whole, "about.npy", about(whole, **change)))
    (tmp_path / "text.npz").write_text("no")
    with pytest.raises(ValueError, match="not a whole lossviz race file"):
        lv.History.load(tmp_path / "text.npz")


@settings(max_examples=60, deadline=None)
@given(place=st.floats(0, 1), byte=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_file_is_a_value_error_or_still_whole(
    whole: bytes, place: float, byte: int, cut: bool
) -> None:
    at = int(place * (len(whole) - 1))
    damaged = whole[:at] if cut else whole[:at] + bytes([byte]) + whole[at + 1 :]
    said = "this is whole"
    try:
        lv.History.load(io.BytesIO(damaged))
    except ValueError as error:
        said = str(error)
    assert said.startswith("this ")
