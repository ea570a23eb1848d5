"""The command line: ``python -m lossviz surface package.module:function --out slice.html``, or ``app``."""

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
    """Run one command and return the exit status: 2, with one sentence on standard error, if it fails."""
    parser = argparse.ArgumentParser(
        prog="python -m lossviz", description="See what a loss function does to learning"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    surface = commands.add_parser("surface", help="compute the loss over a plane through a model's weights")
    surface.add_argument("function", help="package.module:function, which returns (model, loss_fn, data)")
    surface.add_argument(
        "--plane", choices=PLANES, default="filter", help="random by normalization, or Hessian"
    )
    surface.add_argument("--seed", type=int, default=0, help="of a random plane")
    surface.add_argument(
        "--span", type=float, default=None, help="how far to go each way along both directions"
    )
    surface.add_argument("--points", type=int, default=51, help="along each axis")
    surface.add_argument(
        "--max-batches", type=int, default=None, help="use only the first batches of the data"
    )
    surface.add_argument(
        "--out", type=Path, required=True, help="what to write, by extension: .html, .npz or .png"
    )
    surface.add_argument(
        "--resume", type=Path, default=None, help="a file to go on from after an interruption"
    )
    commands.add_parser("app", help="open the app in a browser; what follows is passed on to streamlit run")
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "app":
        parser.error(f"unknown arguments: {' '.join(rest)}")
    try:
        return _app(rest) if options.command == "app" else _surface(options)
    except ValueError as error:
        print(f"lossviz: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("lossviz: interrupted", file=sys.stderr)
        return 130


def _surface(options: argparse.Namespace) -> int:
    """Compute a surface and write it to a file."""
    if options.out.suffix.lower() not in FORMATS:
        raise ValueError(f"--out must end in {', '.join(FORMATS)}; got {str(options.out)!r}")
    if not options.out.absolute().parent.is_dir():
        raise ValueError(f"the folder of --out does not exist: {str(options.out)!r}")
    from lossviz.landscape.planes import hessian_plane, random_plane
    from lossviz.landscape.surface import surface

    model, loss_fn, data = _load_problem(options.function)
    if options.plane == "hessian":
        plane = hessian_plane(model, loss_fn, data, max_batches=options.max_batches)
    else:
        plane = random_plane(model, options.seed, options.plane)
    result = surface(
        model,
        loss_fn,
        data,
        plane,
        options.span,
        options.points,
        max_batches=options.max_batches,
        resume=options.resume,
    )
    try:
        if options.out.suffix.lower() == ".npz":
            result.save(options.out)
        else:
            _draw(result, options.out)
    except OSError as error:
        raise ValueError(f"{str(options.out)!r} cannot be written: {error.strerror or error}") from error
    facts = result.facts
    print(
        f"{options.out}: {options.points} x {options.points} points, {facts.examples} examples, "
        f"{facts.evaluator} evaluator"
    )
    return 0


def _load_problem(name: str) -> tuple[Any, Any, Any]:
    """(model, loss_fn, data) of ``package.module:function``; the working directory is on the import path."""
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
        pass  # the function has no signature to check
    problem = function()
    if not isinstance(problem, tuple) or len(problem) != 3:
        got = f"a tuple of {len(problem)}" if isinstance(problem, tuple) else type(problem).__name__
        raise ValueError(f"{name} must return (model, loss_fn, data); got {got}")
    return problem


def _draw(surface: Any, out: Path) -> None:
    """Write a contour figure as .html or .png."""
    try:
        from lossviz.figures.base.standalone import standalone
        from lossviz.figures.landscape import surfaces
    except ModuleNotFoundError as error:
        raise ValueError(f"drawing needs {error.name}: pip install 'lossviz[figures]'") from error
    figure = surfaces.contour(surface)
    if out.suffix.lower() == ".html":
        out.write_text(standalone(figure, title=f"Loss surface of {surface.facts.loss_name}"), "utf-8")
        return
    try:
        figure.write_image(out, width=900, height=750, scale=2)
    except (ValueError, RuntimeError) as error:
        raise ValueError(
            f"a .png needs kaleido and a Chrome: {str(error).strip().splitlines()[0]}"
        ) from error


def _app(options: list[str]) -> int:
    """Open the app with streamlit, which is given the options."""
    page = Path(__file__).resolve().parents[1] / "app.py"
    if not page.exists():
        raise ValueError(
            f"the app is not where it is expected, at {page}; run this from a clone of the repository"
        )
    return subprocess.call([sys.executable, "-m", "streamlit", "run", str(page), *options])


if __name__ == "__main__":
    sys.exit(main())
