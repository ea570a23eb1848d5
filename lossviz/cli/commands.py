"""What the commands do once their arguments are read."""

from __future__ import annotations  # a name of lv loads torch: not for `lossviz app`

import argparse
import csv
import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import lossviz as lv
from lossviz.cli.output import check_output, write_picture, writing
from lossviz.cli.problem import load_problem
from lossviz.common.app_files import app_folder

PLANES = ("filter", "layer", "none", "hessian", "pca", "interpolation")


def app(options: list[str]) -> int:
    """Open the app with Streamlit, which is given the options."""
    if importlib.util.find_spec("streamlit") is None:
        raise ValueError("the app needs Streamlit: pip install 'lossviz[app]'")
    script = app_folder() / "app.py"
    return subprocess.call([sys.executable, "-m", "streamlit", "run", str(script), *options])


def surface(options: argparse.Namespace) -> int:
    """Compute a surface and write it to a file."""
    check_output(options.out, ".npz")
    _check_count(options.plane, len(options.checkpoints))
    model, loss_fn, data = load_problem(options.function)
    result = lv.surface(
        model,
        loss_fn,
        data,
        _plane(options, model, loss_fn, data),
        options.span,
        options.points,
        max_batches=options.max_batches,
        resume=options.resume,
    )
    with writing(options.out):
        if options.out.suffix.lower() == ".npz":
            result.save(options.out)
        else:
            write_picture(
                lv.figures.contour(result), options.out, f"Loss surface of {result.facts.loss_name}"
            )
    _say(options, result, f"{options.points} x {options.points}")
    return 0


def profile(options: argparse.Namespace) -> int:
    """Compute a profile and write it to a file."""
    check_output(options.out, ".csv")
    model, loss_fn, data = load_problem(options.function)
    direction, span = None, options.span
    if options.checkpoint is not None:
        # The first axis of this plane leads to the checkpoint, buffers included.
        direction = lv.interpolation_plane(model, options.checkpoint)
        span = (-0.5, 1.5) if span is None else span
    result = lv.profile(
        model, loss_fn, data, direction, span, options.points, max_batches=options.max_batches
    )
    with writing(options.out):
        if options.out.suffix.lower() == ".csv":
            _write_csv(result, options.out)
        else:
            write_picture(lv.figures.profile(result), options.out, f"Profile of {result.facts.loss_name}")
    _say(options, result, f"{options.points}")
    return 0


def _write_csv(line: lv.Profile, out: Path) -> None:
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "loss"])
        writer.writerows(zip(line.a.tolist(), line.loss.tolist(), strict=True))


def _check_count(plane: str, given: int) -> None:
    """Check that so many checkpoints suit the plane."""
    if plane == "pca":
        allowed, good = "at least 3 checkpoints", given >= 3
    elif plane == "interpolation":
        allowed, good = "1 or 2 checkpoints", given in (1, 2)
    else:
        allowed, good = "no checkpoints", given == 0
    if not good:
        raise ValueError(f"--plane {plane} takes {allowed}; got {given}")


def _plane(options: argparse.Namespace, model: Any, loss_fn: Any, data: Any) -> Any:
    """The plane that --plane, --seed and --checkpoints describe."""
    if options.plane == "hessian":
        return lv.hessian_plane(model, loss_fn, data, max_batches=options.max_batches)
    if options.plane == "pca":
        return lv.pca_plane(options.checkpoints, model)
    if options.plane == "interpolation":
        first, *others = options.checkpoints
        return lv.interpolation_plane(model, first, others[0] if others else None, options.seed)
    return lv.random_plane(model, options.seed, options.plane)


def _say(options: argparse.Namespace, result: Any, points: str) -> None:
    facts = result.facts
    print(f"{options.out}: {points} points, {facts.examples} examples, {facts.evaluator} evaluator")
