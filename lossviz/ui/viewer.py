"""What is known of a viewer's browser: whether it is connected, and whether it went back in its history."""

from collections.abc import Callable

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx


def presence() -> Callable[[], bool]:
    """A function that says, in any thread, whether the viewer of this run of a page is still connected."""
    context = get_script_run_ctx()
    if context is None or not runtime.exists():
        return lambda: True
    server, session = runtime.get_instance(), context.session_id
    return lambda: bool(server.is_active_session(session))


def went_back() -> bool:
    """Whether this run shows a page that the viewer has gone back or forward to; its address counts."""
    context = get_script_run_ctx()
    return bool(context is not None and context.is_history_navigation)
