"""Edge of stability, Network: full-batch training beside its edge."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Iterable
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.edge_of_stability.controls import Edge
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.page import File, Tabs, axis_slider, caption
from lossviz.ui.texts import texts_beside
from lossviz.ui.work import progress_bar, stoppable

text = texts_beside(__file__)

STEPS, EVERY = int(Edge.step.high), int(Edge.step.step)
TRIES: dict[str, dict[str, Any]] = {
    "At the edge": {},
    "Too small": {"edge_rate": "0.2", "edge_step": 600},
    "Half way": {"edge_rate": "0.5", "edge_step": 600},
    "Too big": {"edge_losses": "mse, sigmoid-ce"},
    "With momentum": {"edge_optimizer": "momentum", "edge_rate": "0.5", "edge_step": 600},
    "RMSprop": {"edge_optimizer": "rmsprop", "edge_rate": "0.01"},
}
Names = tuple[str, str, str, str, str, str, int]  # dataset, network, pair, lr, optimizer, activation, seed


@st.cache_data(max_entries=64, show_spinner=False)
def trained(names: Names, steps: int) -> list[lv.EdgeRun]:
    data, network, pair, rate, optimizer, activation, seed = names
    say, over = progress_bar(f"Training two networks, {steps} steps each, and measuring every step …")
    try:
        return lv.stability.edge_runs(
            data,
            network,
            pair.split(", "),
            float(rate),
            optimizer,
            steps,
            activation=activation,
            seed=seed,
            progress=say,
        )
    finally:
        over()


@st.cache_data(max_entries=32, show_spinner=False)
def picture(names: Names, steps: int) -> str:
    runs = trained(names, steps)
    at = int(Edge.step.default)
    return figure_json(lambda narrow: lv.figures.edge(runs, at=at, every=EVERY, narrow=narrow))


def setup(tab: Any) -> tuple[str, str, str, str, int]:
    """The settings of the training, in the tab."""
    with tab.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        data = Edge.data.menu(width=150)
        network = Edge.network.menu(width=170)
        pair = Edge.pair.menu(width=240)
        activation = Edge.activation.segments()
        seed = int(Edge.seed.show(width=160))
    return data, network, pair, activation, seed


def trouble(runs: list[lv.EdgeRun]) -> str:
    """What to say of runs that flew apart; nothing if none did."""
    gone = [(name, run) for name, run in zip(lv.figures.edge_names(runs), runs, strict=True) if run.why]
    return " ".join(f"**{name}**: {run.why.replace(' x ', ' × ')}." for name, run in gone)


def formulas(pair: str) -> str:
    rows = [lv.LOSSES[name] for name in pair.split(", ")]
    return "\n\n".join(f"**{row.name}**: $\\displaystyle {row.formula}$, {row.convention}." for row in rows)


def show() -> None:
    drawing, transport, convention, tries = (st.container() for _ in range(4))
    with transport:
        step = int(axis_slider(Edge.step, playable=8))
    with tries:
        pills = st.container()
        with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
            rate = Edge.rate.select_slider(width=420)
            optimizer = Edge.optimizer.menu(width=180)
    tabs = Tabs("Set up")
    data, network, pair, activation, seed = setup(tabs["Set up"])
    with pills:
        presets("edge_try", TRIES, (*Edge.network_controls, *Edge.setup))
    names: Names = (data, network, pair, rate, optimizer, activation, seed)
    with drawing:
        body = stoppable("edge", names, lambda: picture(names, STEPS), "This cannot be trained")
        if body is None:
            return
        runs = trained(names, STEPS)
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
        raw = " Squared error on the raw output." if pair.startswith("mse,") else ""
        what = (
            "Sharpness: largest eigenvalue of the Hessian, each weight measured in its own step."
            if runs[0].preconditioned
            else "Sharpness: largest eigenvalue of the Hessian."
        )
        caption(
            f"One network 2-{hidden}-1, {activation}, {runs[0].weights} weights; "
            f"{lv.DATASETS[data].label.lower()}, 80 points, all of them in every step. {what} "
            f"Lines: means of two steps; pale: every step.{raw}"
        )
        if trouble(runs):
            st.markdown(trouble(runs))

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
        .replace("LOSSES", formulas(pair)),
        code=f"""import lossviz as lv

runs = lv.stability.edge_runs(
    "{data}", "{network}", losses={pair.split(", ")}, lr={rate}, optimizer="{optimizer}",
    steps={STEPS}, activation="{activation}", seed={seed},
)
figure = lv.figures.edge(runs, at={step})""",
        controls=(Edge.view, *Edge.network_controls, *Edge.setup),
        files=[
            File(
                "Page (HTML)",
                "edge.html",
                "text/html",
                lambda: lv.figures.standalone(lv.figures.edge(runs, at=step, every=EVERY), "step"),
            ),
            File("Numbers (CSV)", "edge.csv", "text/csv", numbers),
        ],
        picture="edge_sharpness",
    )
