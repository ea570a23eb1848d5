"""The model, loss and data that a command works on: what a user's function returns."""

import importlib
import inspect
import sys
from pathlib import Path
from typing import Any


def load_problem(name: str) -> tuple[Any, Any, Any]:
    """Call a user's function; the working directory is on the import path.

    Args:
        name: ``package.module:function``. The function takes no arguments.

    Returns:
        (model, loss_fn, data), which it has returned.

    Raises:
        ValueError: If there is no such function, or it returns something else.
    """
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
