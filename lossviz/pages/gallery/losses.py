"""Losses with their settings as a page names them: a key for a cache, rows for the core, and code."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Iterable, Mapping

import lossviz as lv

Chosen = tuple[tuple[str, tuple[tuple[str, float], ...]], ...]  # (name, its settings) for each loss


def chosen(names: Iterable[str], settings: Mapping[str, Mapping[str, float]]) -> Chosen:
    """The losses with those of the settings that are theirs."""
    return tuple((name, tuple(settings.get(name, {}).items())) for name in names)


def row(name: str) -> lv.Loss:
    return lv.losses.NONDIFFERENTIABLE[name] if name in lv.losses.NONDIFFERENTIABLE else lv.LOSSES[name]


def rows(losses: Chosen) -> list[lv.Loss]:
    return [row(name).set(**dict(values)) for name, values in losses]


def code_of(losses: Chosen) -> str:
    """The list of these losses, as one writes it."""
    parts = []
    for name, values in losses:
        if not values:
            parts.append(f'"{name}"')
            continue
        home = "losses.NONDIFFERENTIABLE" if name in lv.losses.NONDIFFERENTIABLE else "LOSSES"
        told = ", ".join(f"{setting}={value:g}" for setting, value in values)
        parts.append(f'lv.{home}["{name}"].set({told})')
    lines = "".join(f"    {part},\n" for part in parts)
    return f"[\n{lines}]"


def formulas_of(losses: Chosen) -> str:
    """A line of Markdown for each loss: its formula, what that leaves open, and its source."""
    return "\n\n".join(
        f"**{loss.label}**: $\\displaystyle {loss.formula}$, {loss.convention}. *{loss.source}.*"
        for loss in rows(losses)
    )
