"""Import in advance what is slow to import: before it is needed, but not before the first title is sent.

One thread imports all of it, in one order, and pages wait for that thread: two threads that import the same
package for the first time at once may see it half made ("partially initialized module").

Importing delays everything else that a server does: begun at once, it delays the title of an early viewer
from 1.0 to 1.8 s. So a new server first waits until a title has been sent.

Streamlit runs a full garbage collection after every run of a page. With torch and plotly loaded that
takes longer than the page itself, so what they have made is frozen: once when it is loaded, and once more
when the first page has run and made the objects that stay.
"""

import gc
import os
import pkgutil
import threading
import time
from collections.abc import Iterator
from importlib import import_module

import lossviz

HEAD_START = 2.0  # seconds to wait for a viewer who connects while the server starts
TITLE_DELAY = 0.25  # seconds that a title needs from the page to the viewer's screen
# What Streamlit imports in the first run of any page, and what it imports for the first table.
FOR_A_TITLE = ("numpy", "numpy.typing", "PIL.Image", "PIL.ImageFile")
FOR_TABLES = (
    "narwhals._interchange.dataframe",
    "pandas.core.methods.to_dict",
    "pyarrow.pandas_compat",
    "pyarrow.vendored.version",
)
NOT_FOR_PAGES = ("lossviz.__main__", "lossviz.ui", "lossviz.pages")


def import_for_a_title() -> None:
    """Import what every page needs up to its title: before the server answers."""
    for name in FOR_A_TITLE:
        import_module(name)


def core_modules(path: list[str] | None = None, prefix: str = "lossviz.") -> Iterator[str]:
    """The names of all modules of the core and of the figures, in alphabetical order."""
    for module in pkgutil.iter_modules(lossviz.__path__ if path is None else path, prefix):
        if module.name in NOT_FOR_PAGES:
            continue
        yield module.name
        if module.ispkg:
            yield from core_modules(list(import_module(module.name).__path__), f"{module.name}.")


def import_all() -> None:
    """Import everything heavy that pages need, in this thread and in a fixed order."""
    # One thread a viewer: two would only get in each other's way. OpenMP, which torch asks for the number of
    # threads, takes its default from here when it is loaded; nothing is changed for what runs already.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import torch

    # The first optimizer imports half of torch: let that be now.
    weight = torch.zeros(1, requires_grad=True)
    torch.optim.SGD([weight], lr=0.1).zero_grad()
    for name in (*core_modules(), *FOR_TABLES):
        import_module(name)
    from lossviz.figures.base.parts import load_parts

    load_parts()


class Preload:
    """The imports of one server, and the thread that does them. All methods may be called by any thread."""

    def __init__(self, head_start: float = HEAD_START) -> None:
        self.head_start = head_start
        self._title_is_written = threading.Event()
        self._lock = threading.Lock()  # held while a thread is started, and while something is frozen
        self._thread: threading.Thread | None = None
        self._frozen_once_more = False

    def start(self) -> threading.Thread:
        """Begin to import in the background; the same thread for all callers."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="lossviz-preload", daemon=True)
                self._thread.start()
            return self._thread

    def _run(self) -> None:
        if self._title_is_written.wait(self.head_start):
            time.sleep(TITLE_DELAY)
        import_all()
        freeze()

    def title_is_written(self) -> None:
        """Import all that is slow now, and wait for it: what follows a title may need it."""
        self._title_is_written.set()
        self.start().join()

    def freeze_once_more(self) -> None:
        """Freeze what the first run of a page has left behind, when everything is imported."""
        self.title_is_written()
        with self._lock:
            if not self._frozen_once_more:
                self._frozen_once_more = True
                freeze()


def freeze() -> None:
    """Let the garbage collector ignore every object that is alive now."""
    gc.collect()
    gc.freeze()


PRELOAD = Preload()
start, title_is_written, freeze_once_more = PRELOAD.start, PRELOAD.title_is_written, PRELOAD.freeze_once_more
