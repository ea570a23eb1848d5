"""Losses with their settings as plain tuples, the keys of caches; as rows; and as code."""

from __future__ import annotations  # names of lv would load torch before the title is shown

from collections.abc import Iterable, Mapping

import lossviz as lv

Chosen = tuple[tuple[str, tuple[tuple[str, float], ...]], ...]  # (name, settings) of each loss


def chosen(names: Iterable[str], settings: Mapping[str, Mapping[str, float]]) -> Chosen:
    """Each loss with its settings."""
    return tuple((name, tuple(settings.get(name, {}).items())) for name in names)


def row(name: str) -> lv.Loss:
    """The row of a loss, also of one that cannot be trained on."""
    return lv.losses.NONDIFFERENTIABLE[name] if name in lv.losses.NONDIFFERENTIABLE else lv.LOSSES[name]


def label_of(name: str) -> str:
    """What a loss is called in a control, without the values of its settings."""
    loss = row(name)
    return loss.common_name or loss.label if loss.task == "regression" else loss.label


def rows(losses: Chosen) -> list[lv.Loss]:
    """The rows of the losses, with their settings."""
    return [row(name).set(**dict(values)) for name, values in losses]


def code_of(losses: Chosen) -> str:
    """The list of these losses, as Python code."""
    parts = []
    for name, values in losses:
        if not values:
            parts.append(f'"{name}"')
            continue
        registry = "losses.NONDIFFERENTIABLE" if name in lv.losses.NONDIFFERENTIABLE else "LOSSES"
        arguments = ", ".join(f"{setting}={value:g}" for setting, value in values)
        parts.append(f'lv.{registry}["{name}"].set({arguments})')
    lines = "".join(f"    {part},\n" for part in parts)
    return f"[\n{lines}]"


def formulas_of(losses: Chosen) -> str:
    """A line of Markdown for each loss: its formula, convention and source."""
    return "\n\n".join(
        f"**{loss.label}**: $\\displaystyle {loss.formula}$, {loss.convention}. *{loss.source}.*"
        for loss in rows(losses)
    )
