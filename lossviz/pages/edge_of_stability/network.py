"""Edge of stability, view Network: full-batch training beside the edge of stability."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Iterable
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.edge_of_stability.controls import Edge
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.downloads import FigurePage, File
from lossviz.ui.page import Tabs, axis_slider, caption
from lossviz.ui.texts import texts_beside
from lossviz.ui.work import progress_bar, stoppable

text = texts_beside(__file__)

STEPS, EVERY = int(Edge.step.high), int(Edge.step.step)
TRIES: dict[str, dict[str, Any]] = {
    "At the edge": {},
    "Small learning rate": {"edge_rate": "0.2", "edge_step": 600},
    "Medium learning rate": {"edge_rate": "0.5", "edge_step": 600},
    "Too sharp a start": {"edge_losses": "mse, sigmoid-ce"},
    "Momentum": {"edge_optimizer": "momentum", "edge_rate": "0.5", "edge_step": 600},
    "RMSprop": {"edge_optimizer": "rmsprop", "edge_rate": "0.01"},
}
# Dataset, network, losses, learning rate, optimizer, activation and seed, as the controls give them.
Setup = tuple[str, str, str, str, str, str, int]


@st.cache_data(max_entries=64, show_spinner=False)
def train(setup: Setup, steps: int) -> list[lv.EdgeRun]:
    """The runs of both losses, trained once for all viewers."""
    data, network, losses, rate, optimizer, activation, seed = setup
    with progress_bar(f"Training two networks, {steps} steps each, and measuring every step …") as progress:
        return lv.stability.edge_runs(
            data,
            network,
            losses.split(", "),
            float(rate),
            optimizer,
            steps,
            activation=activation,
            seed=seed,
            progress=progress,
        )


@st.cache_data(max_entries=32, show_spinner=False)
def picture(setup: Setup, steps: int) -> str:
    """The figure, packed for the chart component."""
    runs = train(setup, steps)
    at = int(Edge.step.default)
    return figure_json(lambda narrow: lv.figures.edge(runs, at=at, every=EVERY, narrow=narrow))


def setup_controls(tab: Any) -> tuple[str, str, str, str, int]:
    """The settings of the training, in the tab."""
    with tab.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        data = Edge.data.menu(width=150)
        network = Edge.network.menu(width=170)
        losses = Edge.losses.menu(width=240)
        activation = Edge.activation.segments()
        seed = int(Edge.seed.show(width=160))
    return data, network, losses, activation, seed


def divergence_text(runs: list[lv.EdgeRun]) -> str:
    """Why runs diverged, in Markdown; "" if none did."""
    named = zip(lv.figures.edge_names(runs), runs, strict=True)
    return " ".join(
        f"**{name}**: {run.explanation.replace(' x ', ' × ')}." for name, run in named if run.explanation
    )


def formulas(losses: str) -> str:
    """The formulas of the losses, in Markdown."""
    rows = [lv.LOSSES[name] for name in losses.split(", ")]
    return "\n\n".join(f"**{row.label}**: $\\displaystyle {row.formula}$, {row.convention}." for row in rows)


def show() -> None:
    """The view."""
    drawing, transport, convention, tries = (st.container() for _ in range(4))
    with transport:
        step = int(axis_slider(Edge.step, playable=8))
    with tries:
        pills = st.container()
        with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
            rate = Edge.rate.select_slider(width=420)
            optimizer = Edge.optimizer.menu(width=180)
    tabs = Tabs("Set up")
    data, network, losses, activation, seed = setup_controls(tabs["Set up"])
    with pills:
        presets("edge_try", TRIES, (*Edge.network_controls, *Edge.setup))
    setup: Setup = (data, network, losses, rate, optimizer, activation, seed)
    with drawing:
        body = stoppable("edge", setup, lambda: picture(setup, STEPS), "This cannot be trained")
        if body is None:
            return
        runs = train(setup, STEPS)
        first, second = lv.figures.edge_names(runs)
        chart(
            body,
            key="edge_sharpness",
            follow=Edge.step.key,
            alt=f"The sharpness of a network under {first} and under {second} over {STEPS} steps of "
            f"full-batch training, the edge at {lv.figures.number(runs[0].edge)}, and the loss below it.",
        )
    with convention:
        hidden = network.removeprefix("mlp-")
        raw = " Squared error on the output itself, without a sigmoid." if losses.startswith("mse,") else ""
        sharpness = (
            "Preconditioned sharpness: largest eigenvalue of the Hessian scaled by each weight’s own step."
            if runs[0].preconditioned
            else "Sharpness: largest eigenvalue of the Hessian."
        )
        words = caption(
            f"One network 2-{hidden}-1, {activation}, {runs[0].weights} weights; "
            f"{lv.DATASETS[data].label.lower()}, 80 points, all of them in every step. {sharpness} "
            f"Lines: means of two successive steps; pale: every step.{raw}"
        )
        if divergence_text(runs):
            st.markdown(divergence_text(runs))

    def numbers() -> str:
        table: dict[str, Iterable[object]] = {"step": range(STEPS + 1)}
        for run in runs:
            table |= {f"{run.loss_name} loss": run.loss, f"{run.loss_name} sharpness": run.sharpness}
            table |= {f"{run.loss_name} sharpness / edge": run.ratio}
        return files.columns(table)

    tabs.fill(
        see=text("network_see"),
        maths=text("network_maths")
        .replace("RULE", lv.OPTIMIZERS[optimizer].formula)
        .replace("LOSSES", formulas(losses)),
        code=f"""import lossviz as lv

runs = lv.stability.edge_runs(
    "{data}", "{network}", losses={losses.split(", ")}, lr={rate}, optimizer="{optimizer}",
    steps={STEPS}, activation="{activation}", seed={seed},
)
figure = lv.figures.edge(runs, at={step})""",
        controls=(Edge.view, *Edge.network_controls, *Edge.setup),
        files=[
            FigurePage("edge.html", lambda: lv.figures.edge(runs, at=step, every=EVERY), "step"),
            File("Numbers (CSV)", "edge.csv", "text/csv", numbers),
        ],
        picture="edge_sharpness",
        caption=words,
    )
