"""Uploaded files: one for each viewer, within a bounded amount of memory, released when the viewer leaves.

Streamlit keeps whatever is put at its upload address, under any number of ids that a client makes up, until
the session is forgotten: two minutes after its viewer has left, if another session begins then, or never.
This ASGI middleware stands before that address. It reads nothing: Streamlit goes on to check who uploads, and
how much (`server.maxUploadSize`).
"""

import asyncio
import re
from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

import streamlit as st
from starlette.responses import PlainTextResponse
from streamlit import runtime

MOST_BYTES = 64 * 2**20  # of all uploaded files together: for a class that uploads its own surfaces, plenty
GRACE = 30.0  # seconds in which a viewer whose connection broke may come back to the file
_ADDRESS = re.compile(r"/_stcore/upload_file/([^/]+)/([^/]+)")


class BoundedUploads:
    """The middleware. All of it runs in the server's event loop."""

    def __init__(
        self,
        app: Any,
        most_bytes: int = MOST_BYTES,
        grace: float = GRACE,
        server: Callable[[], Any] = runtime.get_instance,
    ) -> None:
        self._app, self._most_bytes, self._grace, self._server = app, most_bytes, grace, server
        self._pending = 0  # uploads that are being read
        self._one_by_one: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # a session

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            try:
                await self._app(scope, receive, send)
            finally:
                asyncio.get_running_loop().call_later(self._grace, self.release)
            return
        address = _ADDRESS.search(scope["path"]) if scope["type"] == "http" else None
        if address is None or scope["method"] != "PUT":
            await self._app(scope, receive, send)
            return
        session, file = address.groups()
        lock = self._one_by_one.setdefault(session, asyncio.Lock())
        async with lock:
            if self._is_full():
                self.release()  # of what is kept for viewers who may come back
            if self._is_full():
                full = PlainTextResponse("The server holds as many uploads as it can. Try again later.", 503)
                await full(scope, receive, send)
                return

            async def send_after_cleanup(
                message: Any,
            ) -> None:  # before the viewer is told that the new file is there
                self._keep_only(session, file)
                await send(message)

            self._pending += 1
            try:
                await self._app(scope, receive, send_after_cleanup)
            finally:
                self._pending -= 1
                self._keep_only(session, file)

    def _is_full(self) -> bool:
        """Whether one more file, as large as a file may be, could be too much."""
        held = sum(len(file.data) for files in list(self._storage.values()) for file in list(files.values()))
        largest = int(st.get_option("server.maxUploadSize")) * 2**20
        return held + (self._pending + 1) * largest > self._most_bytes

    @property
    def _storage(self) -> dict[str, dict[str, Any]]:
        """All files: session, id of the file -> file."""
        storage: dict[str, dict[str, Any]] = self._server().uploaded_file_mgr.file_storage
        return storage

    def _keep_only(self, session: str, file: str) -> None:
        """Release a session's other files if this one is there, and all of them if the session is over."""
        held = self._storage.get(session, {})
        if not self._server().is_active_session(session):
            self._server().uploaded_file_mgr.remove_session_files(session)
        elif file in held:
            for other in list(held):
                if other != file:
                    self._server().uploaded_file_mgr.remove_file(session, other)

    def release(self) -> None:
        """Release the files of all viewers who have left."""
        if self._server is runtime.get_instance and not runtime.exists():
            return
        for session in list(self._storage):
            if not self._server().is_active_session(session):
                self._server().uploaded_file_mgr.remove_session_files(session)
