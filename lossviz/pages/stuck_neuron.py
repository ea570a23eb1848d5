"""Stuck neuron: why does a neuron learn slowest when it is most wrong?"""

import streamlit as st

import lossviz as lv
from lossviz.ui import files
from lossviz.ui.chart import chart, packed
from lossviz.ui.controls import presets
from lossviz.ui.declared import Neuron
from lossviz.ui.page import File, Tabs, footer, heading, page, rail, small
from lossviz.ui.texts import text

SENTENCES = {
    "Slope": "Drag the point to where the neuron is sure and wrong. Watch its slope.",
    "Learning curve": "Play. Both neurons start alike and see the same example.",
    "Escape time": "Drag the start. Each step to the right, squared error takes 2.7 times as long.",
}
STARTS = [k / 2 for k in range(1, 29)]


def squared(half: bool) -> str:
    return "sigmoid-half-mse" if half else "sigmoid-mse"


def curves(target: str, half: bool) -> lv.LogitCurves:
    return lv.logit_curves([squared(half), "sigmoid-ce"], y=float(target))


@st.cache_data(max_entries=8, show_spinner=False)
def slope_picture(target: str, half: bool) -> str:
    facts = curves(target, half)
    at = Neuron.z.default if target == "0" else -Neuron.z.default
    return packed(lambda narrow: lv.figures.slopes(facts, at=at, narrow=narrow))


def runs(w: float, b: float, rate: str, own: str, widget: bool) -> list[lv.Descent]:
    rates = float(rate), float(rate if own == "the same" else own)
    steps = int(Neuron.step.high)
    both = [
        lv.descend(loss, w=w, b=b, lr=lr, steps=steps)
        for loss, lr in zip(("sigmoid-half-mse", "sigmoid-ce"), rates, strict=True)
    ]
    return [*both, lv.descend_widget(w=w, b=b, lr=rates[1], steps=steps)] if widget else both


@st.cache_data(max_entries=64, show_spinner=False)
def curve_picture(w: float, b: float, rate: str, own: str, widget: bool) -> str:
    facts = runs(w, b, rate, own, widget)
    at = int(Neuron.step.default)
    return packed(lambda narrow: lv.figures.descents(facts, at=at, every=2, narrow=narrow))


@st.cache_data(max_entries=16, show_spinner="Running neurons until they escape …")
def escapes(rate: str) -> dict[str, list[lv.EscapeTime]]:
    return {
        loss: lv.escape_times(loss, STARTS, lr=float(rate)) for loss in ("sigmoid-half-mse", "sigmoid-ce")
    }


@st.cache_data(max_entries=16, show_spinner=False)
def escape_picture(rate: str) -> str:
    times = escapes(rate)
    at, lr = Neuron.z0.default, float(rate)
    return packed(lambda narrow: lv.figures.escape(STARTS, times, at=at, lr=lr, narrow=narrow))


def slope_view() -> None:
    picture, below = st.container(gap="small"), st.container(gap="small")
    with picture:
        drawing = st.container()
        z = rail(Neuron.z)
    with below.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        tries = st.container(width="content")
        target = Neuron.target.segments()
        half = Neuron.half.show()
    with tries:
        sign = 1 if target == "0" else -1
        table = {"Undecided": 0.0, "Wrong": 4.0, "Very wrong": 6.0, "Hopeless": 8.0}
        keep = {Neuron.target.key: target, Neuron.half.key: half}
        presets(
            "neuron_try",
            {k: {Neuron.z.key: sign * v} | keep for k, v in table.items()},
            Neuron.slope_controls,
        )
    with drawing:
        chart(
            slope_picture(target, half),
            key="neuron_slope",
            follow=Neuron.z.key,
            alt="Loss, slope and curvature of squared error and cross-entropy against the logit. Where the neuron "
            "is sure and wrong, squared error is flat and cross-entropy climbs in a straight line.",
        )
    convention = "(*p* − *y*)² / 2" if half else "(*p* − *y*)²"
    with picture:
        small(
            f"*p* = sigmoid(*z*), target *y* = {target}. Squared error is {convention}; cross-entropy is in nats. "
            "Tinted: squared error bends down."
        )
    facts = curves(target, half)

    def numbers() -> str:
        table = {"z": facts.z}
        for i, loss in enumerate(facts.losses):
            table |= {f"{loss} value": facts.value[i], f"{loss} gradient": facts.gradient[i]}
            table |= {f"{loss} curvature": facts.curvature[i]}
        return files.columns(table)

    def html() -> str:
        return lv.figures.standalone(lv.figures.slopes(facts, at=z, every=2), "logit z =")

    Tabs().fill(
        see=text("neuron_slope_see"),
        maths=text("neuron_slope_maths"),
        code=f"""import lossviz as lv

curves = lv.logit_curves(["{squared(half)}", "sigmoid-ce"], y={float(target)})
figure = lv.figures.slopes(curves, at={z:g})""",
        controls=(Neuron.view, *Neuron.slope_controls),
        files=[
            File("Page (HTML)", "slope.html", "text/html", html),
            File("Numbers (CSV)", "slope.csv", "text/csv", numbers),
        ],
        picture="neuron_slope",
    )


def curve_view() -> None:
    picture, below = st.container(gap="small"), st.container(gap="small")
    with picture:
        drawing = st.container()
        step = int(rail(Neuron.step, playable=6))
        convention = st.container()
    with below:
        tries = st.container()
        with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
            w = Neuron.w.show(width=200)
            b = Neuron.b.show(width=200)
            rate = Neuron.rate.ladder(width=200)
            own = Neuron.own.menu(width=200)
            widget = Neuron.widget.show()
    with tries:
        presets(
            "neuron_curve_try",
            {
                "Wrong": {"neuron_w": 0.6, "neuron_b": 0.9, "neuron_step": 50},
                "Very wrong": {},
                "Rates of the book": {"neuron_own": "0.005"},
                "The book’s widget": {"neuron_own": "0.005", "neuron_widget": True, "neuron_step": 60},
            },
            Neuron.curve_controls,
        )
    settings = (w, b, rate, own, widget)
    with drawing:
        chart(
            curve_picture(*settings),
            key="neuron_curve",
            follow=Neuron.step.key,
            alt="The outputs of two neurons that descend from the same start, one under squared error and one "
            "under cross-entropy, over 300 steps.",
        )
    other = rate if own == "the same" else own
    with convention:
        small(
            f"One sigmoid neuron, input 1, target 0, *w* = {w:g}, *b* = {b:g}. Squared error is (*a* − *y*)² / 2 at "
            f"learning rate {rate}, cross-entropy at {other}."
        )
    facts = runs(*settings)

    def numbers() -> str:
        table: dict[str, object] = {"step": range(len(facts[0].output))}
        for name, run in zip(("squared error", "cross-entropy", "widget"), facts, strict=False):
            table |= {
                f"{name} w": run.w,
                f"{name} b": run.b,
                f"{name} output": run.output,
                f"{name} loss": run.loss,
            }
        return files.columns(table)  # type: ignore[arg-type]

    code = f"""import lossviz as lv

slow = lv.descend("sigmoid-half-mse", w={w:g}, b={b:g}, lr={rate}, steps=300)
fast = lv.descend("sigmoid-ce", w={w:g}, b={b:g}, lr={other}, steps=300)
"""
    if widget:
        code += (
            f"drawn = lv.descend_widget(w={w:g}, b={b:g}, lr={other}, steps=300)  # not gradient descent\n"
        )
    code += f"figure = lv.figures.descents([slow, fast{', drawn' if widget else ''}], at={step})"
    Tabs().fill(
        see=text("neuron_curve_see"),
        maths=text("neuron_curve_maths"),
        code=code,
        controls=(Neuron.view, *Neuron.curve_controls),
        files=[
            File(
                "Page (HTML)",
                "descent.html",
                "text/html",
                lambda: lv.figures.standalone(lv.figures.descents(facts, at=step, every=10), "step"),
            ),
            File("Numbers (CSV)", "descent.csv", "text/csv", numbers),
        ],
        picture="neuron_curve",
    )


def escape_view() -> None:
    picture, below = st.container(gap="small"), st.container(gap="small")
    with picture:
        drawing = st.container()
        z0 = rail(Neuron.z0)
        convention = st.container()
    with below.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        tries = st.container(width="content")
        rate = Neuron.rate.ladder(width=260)
    with tries:
        table = {"Mildly wrong": 1.0, "Wrong": 4.0, "Very wrong": 8.0, "Hopeless": 14.0}
        keep = {Neuron.rate.key: rate}
        presets(
            "neuron_escape_try",
            {k: {Neuron.z0.key: v} | keep for k, v in table.items()},
            Neuron.escape_controls,
        )
    times = escapes(rate)
    with drawing:
        chart(
            escape_picture(rate),
            key="neuron_escape",
            follow=Neuron.z0.key,
            alt="Steps until a wrong neuron is undecided, against how wrong it starts, on a logarithmic axis. "
            "Squared error rises in a straight line: exponentially. Cross-entropy stays below a hundred.",
        )
    with convention:
        small(
            f"Input 1, target 0, *w* = *b* = *z*₀ / 2, both learning, rate {rate}, until the output is ½. Squared error "
            "has the ½. Dots: gradient descent, run. Lines: the formula for tiny steps."
        )
    losses = list(times)

    def numbers() -> str:
        table: dict[str, object] = {"z0": STARTS}
        for loss in losses:
            table |= {f"{loss} steps": [t.steps for t in times[loss]]}
            table |= {f"{loss} closed form": [t.closed_form for t in times[loss]]}
        return files.columns(table)  # type: ignore[arg-type]

    Tabs().fill(
        see=text("neuron_escape_see"),
        maths=text("neuron_escape_maths"),
        code=f"""import lossviz as lv

starts = [k / 2 for k in range(1, 29)]
times = {{loss: lv.escape_times(loss, starts, lr={rate}) for loss in {losses}}}
figure = lv.figures.escape(starts, times, at={z0:g}, lr={rate})""",
        controls=(Neuron.view, *Neuron.escape_controls),
        files=[
            File(
                "Page (HTML)",
                "escape.html",
                "text/html",
                lambda: lv.figures.standalone(
                    lv.figures.escape(STARTS, times, at=z0, lr=float(rate)), "start"
                ),
            ),
            File("Numbers (CSV)", "escape.csv", "text/csv", numbers),
        ],
        picture="neuron_escape",
    )


with page():
    view = heading("Why does the most wrong neuron learn slowest?", SENTENCES, Neuron.view)
    {"Slope": slope_view, "Learning curve": curve_view, "Escape time": escape_view}[view]()
    footer()
