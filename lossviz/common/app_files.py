"""Where the app is started from: ``app.py``, its configuration and its logo."""

from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


@cache
def app_folder() -> Path:
    """The folder that holds ``app.py``, ``.streamlit/config.toml`` and ``assets/``.

    In a clone that is the folder at the top, where Streamlit's hosts look for them. A wheel has a copy in
    ``lossviz/start`` (``pyproject.toml`` says which files).

    Raises:
        FileNotFoundError: If neither place has them.

    Example:
        >>> (app_folder() / "app.py").exists()
        True
    """
    for folder in (PACKAGE / "start", PACKAGE.parent):
        if (folder / "app.py").exists() and (folder / ".streamlit" / "config.toml").exists():
            return folder
    raise FileNotFoundError(f"the app's files lie neither in {PACKAGE / 'start'} nor in {PACKAGE.parent}")
