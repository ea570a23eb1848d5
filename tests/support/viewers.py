"""Viewers of a server without a browser: clients that speak Streamlit's websocket protocol.

A client sends `BackMsg` (run this page with this query) and reads `ForwardMsg` until the run has ended. A run
sends its elements as deltas, each at a path in the tree of containers; what is sent again for the same path
replaces what was there. A message that the server knows this client to have is sent as a reference.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

Place = tuple[int, ...]
ROOT = Path(__file__).parents[2]
LAUNCHER = Path(__file__).with_name("recording_server.py")
ENDED = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_WITH_COMPILE_ERROR)
CONTROLS = ("slider", "selectbox", "button_group", "radio", "checkbox", "text_input", "number_input")
PATIENCE = 60.0  # seconds: far more than any run takes here, also on a busy machine


@dataclass
class Client:
    """One viewer on one connection; `viewing` opens it."""

    socket: ClientConnection
    session: str = ""  # its id on the server, known after the first run
    colour: str = ""  # primary colour of the theme that the server is configured with
    first: float = 0.0  # seconds from the request to the first title
    elements: dict[Place, Any] = field(default_factory=dict)  # what is on the page now
    exceptions: list[str] = field(default_factory=list)  # all that were ever there
    _known: dict[str, ForwardMsg] = field(default_factory=dict)

    def open(self, page: str, query: str = "") -> None:
        """Runs a page (its word in the address) as a link opens it, until the run has ended."""
        request = BackMsg()
        request.rerun_script.page_name = page
        request.rerun_script.query_string = query
        self.send(request)

    def send(self, request: BackMsg) -> None:
        begun = time.monotonic()
        self.first = 0.0
        self.socket.send(request.SerializeToString())
        while True:
            message = ForwardMsg.FromString(self.socket.recv(begun + PATIENCE - time.monotonic()))
            if message.WhichOneof("type") == "ref_hash":
                known = self._known[message.ref_hash]
                known.metadata.CopyFrom(message.metadata)
                message = known
            elif message.metadata.cacheable:
                self._known[message.hash] = message
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.session = message.new_session.initialize.session_id
                self.colour = message.new_session.custom_theme.light.primary_color
                self.elements.clear()
            elif kind == "delta":
                self._take(tuple(message.metadata.delta_path), message.delta)
                if not self.first and any(e.WhichOneof("type") == "heading" for e in self.elements.values()):
                    self.first = time.monotonic() - begun
            elif kind == "script_finished" and message.script_finished in ENDED:
                return

    def _take(self, place: Place, delta: Any) -> None:
        for inner in [known for known in self.elements if known[: len(place)] == place]:
            del self.elements[inner]
        if delta.WhichOneof("type") != "new_element":
            return
        element = self.elements[place] = delta.new_element
        if element.WhichOneof("type") == "exception":
            self.exceptions.append(f"{element.exception.type}: {element.exception.message}")

    def shown(self) -> dict[str, list[str]]:
        """What a viewer reads and sees: all texts and all figures' payloads, in the page's order, by kind."""
        found: dict[str, list[str]] = {}
        for _, element in sorted(self.elements.items()):
            kind = element.WhichOneof("type")
            part = getattr(element, kind)
            if kind == "bidi_component":
                said = part.bytes.decode() or part.json
            elif kind in ("markdown", "heading", "text"):
                said = part.body
            elif kind == "code":
                said = part.code_text
            elif kind in CONTROLS:
                said = str(part)
            elif kind == "arrow_data_frame":
                said = str(part.data)
            else:
                continue
            found.setdefault(kind, []).append(said)
        return found


@contextlib.contextmanager
def viewing(port: int, headers: dict[str, str] | None = None) -> Iterator[Client]:
    """A new viewer of the server at a port of this machine, who leaves at the end."""
    origin: Any = f"http://127.0.0.1:{port}"
    protocols: Any = ["streamlit"]
    with connect(
        f"ws://127.0.0.1:{port}/_stcore/stream",
        subprotocols=protocols,
        origin=origin,
        max_size=None,
        open_timeout=PATIENCE,
        compression=None,
        additional_headers=headers,
    ) as connection:
        yield Client(connection)


@dataclass
class Running:
    """A server that was started by `serving`."""

    port: int
    process: "subprocess.Popen[str]"

    def ask(self, question: str) -> Any:
        """What the launcher answers to a line; see recording_server.py."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{question}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@contextlib.contextmanager
def serving(log: Path, *options: str, app: Path = ROOT / "app.py") -> Iterator[Running]:
    """A new server of an app, ready to answer, with options of Streamlit's."""
    plain = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [sys.executable, str(LAUNCHER), str(app), *options],
            cwd=ROOT,
            env=plain | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line, log.read_text()
            yield Running(json.loads(line), process)
        finally:
            process.terminate()
            process.wait(10)
