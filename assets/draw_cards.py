"""Draws the pictures on Home: `python assets/draw_cards.py` (needs the extra `drawing`).

Each is its page's own picture without words: the numbers are computed here, by lossviz, and nothing is
drawn by hand. A colour is written ``light-dark(day, night)``: an image's colours follow the color-scheme of
the element that shows it, so that one file serves both themes.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np
from contourpy import FillType, LineType, contour_generator

import lossviz as lv
from lossviz.common.typing import Floats
from lossviz.figures.base.style import AXIS, FAMILY_STYLES, INK, MUTE, PANEL, RAMP, LineStyle
from lossviz.figures.base.themes import DARK
from lossviz.pages import discover

WIDTH, HEIGHT = 344, 160
LOSSES = ("sigmoid-mse", "sigmoid-ce")
STYLES = (FAMILY_STYLES["squared"], FAMILY_STYLES["logarithm"])
LEVELS = np.arange(-1.5, 3.5, 0.5)  # log2 of the loss in units of always guessing 1/2


def themed(colour: str) -> str:
    return f"light-dark({colour},{DARK[colour]})"


def simple(points: Floats, within: float = 0.05) -> Floats:
    """The fewest of the points that stay within so many pixels of the line through all of them."""
    if len(points) < 3:
        return points
    chord = points[-1] - points[0]
    away = points - points[0]
    length = np.hypot(*chord)
    far = np.abs(chord[0] * away[:, 1] - chord[1] * away[:, 0]) / length if length else np.hypot(*away.T)
    middle = int(far.argmax())
    if far[middle] <= within:
        return points[[0, -1]]
    return np.concatenate([simple(points[: middle + 1], within)[:-1], simple(points[middle:], within)])


def path(points: Floats, closed: bool = False) -> str:
    """The data of an SVG path, in tenths of a pixel."""
    steps = " ".join(f"{x:.1f},{y:.1f}".replace(".0", "") for x, y in simple(points))
    return f"M{steps}{'Z' if closed else ''}"


def stroke(data: str, colour: str, width: float, dash: str = "none", opacity: float = 1) -> str:
    return (
        f'<path d="{data}" fill="none" stroke-linejoin="round" stroke-width="{width:g}" '
        f'stroke-opacity="{opacity:g}" stroke-dasharray="{dash}" style="stroke:{colour}"/>'
    )


def dash_of(mark: LineStyle, on: float, off: float) -> str:
    """Solid or dashed, as everywhere; the dashes of a small picture are shorter."""
    return "none" if mark.dash == "solid" else f"{on:g},{off:g}"


def dot(x: float, y: float, radius: float, fill: str, rim: str, width: float) -> str:
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" stroke-width="{width:g}" '
        f'style="fill:{fill};stroke:{rim}"/>'
    )


def svg(parts: Iterable[str]) -> str:
    """A picture that says nothing to a screen reader: the question below it does."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true" '
        'focusable="false" style="color-scheme:light dark">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" style="fill:{themed(PANEL)}"/>'
        f"{''.join(parts)}</svg>\n"
    )


def onto(x: Floats, y: Floats, low: tuple[float, float], high: tuple[float, float]) -> Floats:
    """Data into pixels: `low` and `high` are the corners of the data, 22 px inside the picture."""
    share = (np.stack([x, y], axis=-1) - low) / (np.asarray(high) - low)
    return np.stack([22 + share[:, 0] * (WIDTH - 44), HEIGHT - 20 - share[:, 1] * (HEIGHT - 44)], axis=-1)


def two_curves(lines: Sequence[np.ndarray], points: Sequence[np.ndarray]) -> str:
    """A curve for each loss, and a point on each at the same place."""
    at = points[0][0]
    return svg(
        [
            stroke(path(np.array([[at, 14], [at, HEIGHT - 8]])), themed(AXIS), 1.4),
            *(
                stroke(path(line), themed(look.line), 4, dash_of(look, 9, 5))
                for line, look in zip(lines, STYLES, strict=True)
            ),
            *(
                dot(x, y, 8.5, themed(look.line), themed(PANEL), 3)
                for (x, y), look in zip(points, STYLES, strict=True)
            ),
        ]
    )


def start_here(at: float = 0.2) -> str:
    """What one prediction costs: both losses against the prediction, and a point on each."""
    curves = lv.losses.loss_curves(LOSSES, "probability", y=1.0)
    corners = (0.0, 0.0), (1.0, 3.2)
    lines = [onto(curves.x, value, *corners) for value in curves.value]
    lines = [line[line[:, 1] >= 10] for line in lines]
    here = [onto(np.array([at]), np.interp([at], curves.x, value), *corners)[0] for value in curves.value]
    return two_curves(lines, here)


def glossary() -> str:
    """The curve of a sigmoid between its two limits: a term, as its formula is drawn."""
    z = np.linspace(-7, 7, 281)
    corners = (-7.0, -0.05), (7.0, 1.05)
    limits = [onto(z[[0, -1]], np.full(2, level), *corners) for level in (0.0, 1.0)]
    curve = onto(z, 1 / (1 + np.exp(-z)), *corners)
    middle = curve[len(z) // 2]
    return svg(
        [
            *(stroke(path(line), themed(AXIS), 1.4, "3,4") for line in limits),
            stroke(path(curve), themed(INK), 3.6),
            dot(*middle, 8, themed(INK), themed(PANEL), 3),
        ]
    )


def stuck_neuron(at: float = 4.5) -> str:
    """The slope that the logit feels, for target 0: one climbs to 1, one comes back to nothing."""
    facts = lv.neuron.logit_curves(LOSSES, y=0.0, z=np.linspace(-8, 8, 641))
    corners = (facts.z[0], 0.0), (facts.z[-1], 1.0)
    lines = [onto(facts.z, slope, *corners) for slope in facts.gradient]
    here = [line[np.abs(facts.z - at).argmin()] for line in lines]
    return two_curves(lines, here)


def two_weights(model: str = "noisy-step", start: tuple[float, float] = (5.0, -8.0), steps: int = 200) -> str:
    """The two maps: the same start is stuck on one plateau and arrives on the other map."""
    gap = 4.0
    wide = (WIDTH - gap) / 2
    runs = lv.neuron.trajectories(model, LOSSES, start, "sgd", 1.0, steps)
    parts: list[str] = []
    for i, (loss, run, look) in enumerate(zip(LOSSES, runs, STYLES, strict=True)):
        plane = lv.neuron.loss_grid(model, loss, span=10.0 * wide / HEIGHT, points=161)
        rows = np.abs(plane.b) <= 10.0 + 0.5 * (plane.b[1] - plane.b[0])
        scale = wide / np.ptp(plane.a)

        def pixels(points: Floats, left: float = i * (wide + gap), scale: float = scale) -> Floats:
            across = left + wide / 2 + scale * points[..., 0]
            return np.stack([across, HEIGHT / 2 - scale * points[..., 1]], axis=-1)

        parts += filled_contours(
            plane.a, plane.b[rows], np.log2(np.clip(plane.relative_loss[rows], 1e-3, None)), pixels
        )
        way = pixels(run.weights)
        own = f"light-dark({look.line},{look.line})"  # a map is as bright at night as by day
        parts += [
            stroke(path(way), "#fff", 6.5),
            stroke(path(way), own, 3.6),
            *([dot(*way[0], 5, "#fff", own, 3)] if np.hypot(*(way[-1] - way[0])) > 16 else []),
            dot(*way[-1], 8, own, "#fff", 2.6),
        ]
    return svg(parts)


def filled_contours(a: Floats, b: Floats, z: Floats, pixels: Callable[[Floats], Floats]) -> list[str]:
    """Bands of colour, each painted over the one below it, with a hairline where the next begins."""
    contours = contour_generator(a, b, z, fill_type=FillType.OuterOffset, line_type=LineType.Separate)
    corners = pixels(np.array([[a[0], b[-1]], [a[-1], b[0]]]))
    box = np.array([corners[0], [corners[1, 0], corners[0, 1]], corners[1], [corners[0, 0], corners[1, 1]]])
    parts = [f'<path d="{path(box, closed=True)}" style="fill:{themed(RAMP[0])}"/>']
    for level, colour in zip(LEVELS, RAMP[1:], strict=True):
        rings = [
            path(pixels(points[begin:end]), closed=True)
            for points, offsets in zip(*contours.filled(level, np.inf), strict=True)
            for begin, end in pairwise(offsets)
        ]
        if rings:
            parts.append(f'<path fill-rule="evenodd" d="{"".join(rings)}" style="fill:{themed(colour)}"/>')
        lines = "".join(path(pixels(line)) for line in contours.lines(level))
        if lines:
            heavy = level == 0
            parts.append(
                stroke(lines, INK if heavy else "#fff", 1.4 if heavy else 0.5, opacity=0.9 if heavy else 0.4)
            )
    return parts


def race(seeds: int = 6, steps: int = 260) -> str:
    """One network on real data from six starts with large output weights: its Brier score."""
    run = lv.train(
        "breast-cancer", "mlp-16-16", LOSSES, lr=0.005, seeds=seeds, steps=steps, init_gain=20, record_every=1
    )
    corners = (0.0, 0.0), (steps, run.brier.max())
    return svg(
        stroke(path(onto(run.steps, score, *corners)), themed(look.line), 2.8, dash_of(look, 7, 4))
        for i, look in enumerate(STYLES)
        for score in run.brier[i]
    )


def landscape() -> str:
    """A training's way down, on the plane that holds most of it."""
    look = lv.landscape.plane_fidelity(
        lv.landscape.record_training("moons", "mlp-16-16", "sigmoid-ce"), "path", points=81
    )
    a, b = look.surface.a, look.surface.b
    height = np.ptp(a) * HEIGHT / WIDTH
    middle = 0.5 * (look.path.b.min() + look.path.b.max())
    rows = np.abs(b - middle) <= 0.5 * height + (b[1] - b[0])
    scale = WIDTH / np.ptp(a)

    def pixels(points: Floats) -> Floats:
        return np.stack(
            [scale * (points[..., 0] - a[0]), HEIGHT / 2 - scale * (points[..., 1] - middle)], axis=-1
        )

    way = pixels(np.stack([look.path.a, look.path.b], axis=-1))
    blue = STYLES[1].line
    return svg(
        [
            *filled_contours(a, b[rows], np.log2(np.clip(look.relative_loss[rows], 1e-3, None)), pixels),
            stroke(path(way), "#fff", 6.5),
            stroke(path(way), blue, 3.6),
            dot(*way[0], 5, "#fff", blue, 3),
            dot(*way[-1], 8, blue, "#fff", 2.6),
        ]
    )


def edge_of_stability(lr: float = 0.7, tallest: float = 1.9) -> str:
    """The sharpness of two networks in training: it climbs to the edge, and stays."""
    runs = lv.stability.edge_runs("xor", "mlp-12-12", LOSSES, lr)
    steps = np.arange(len(runs[0].loss), dtype=np.float64)
    corners = (0.0, 0.0), (steps[-1], tallest)
    level = onto(steps[[0, -1]], np.ones(2), *corners)
    curves = [onto(steps, np.minimum(run.smoothed_sharpness / run.edge, tallest), *corners) for run in runs]
    return svg(
        [
            stroke(path(level), themed(INK), 1.8),
            *(
                stroke(path(curve), themed(look.line), 3.4, dash_of(look, 8, 5))
                for curve, look in zip(curves, STYLES, strict=True)
            ),
        ]
    )


def likelihood(at: float = -0.4) -> str:
    """A hill over seven dots, and the valley that it becomes when it is turned over."""
    found = lv.likelihood.sample_likelihood("gaussian", [-0.2, 0.4, 0.6, 0.9, 1.3, 1.7, 2.3])
    here = int(np.abs(found.parameter - at).argmin())
    look, middle = STYLES[0], HEIGHT / 2

    def pixels(x: Floats, nats: Floats, top: float) -> Floats:
        return np.stack([22 + (x + 3) / 8 * (WIDTH - 44), top - 13 * nats], axis=-1)

    def seen(line: Floats, low: float, high: float) -> Floats:
        return line[(line[:, 1] >= low) & (line[:, 1] <= high)]

    hill = pixels(found.outcomes, found.log_density[here], 4)
    feet = pixels(found.sample, np.full(7, -5.1), 4)
    tops = pixels(found.sample, -found.nll[:, here], 4)
    valley = pixels(found.fine_parameter, found.fine_nll.mean(axis=0), HEIGHT)
    mark = pixels(found.parameter[[here]], found.mean_nll[[here]], HEIGHT)[0]
    stems = "".join(path(np.array(pair)) for pair in zip(feet, tops, strict=True))
    dash = dash_of(look, 9, 5)
    return svg(
        [
            stroke(stems, themed(INK), 1.4),
            stroke(path(seen(hill, 8, middle - 8)), themed(look.line), 4, dash),
            stroke(path(seen(valley, middle + 6, HEIGHT)), themed(look.line), 4, dash),
            *(dot(x, y, 3.6, themed(INK), themed(PANEL), 1.6) for x, y in tops),
            *(dot(x, y, 3.6, themed(MUTE), themed(PANEL), 1) for x, y in feet),
            dot(*mark, 8.5, themed(look.line), themed(PANEL), 3),
        ]
    )


def numbers() -> str:
    """What each example adds to a score; hollow is what a tutorial leaves out."""
    found = lv.metrics.score_terms("binary-cross-entropy", "1 0 1 0 0 1", "0.9 0.2 0.4 0.95 0.1 0.7")
    colour = themed(STYLES[1].line)
    bars = []
    for i, (term, omitted) in enumerate(zip(found.terms, found.omitted, strict=True)):
        wide, filled = (WIDTH - 44) * term / found.terms.max(), 0.13 if omitted else 1
        bars.append(
            f'<rect x="22" y="{17 + 22 * i}" width="{wide:.1f}" height="16" stroke-width="2" '
            f'fill-opacity="{filled}" style="fill:{colour};stroke:{colour}"/>'
        )
    return svg(bars)


def gallery(far: float = 72.0) -> str:
    """Two valleys over the same nine numbers: the mean runs after the far point, the median stays."""
    facts = lv.losses.outlier_location(["mse", "mae"], outlier_y=[far])
    left, right = 18, WIDTH - 18

    def across(minutes: float | Floats) -> Floats:
        return left + (np.asarray(minutes) - 10) / 70 * (right - left)

    parts = []
    for lane, (look, dash) in enumerate(
        ((FAMILY_STYLES["squared"], "9,5"), (FAMILY_STYLES["absolute"], "3,4"))
    ):
        floor, top = 58 + 56 * lane, 44
        height = (facts.loss[lane, 0] / facts.best_loss[lane, 0] - 1) * 0.85 * top
        seen = height <= top
        valley = np.stack([across(facts.constants), floor - height], axis=-1)[seen]
        ball, home = across(facts.best[lane, 0]), across(facts.inlier_best[lane])
        parts += [
            stroke(path(np.array([[left, floor], [right, floor]])), themed(AXIS), 1, opacity=0.5),
            stroke(path(valley), themed(look.line), 3.4, dash),
            stroke(path(np.array([[home, floor + 9], [ball, floor + 9]])), themed(look.line), 2.4),
            dot(float(home), floor + 9, 3.6, themed(PANEL), themed(look.line), 2),
            dot(float(ball), floor, 7, themed(look.line), themed(PANEL), 2),
        ]
    parts += [dot(float(across(x)), 146, 3.6, themed(MUTE), "none", 0) for x in facts.y]
    return svg([*parts, dot(float(across(far)), 146, 7.5, themed(INK), themed(PANEL), 2)])


def metric(seed: int = 0) -> str:
    """The loss above, the accuracy below, with rings where each is best: not at the same step."""
    history = lv.metrics.score_history(lv.metrics.ScoreSettings("digits", seed=seed))
    parts = []
    rows = (
        (history.loss, history.best_record(), FAMILY_STYLES["logarithm"].line, 10, 70),
        (history.scores["accuracy"], history.best_record("accuracy"), INK, 92, 148),
    )
    first = int(np.argmax(history.loss < 1.3 * history.loss.min()))
    for values, best, colour, top, floor in rows:
        low, high = values[first:].min(), values[first:].max()
        x = 18 + history.steps / history.steps[-1] * (WIDTH - 36)
        y = floor - (values - low) / (high - low) * (floor - top)
        inside = (y >= 0) & (y <= floor + 8)
        parts += [
            stroke(path(np.stack([x, y], axis=-1)[inside]), themed(colour), 3.6),
            dot(float(x[best]), float(y[best]), 7, themed(PANEL), themed(colour), 3),
        ]
    return svg(parts)


def output_codes(classes: int = 8) -> str:
    """The words of eight classes: three neurons each, or one neuron a class."""
    parts = []
    for name, left, apart, radius in (("binary", 62, 22, 7.5), ("one-hot", 178, 17.5, 6)):
        for row, word in enumerate(lv.codes.CODES[name].code(classes).bits):
            parts += [
                dot(left + apart * k, 20 + 17 * row, radius, themed(INK if bit else PANEL), themed(INK), 1.6)
                for k, bit in enumerate(word)
            ]
    return svg(parts)


DRAWN = (
    start_here,
    glossary,
    stuck_neuron,
    two_weights,
    race,
    landscape,
    edge_of_stability,
    gallery,
    likelihood,
    numbers,
    metric,
    output_codes,
)


def main() -> None:
    """Write the card of every page that a function here is named after, and name the pages without one."""
    pages = {page.name: page for page in discover() if page.section}
    for name in pages.keys() - {draw.__name__ for draw in DRAWN}:
        print(f"{name}: no function of that name draws its card")
    for draw in DRAWN:
        pages[draw.__name__].card.write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
