"""Every view of every page at its heaviest valid settings, and how much memory each takes above rest.

Run as a program it prints a line of JSON for each: its address, the most that its process has taken so far
in megabytes, and seconds. Each view has a process of its own, which opens it as its link does and makes all
its files. What is trained in steps that need no memory is trained for a few of
them only.
"""

import gc
import io
import json
import logging
import os
import resource
import sys
import time
import traceback
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any
from urllib.parse import urlencode

PATHS = ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw", "lbfgs")
NINE_WORDS = " ".join(
    f"{number:021b}" for number in (3, 77, 999, 4567, 12345, 65535, 262143, 524288, 1000000)
)
FOUR_LOSSES = "softmax-mse, softmax-ce, sigmoid-mse-onehot, sigmoid-bce-onehot"
DIGITS = {"landscape_data": "digits"}
RACE = {"race_seeds": 16, "race_step": 0, "race_gain": 1}  # the first record takes as much as any step
DEEP = RACE | {
    "race_data": "circles", "race_size": 3000, "race_network": "mlp-64-64-64-64-64-64",
    "race_optimizer": "adam", "race_activation": "sigmoid, relu",
}  # fmt: skip
MANY = RACE | {"race_step": 10, "race_data": "digits", "race_network": "mlp-4", "race_losses": FOUR_LOSSES}
BINARY = (
    "sigmoid-mse", "sigmoid-half-mse", "sigmoid-ce", "tanh-mse", "hinge", "squared-hinge", "focal",
    "zero-one",
)  # fmt: skip

# page: (view, its heaviest settings) for each view, at least once
HEAVIEST: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "start_here": [
        *((view, {}) for view in ("Number", "Curve", "Surface", "Training", "Logarithm", "Unit", "Sign")),
        ("Accuracy", {}),
    ],
    "glossary": [("", {})],
    "stuck_neuron": [
        ("Slope", {"neuron_half": True}),
        ("Learning curve", {"neuron_widget": True, "neuron_own": "0.005"}),
        ("Escape time", {"neuron_rate": 0.5}),
    ],
    "two_weights": [
        ("From above", {"weights_model": "breast-cancer", "weights_optimizer": PATHS}),
        ("In relief", {"weights_model": "breast-cancer", "weights_optimizer": PATHS}),
    ],
    "race": [("Curves", DEEP), ("Layers", MANY), ("Seeds", MANY), ("Table", {})],
    "landscape": [
        ("One plane", DIGITS | {"landscape_points": 161, "landscape_plane": "Curvature"}),
        ("Eight planes", DIGITS),
        ("Rescaled", DIGITS),
    ],
    "edge_of_stability": [
        ("Network", {"edge_network": "mlp-12-12-12", "edge_optimizer": "adam"}),
        ("Bowl", {"edge_rule": "Nesterov", "edge_beta": 0.98}),
    ],
    "gallery": [
        ("Outlier", {"gallery_losses": ("mse", "mae", "huber", "quantile", "hit-or-miss")}),
        ("Shape", {"gallery_against": "logit", "gallery_binary": BINARY}),
        ("Which one?", {}),
    ],
    "likelihood": [
        ("Noise", {"likelihood_sample": "One far out"}),
        ("One bar", {"likelihood_unit": "nats"}),
        ("More data", {"likelihood_slope": 0.25}),
    ],
    "numbers": [
        ("Term by term", {}),
        ("As written", {"numbers_case": "Softmax twice", "numbers_classes": 10_000_000}),
        ("This number?", {"numbers_classes": 10_000_000}),
    ],
    "metric": [
        ("Training", {"metric_data": "digits"}),
        ("Threshold", {}),
        ("Calibration", {"metric_about": "digits"}),
    ],
    "output_codes": [
        ("The network", {"codes_hidden": 8}),
        ("Unions", {"codes_code": "exhaustive", "codes_classes": 8}),
        ("Unions", {"codes_code": "your own", "codes_words": NINE_WORDS}),
        ("Meaning", {"codes_between": "four that share a bit"}),
        ("Spare words", {"codes_hidden": 8, "codes_decode": "Likeliest word"}),
        ("One bit off", {"codes_order": "By word"}),
        ("At scale", {}),
        ("At scale", {"codes_show": "Arbitrary, to 1024"}),
    ],
}  # fmt: skip


def settle() -> None:
    """What any server has loaded when its first viewer comes, in one thread as it has it."""
    os.environ["OMP_NUM_THREADS"] = "1"
    logging.disable(logging.WARNING)
    import torch
    from support.pages import opened

    from lossviz.ui.preload import import_all

    torch.set_num_threads(1)
    import_all()

    opened("home")
    gc.collect()
    gc.freeze()


def few_steps() -> None:
    """Memory does not grow with these: what is kept of a training is kept at its end."""
    from lossviz.pages.output_codes import at_scale, one_bit_off

    one_bit_off.EPOCHS = at_scale.EPOCHS = 1
    at_scale.STEPS = 8


def open_all(page: str, query: dict[str, Any], file: bytes = b"") -> None:
    """The page, with whatever it offers to download; and the same with a file that is opened there."""
    import streamlit as st
    from support.pages import opened, sound

    made: dict[str, Callable[[], Any]] = {}  # by the file's name: of the last run

    def keep(label: str, make: Callable[[], Any], name: str, *args: Any, **more: Any) -> None:
        made[name] = make

    st.download_button = keep  # type: ignore[assignment]
    app = opened(page, query)
    if file:
        made.clear()
        sound(app.file_uploader[0].upload("mine.npz", file, "application/octet-stream").run())
        sound(app.run())
    for make in made.values():
        make()


def largest_file() -> bytes:
    """A surface file with as many points as there may be: 128 MB that come as a few hundred kB."""
    import numpy as np
    import torch

    import lossviz as lv
    from lossviz.landscape.io import MAX_POINTS

    model, data = torch.nn.Linear(2, 1), (torch.ones(8, 2), torch.ones(8, 1))
    small = lv.surface(model, torch.nn.functional.mse_loss, data, points=3, progress=False)
    axis = np.linspace(-1, 1, MAX_POINTS)
    about = {"format": "lossviz surface", "version": 1, "facts": asdict(small.facts), "fingerprint": ""}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, array in (
            ("about", np.frombuffer(json.dumps(about).encode(), np.uint8)),
            ("a", axis),
            ("b", axis),
        ):
            with archive.open(f"{name}.npy", "w") as stream:
                np.lib.format.write_array(stream, array, (1, 0))
        with archive.open("loss.npy", "w", force_zip64=True) as stream:
            shape = {"descr": "<f8", "fortran_order": False, "shape": (MAX_POINTS, MAX_POINTS)}
            np.lib.format.write_array_header_1_0(stream, shape)
            for row in axis:
                stream.write(np.full(MAX_POINTS, row * row).tobytes())
    return content.getvalue()


def peak() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def told(works: Iterable[tuple[str, Callable[[], object]]]) -> None:
    """Do these, and say what they took: a line for each, in one piece."""
    rest = peak()
    for name, work in works:
        since, fault = time.process_time(), ""
        try:
            work()
        except Exception:
            fault = traceback.format_exc()[-2000:]
        seconds = round(time.process_time() - since, 2)
        line = {"name": name, "mb": round(peak() - rest), "seconds": seconds, "fault": fault}
        os.write(1, f"{json.dumps(line)}\n".encode())


def in_children(many: Sequence[Iterable[tuple[str, Callable[[], object]]]]) -> None:
    """Each in a process of its own, two at a time."""
    for number, works in enumerate(many):
        if number >= 2:
            os.wait()
        if not os.fork():
            try:
                told(works)
            finally:
                os._exit(0)
    for _ in many[:2]:
        os.wait()


def works(page: str) -> Iterator[tuple[str, Callable[[], object]]]:
    """The views of a page, each with what opens it."""
    for view, settings in HEAVIEST[page]:
        address = query_of(page, view, settings)
        yield f"{page}?{urlencode(address, doseq=True)}", partial(open_all, page, address)


def main(pages: list[str]) -> None:
    settle()
    few_steps()
    many: list[Iterable[tuple[str, Callable[[], object]]]] = [
        [one] for page in pages or list(HEAVIEST) for one in works(page)
    ]
    if not pages or "landscape" in pages:
        many.append(
            [("landscape, a file of 4001 x 4001 points", lambda: open_all("landscape", {}, largest_file()))]
        )
    in_children(many)


def query_of(page: str, view: str, settings: dict[str, Any]) -> dict[str, Any]:
    """A link's query."""
    choice = view_of(page)
    said = settings if choice is None else {choice.key: view} | settings
    return {
        key: list(v) if isinstance(v, tuple) else str(v).replace("True", "true") for key, v in said.items()
    }


def view_of(page: str) -> Any:
    """The control that chooses the page's view, if it has several."""
    from support.pages import controls_of

    return getattr(controls_of(page), "view", None)


if __name__ == "__main__":
    main(sys.argv[1:])
