"""``python -m lossviz surface package.module:function --out slice.html`` and ``python -m lossviz app``."""

import argparse
import importlib
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

PLANES = ("filter", "layer", "none", "hessian")
FORMATS = (".html", ".npz", ".png")


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; 2 and one sentence on standard error where it cannot."""
    parser = argparse.ArgumentParser(
        prog="python -m lossviz", description="See what a loss function does to learning"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("surface", help="compute the loss over a plane through a model's weights")
    one.add_argument("function", help="package.module:function, which returns (model, loss_fn, data)")
    one.add_argument("--plane", choices=PLANES, default="filter", help="random by normalization, or Hessian")
    one.add_argument("--seed", type=int, default=0, help="of a random plane")
    one.add_argument("--span", type=float, default=None, help="how far to go each way along both directions")
    one.add_argument("--points", type=int, default=51, help="along each axis")
    one.add_argument("--max-batches", type=int, default=None, help="use only the first batches of the data")
    one.add_argument(
        "--out", type=Path, required=True, help="what to write, by extension: .html, .npz or .png"
    )
    one.add_argument("--resume", type=Path, default=None, help="a file to go on from after an interruption")
    commands.add_parser("app", help="open the app in a browser; what follows is passed on to streamlit run")
    given, rest = parser.parse_known_args(arguments)
    if rest and given.command != "app":
        parser.error(f"unknown arguments: {' '.join(rest)}")
    try:
        return _app(rest) if given.command == "app" else _surface(given)
    except ValueError as error:
        print(f"lossviz: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("lossviz: interrupted", file=sys.stderr)
        return 130


def _surface(given: argparse.Namespace) -> int:
    if given.out.suffix.lower() not in FORMATS:
        raise ValueError(f"--out must end in {', '.join(FORMATS)}; got {str(given.out)!r}")
    if not given.out.absolute().parent.is_dir():
        raise ValueError(f"the folder of --out does not exist: {str(given.out)!r}")
    from lossviz.landscape.planes import hessian_plane, random_plane
    from lossviz.landscape.surface import surface

    model, loss_fn, data = _called(given.function)
    if given.plane == "hessian":
        plane = hessian_plane(model, loss_fn, data, max_batches=given.max_batches)
    else:
        plane = random_plane(model, given.seed, given.plane)
    found = surface(
        model,
        loss_fn,
        data,
        plane,
        given.span,
        given.points,
        max_batches=given.max_batches,
        resume=given.resume,
    )
    try:
        if given.out.suffix.lower() == ".npz":
            found.save(given.out)
        else:
            _draw(found, given.out)
    except OSError as error:
        raise ValueError(f"{str(given.out)!r} cannot be written: {error.strerror or error}") from error
    facts = found.facts
    print(
        f"{given.out}: {given.points} x {given.points} points, {facts.examples} examples, "
        f"{facts.evaluator} evaluator"
    )
    return 0


def _called(name: str) -> tuple[Any, Any, Any]:
    """What ``package.module:function`` returns; the working directory can be imported from."""
    module_name, colon, function_name = name.partition(":")
    if not (module_name and colon and function_name):
        raise ValueError(f"the function must be given as package.module:function; got {name!r}")
    if not all(part.isidentifier() for part in module_name.split(".")):
        raise ValueError(
            f"a module is given by its name, as package.module, and not by a path; got {module_name!r}"
        )
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise ValueError(f"no module named {error.name!r} can be imported from here") from error
    function = getattr(module, function_name, None)
    if not callable(function):
        raise ValueError(f"module {module_name!r} has no function {function_name!r}")
    try:
        inspect.signature(function).bind()
    except TypeError as error:
        raise ValueError(f"{name} must take no arguments: {error}") from error
    except ValueError:
        pass  # a function that has no signature to ask
    found = function()
    if not isinstance(found, tuple) or len(found) != 3:
        got = f"a tuple of {len(found)}" if isinstance(found, tuple) else type(found).__name__
        raise ValueError(f"{name} must return (model, loss_fn, data); got {got}")
    return found


def _draw(found: Any, out: Path) -> None:
    try:
        from lossviz.figures.landscape import surfaces
    except ModuleNotFoundError as error:
        raise ValueError(f"drawing needs {error.name}: pip install 'lossviz[figures]'") from error
    figure = surfaces.contour(found)
    if out.suffix.lower() == ".html":
        figure.write_html(out, include_plotlyjs=True)
        return
    try:
        figure.write_image(out, width=900, height=750, scale=2)
    except (ValueError, RuntimeError) as error:
        raise ValueError(
            f"a .png needs kaleido and a Chrome: {str(error).strip().splitlines()[0]}"
        ) from error


def _app(options: list[str]) -> int:
    page = Path(__file__).resolve().parents[1] / "app.py"
    if not page.exists():
        raise ValueError(
            f"the app is not where it is expected, at {page}; run this from a clone of the repository"
        )
    return subprocess.call([sys.executable, "-m", "streamlit", "run", str(page), *options])


if __name__ == "__main__":
    sys.exit(main())
