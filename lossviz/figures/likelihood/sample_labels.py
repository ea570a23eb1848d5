"""Labels of the figure of a sample's likelihood: relative likelihood, loss, parameter, and names."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from lossviz.figures.base.number_format import number, power_of_ten
from lossviz.figures.base.style import (
    INK,
    MUTE,
    SERIF,
    loss_style,
    note,
    under_axis,
    y_axis_title,
)
from lossviz.likelihood.sample import SampleLikelihood

PANEL_WIDTH = 0.79  # of the panels, as a share of the figure's; the numbers stand to the right
CORNER: Mapping[str, Any] = MappingProxyType(
    {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top"}
)


def relative_likelihood_text(ratio: float) -> str:
    """A relative likelihood in percent, or as a power of ten below a millionth."""
    if ratio >= 0.9995:
        return "100 %"
    if ratio >= 1e-6:
        return f"{100 * ratio:.{3 if ratio >= 0.1 else 2}g} %"
    if ratio == 0:
        return "0 %"
    return f"10{power_of_ten(math.floor(math.log10(ratio)))}"


def frame_labels(result: SampleLikelihood, k: int, narrow: bool) -> list[dict[str, Any]]:
    """The labels that change with the parameter: relative likelihood, loss and parameter, at the k-th."""
    first = {"size": 34 if narrow else 38, "family": SERIF, "color": INK}
    second = {"size": 24, "family": SERIF, "color": loss_style(result.noise.loss).text}
    upper: dict[str, Any] = {"x": PANEL_WIDTH, "y": 0.94, "xshift": 24}
    lower: dict[str, Any] = {"x": PANEL_WIDTH, "y": 0.375, "xshift": 24}
    if narrow:
        upper = {"x": 0, "y": 1, "xshift": -50, "yshift": 78}
        lower = {"x": 0.53, "y": 1, "yshift": 76}
    return [
        note(
            f"<b>{relative_likelihood_text(float(result.relative_likelihood[k]))}</b>",
            font=first,
            **CORNER,
            **upper,
        ),
        note(f"<b>{number(float(result.mean_nll[k]))}</b>", font=second, **CORNER, **lower),
        under_axis(_parameter_text(result, k), x=0.5 if narrow else PANEL_WIDTH / 2),
    ]


def _parameter_text(result: SampleLikelihood, k: int) -> str:
    """The parameter's name and its k-th value."""
    noise, t = result.noise, float(result.parameter[k])
    digits = 2 if noise.support == "classes" else 1
    return f"{noise.parameter_label} {noise.symbol} = {t:.{digits}f}".replace("-", "−")


def static_labels(result: SampleLikelihood, log_scale: bool, narrow: bool) -> list[dict[str, Any]]:
    """The labels that do not change: the noise distribution, its loss, and the units of their numbers."""
    noise = result.noise
    name = {"size": 17 if narrow else 19, "color": loss_style(noise.loss).text}
    noise_name, loss_name = f"<b>{noise.label} noise</b>", f"<b>{noise.loss_label}</b>"
    best = f"at the best {noise.symbol}"
    count = len(result.sample)
    axes = [
        y_axis_title("density" if noise.support == "real" else "probability"),
        y_axis_title("−ln p, in nats", 2),
    ]
    if narrow:
        small: dict[str, Any] = {"font": {"size": 15, "color": MUTE}, **CORNER}
        return [
            note(noise_name, 0, 1, font=name, xshift=-50, yshift=102, **CORNER),
            note(f"as likely as {best}", 0, 1, xshift=-50, yshift=34, **small),
            note(loss_name, 0.53, 1, font=name, yshift=102, **CORNER),
            note(f"nats, mean of {count}", 0.53, 1, yshift=46, **small),
            *axes,
        ]
    at: dict[str, Any] = {"x": PANEL_WIDTH, "xshift": 24, **CORNER}
    mirrored = noise.support == "real" and log_scale  # the density itself is not its logarithm upside down
    black = "−log density<br>of the ringed point" if mirrored else "loss of<br>the ringed point"
    return [
        note(noise_name, y=1, font=name, **at),
        note(f"as likely as<br>{best}", y=0.81, **at),
        note(loss_name, y=0.44, font=name, **at),
        note(f"nats per example,<br>mean of {count}", y=0.3, **at),
        note(f"black: {black}", y=0.15, **at, font={"size": 16, "color": INK}),
        *axes,
    ]
