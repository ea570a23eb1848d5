"""Landscape, the tab Network: what was trained, or a surface file from elsewhere."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import streamlit as st

import lossviz as lv
from lossviz.common.plain_text import for_markdown, sentence
from lossviz.pages.landscape import surface_file
from lossviz.pages.landscape.controls import Landscape
from lossviz.ui import work as work_of
from lossviz.ui.page import TEXT_WIDTH, caption

T = TypeVar("T")
NORMALIZE: dict[str, Any] = {"By filter": "filter", "By layer": "layer", "Not at all": "none"}
LOSSES = {
    "cross-entropy": {True: "sigmoid-ce", False: "softmax-ce"},
    "squared error": {True: "sigmoid-mse", False: "softmax-mse"},
}
Names = tuple[
    str, str, str, str, int
]  # dataset, network, loss, activation, seed: what `lv.landscape.record_training` takes


def controls(tab: Any) -> Names:
    """The settings of the training, in the tab."""
    with tab.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        data = Landscape.data.menu(width=170)
        network = Landscape.network.menu(width=170)
        activation = Landscape.activation.segments()
        loss = Landscape.loss.segments()
        seed = int(Landscape.seed.show(width=180))
    two = len(lv.DATASETS[data].classes) == 2
    return data, network, LOSSES[loss][two], activation, seed


def opened(tab: Any) -> lv.Surface | None:
    """A surface from a file of the viewer's, read in memory; one sentence if it is not one."""
    with tab.container(width=TEXT_WIDTH):
        file = st.file_uploader(
            "Open a surface file",
            type=["npz"],
            key="landscape_file",
            help="Drawn instead of the network above: what `surface.save` has written, on any machine",
        )
        if file is None:
            surface_file.forget()
            caption(
                'Made elsewhere by `lv.surface(…).save("mine.npz")`. It is read in memory and kept nowhere.'
            )
            return None
        try:
            return surface_file.read(file)
        except ValueError as error:
            st.markdown(f"**{for_markdown(file.name)}** cannot be drawn: {sentence(error)}.")
            return None


def words(names: Names) -> str:
    """What was trained, in one line."""
    data, network, _, activation, seed = names
    title = {"relu": "ReLU", "tanh": "tanh", "sigmoid": "sigmoid"}[activation]
    found = studied(names)
    inputs, outputs = found.x.shape[1], len(lv.DATASETS[data].classes)
    hidden = network.removeprefix("mlp-")
    shape = f"{inputs}-{hidden}-{1 if outputs == 2 else outputs}"
    return (
        f"{lv.DATASETS[data].label}, {len(found.x)} examples, {title} network {shape}, "
        f"{lv.figures.whole(found.weights.shape[1])} weights, SGD with momentum, seed {seed}."
    )


def guess_words(names: Names) -> str:
    """What a level is a multiple of."""
    name = names[2]
    if name in ("sigmoid-ce", "sigmoid-mse"):
        return "ln\u00a02" if name == "sigmoid-ce" else "¼"
    return f"{lv.figures.number(studied(names).guess)}, the loss of always guessing alike"


@st.cache_data(max_entries=16, show_spinner="Training a network …")
def studied(names: Names) -> lv.landscape.RecordedTraining:
    return lv.landscape.record_training(*names)


def stoppable(wanted: Hashable, work: Callable[[], T]) -> T | None:
    """What the work returns, with a button to stop it; None while it is stopped."""
    return work_of.stoppable("landscape", wanted, work, "This network cannot be drawn")
