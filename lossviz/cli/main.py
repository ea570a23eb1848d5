"""The arguments of ``lossviz`` and its exit status."""

import argparse
import sys
from pathlib import Path

from lossviz import __version__
from lossviz.cli.commands import PLANES, app, profile, surface


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: The words after ``lossviz``; by default those of the process.

    Returns:
        The exit status: 0; 2, with one sentence on standard error, if the command fails; 130 if it was
        interrupted.
    """
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "app":
        parser.error(f"unknown arguments: {' '.join(rest)}")
    try:
        if options.command == "app":
            return app(rest)
        return (surface if options.command == "surface" else profile)(options)
    except ValueError as error:
        print(f"lossviz: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("lossviz: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lossviz",
        description="See what a loss function does to learning: an app, and pictures of a model's own loss.",
    )
    parser.add_argument("--version", action="version", version=f"lossviz {__version__}")
    kinds = parser.add_subparsers(dest="command", required=True, metavar="command")
    kinds.add_parser(
        "app",
        help="open the app in a browser",
        description="Open the app in a browser. What follows is passed on to `streamlit run`, as in"
        " `lossviz app --server.port 8600`.",
        add_help=True,
    )
    surfaces = kinds.add_parser(
        "surface",
        help="compute the loss over a plane through a model's weights",
        description="Compute the loss over a plane through a model's weights, and write it to a file.",
        epilog="example: lossviz surface my_training:problem --out slice.html",
    )
    _add_problem(surfaces)
    surfaces.add_argument(
        "--plane",
        choices=PLANES,
        default="filter",
        help="random directions that are normalized by filter, by layer or not at all; the two directions of"
        " largest curvature (hessian); the principal components of checkpoints (pca); or the plane through"
        " the model and one or two checkpoints (interpolation). Default: filter",
    )
    surfaces.add_argument(
        "--checkpoints",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="state_dicts for the planes pca (oldest first, three at least) and interpolation (one or two)",
    )
    surfaces.add_argument("--seed", type=int, default=0, help="seed of random directions. Default: 0")
    surfaces.add_argument("--points", type=int, default=51, help="points along each axis. Default: 51")
    surfaces.add_argument(
        "--resume",
        type=Path,
        metavar="FILE",
        help="where progress is kept: go on from it after an interruption",
    )
    _add_output(surfaces, "npz (read it again by lossviz.Surface.load)")
    profiles = kinds.add_parser(
        "profile",
        help="compute the loss along a line through a model's weights",
        description="Compute the loss along a line from a model: in a random direction, or to a checkpoint.",
        epilog="example: lossviz profile my_training:problem --checkpoint epoch90.pt --out line.png",
    )
    _add_problem(profiles)
    profiles.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="a state_dict: the other end of the line, at a = 1"
    )
    profiles.add_argument("--points", type=int, default=201, help="points along the line. Default: 201")
    _add_output(profiles, "csv")
    return parser


def _add_problem(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "function",
        help="package.module:function, a function without arguments that returns (model, loss_fn, data)",
    )
    parser.add_argument(
        "--max-batches", type=int, metavar="N", help="use only the first N batches of the data"
    )
    parser.add_argument(
        "--span", type=float, help="how far to go each way from the model. Default: as suits the plane"
    )


def _add_output(parser: argparse.ArgumentParser, numbers: str) -> None:
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help=f"what to write, by its extension: a picture (html, png, svg, pdf), or the numbers: {numbers}",
    )
