"""`streamlit run` with the arguments given, on a free port, which also records which thread imported what.

It writes the port as a line of JSON when it is ready, and answers each line of its input with another:
"imports": [[module, thread, seconds since the start], ...] of all modules that are there;
"uploads": {session: {id of a file: its size}} of all uploaded files that are held;
"sessions": how many there are, those that have just gone among them.
"""

import json
import sys
import threading
import time
from typing import Any

BEGUN = time.monotonic()
IMPORTS: list[tuple[str, str, float]] = []
ANSWERS = sys.stdout


class Recorder:
    """A finder that finds nothing: it is asked before all others."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> None:
        IMPORTS.append((name, threading.current_thread().name, round(time.monotonic() - BEGUN, 3)))


sys.meta_path.insert(0, Recorder)  # type: ignore[arg-type]


def answer(said: object) -> None:
    ANSWERS.write(json.dumps(said) + "\n")
    ANSWERS.flush()


def listen() -> None:
    for line in sys.stdin:
        if line.strip() == "imports":
            answer([one for one in IMPORTS if one[0] in sys.modules])
        if line.strip() == "uploads":
            answer(uploads())
        if line.strip() == "sessions":
            answer(sessions())


def uploads() -> dict[str, dict[str, int]]:
    from streamlit import runtime

    held = runtime.get_instance().uploaded_file_mgr.file_storage
    return {
        session: {name: len(file.data) for name, file in files.items()} for session, files in held.items()
    }


def sessions() -> int:
    from streamlit import runtime

    return runtime.get_instance()._session_mgr.num_sessions()


def main() -> None:
    import socket
    import urllib.request

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def ready() -> None:
        health = f"http://127.0.0.1:{port}/_stcore/health"
        while True:
            try:
                with urllib.request.urlopen(health, timeout=5):
                    break
            except OSError:
                time.sleep(0.02)
        answer(port)
        listen()

    threading.Thread(target=ready, name="recording", daemon=True).start()
    from streamlit.web import cli

    sys.stdout = sys.stderr
    own = ["--server.headless=true", f"--server.port={port}", "--server.address=127.0.0.1"]
    sys.argv = ["streamlit", "run", *sys.argv[1:], *own, "--server.fileWatcherType=none"]
    cli.main()


main()
