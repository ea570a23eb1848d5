"""A warm start: what is slow to import is imported before it is needed, but not before the first title.

Importing holds up everything else that a server does: begun at once, it takes the title of a viewer who is
there at once from 1.0 to 1.8 s. So a new server waits a moment for a title to be out before it loads.

Streamlit runs a full garbage collection after every run of a page. With torch and plotly loaded that
takes longer than the page itself, so what they have made is frozen: once when it is loaded, and once more
when the first page has run and made the objects that stay.
"""

import gc
import os
import threading
import time
from functools import cache

HEAD_START = 2.0  # seconds for a viewer who comes with the server
TO_BE_SEEN = 0.25  # seconds that a title needs from the page to the viewer's screen


@cache
def _written() -> threading.Event:
    return threading.Event()


def _load() -> None:
    if _written().wait(HEAD_START):
        time.sleep(TO_BE_SEEN)

    # One thread a viewer: two would only get in each other's way. OpenMP, which torch asks for the number of
    # threads, takes its default from here when it is loaded; nothing is changed for what runs already.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import torch

    # The first optimizer imports half of torch: let that be now.
    weight = torch.zeros(1, requires_grad=True)
    torch.optim.SGD([weight], lr=0.1).zero_grad()
    freeze()


@cache
def start() -> threading.Thread:
    """Begin to load in the background; the same thread for all callers."""
    thread = threading.Thread(target=_load, name="lossviz-warm", daemon=True)
    thread.start()
    return thread


def freeze() -> None:
    """Take everything that is alive out of the garbage collector's sight."""
    gc.collect()
    gc.freeze()


@cache
def title_is_written() -> None:
    """What comes after a title may need all that is slow: load it now, and wait for it."""
    _written().set()
    start().join()


@cache
def freeze_once_more() -> None:
    """Freeze what the first run of a page has left behind, if loading is over."""
    title_is_written()
    freeze()
