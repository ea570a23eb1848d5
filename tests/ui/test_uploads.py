"""What viewers upload: one file each, bounded in all, and gone when they are."""

import asyncio
import http.client
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from support.pages import opened
from support.viewers import ROOT, Client, Running, serving, viewing
from support.waiting import until

from lossviz.ui.uploads import GRACE, MOST_BYTES, BoundedUploads

MEGABYTE = 2**20
PAGE = """
import streamlit as st

file = st.file_uploader("A file", key="file")
st.text("none" if file is None else f"{file.name}, {len(file.getvalue())}")
if "fail" in st.query_params:
    raise ValueError("a secret of /home/somebody")
"""
APP = """
import streamlit as st
from starlette.middleware import Middleware
from lossviz.ui import server
from lossviz.ui.uploads import BoundedUploads

given = server.server_arguments([])
del given["lifespan"]  # which would import what these pages have no need of
(mine,) = (one for one in given["middleware"] if one.cls is BoundedUploads)
mine.kwargs["grace"] = 0.2
app = st.App("page.py", **given)
"""


def config() -> dict[str, Any]:
    return tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))


def test_files_are_small_and_errors_are_not_for_viewers() -> None:
    assert config()["server"]["maxUploadSize"] == 8
    assert config()["client"]["showErrorDetails"] == "none"


def test_every_upload_takes_one_file() -> None:
    widgets = opened("landscape").file_uploader
    assert len(widgets) == 1
    assert not widgets[0].proto.multiple_files
    assert widgets[0].proto.max_upload_size_mb == 8
    places = [
        path for path in (ROOT / "lossviz").rglob("*.py") if "file_uploader(" in path.read_text("utf-8")
    ]
    assert [path.name for path in places] == ["surface_file.py"], "look at a new one here too"


# --- a server ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder: Path = tmp_path_factory.mktemp("uploads")
    (folder / "page.py").write_text(PAGE)
    (folder / "app.py").write_text(APP)
    with serving(folder / "server.log", app=folder / "app.py") as running:
        yield running


def request(server: Running, how: str, session: str, file: str, content: bytes = b"") -> int:
    """The status of putting a file at the upload address, or of deleting it, as a browser does."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.request("GET", "/_stcore/health")
        reply = connection.getresponse()
        reply.read()
        token = str(reply.getheader("Set-Cookie")).partition("=")[2].partition(";")[0]
        body = (
            b'--edge\r\nContent-Disposition: form-data; name="file"; filename="mine.npz"\r\n'
            b"Content-Type: application/octet-stream\r\n\r\n" + content + b"\r\n--edge--\r\n"
        )
        connection.request(
            how,
            f"/_stcore/upload_file/{session}/{file}",
            body if how == "PUT" else None,
            {
                "Content-Type": "multipart/form-data; boundary=edge",
                "Cookie": f"_streamlit_xsrf={token}",
                "X-Xsrftoken": token,
            },
        )
        return connection.getresponse().status
    finally:
        connection.close()


def held(server: Running, client: Client) -> dict[str, int]:
    files: dict[str, int] = server.ask("uploads").get(client.session, {})
    return files


def test_a_viewer_holds_one_file_whatever_its_ids(server: Running) -> None:
    with viewing(server.port) as one, viewing(server.port) as other:
        one.open("")
        other.open("")
        assert request(server, "PUT", other.session, "kept", b"12345") == 204
        for number in range(5):
            assert request(server, "PUT", one.session, f"made-up-{number}", b"123" * 100) == 204
            assert held(server, one) == {f"made-up-{number}": 300}
        with ThreadPoolExecutor(6) as pool:  # also if they all come at once
            sent = [pool.submit(request, server, "PUT", one.session, f"at-once-{n}", b"1") for n in range(6)]
            assert {reply.result() for reply in sent} == {204}
        assert len(held(server, one)) == 1
        assert held(server, other) == {"kept": 5}


def test_a_file_that_is_too_large_is_refused_and_the_old_one_stays(server: Running) -> None:
    with viewing(server.port) as one:
        one.open("")
        assert request(server, "PUT", one.session, "first", b"123") == 204
        assert request(server, "PUT", one.session, "larger", bytes(8 * MEGABYTE + 1)) == 413
        assert held(server, one) == {"first": 3}
        assert request(server, "PUT", one.session, "large", bytes(8 * MEGABYTE - 1000)) == 204
        assert held(server, one) == {"large": 8 * MEGABYTE - 1000}


def test_a_file_is_let_go_when_it_is_removed_and_when_its_viewer_leaves(server: Running) -> None:
    with viewing(server.port) as one:
        one.open("")
        assert request(server, "PUT", one.session, "first", b"123") == 204
        assert request(server, "DELETE", one.session, "first") == 204
        assert held(server, one) == {}
        assert request(server, "PUT", one.session, "second", b"123") == 204
        assert held(server, one) == {"second": 3}
    until(lambda: not held(server, one))
    assert request(server, "PUT", one.session, "third", b"123") == 400  # nobody is there
    assert held(server, one) == {}


def test_what_goes_wrong_inside_is_not_shown(server: Running) -> None:
    with viewing(server.port) as one:
        one.open("", "fail=1")
        assert len(one.exceptions) == 1
        shown = " ".join(str(element) for element in one.elements.values())
        for secret in ("secret", "somebody", "page.py", "ValueError"):
            assert secret not in shown


# --- bounded in all, without a server ---------------------------------------------------------------------


class House:
    """Streamlit's own storage of files, and an app behind the middleware that puts them there."""

    def __init__(self, **bounds: Any) -> None:
        self.uploaded_file_mgr = MemoryUploadedFileManager("/upload")
        self.present: set[str] = set()
        self.statuses: list[int] = []
        self.middleware = BoundedUploads(self.app, server=lambda: self, **bounds)

    def is_active_session(self, session: str) -> bool:
        return session in self.present

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await asyncio.sleep(0)  # others have their turn while a file is read
            *_, session, name = scope["path"].split("/")
            file = UploadedFileRec(name, "mine.npz", "", bytes(scope["size"]))
            self.uploaded_file_mgr.add_file(session, file)

    async def put(self, session: str, name: str, size: int) -> None:
        async def send(message: Any) -> None:
            self.statuses += [message["status"]] if "status" in message else []

        path = f"/base/_stcore/upload_file/{session}/{name}"
        scope = {"type": "http", "method": "PUT", "path": path, "size": size}
        await self.middleware(scope, None, send)

    @property
    def held(self) -> dict[str, list[str]]:
        return {session: list(files) for session, files in self.uploaded_file_mgr.file_storage.items()}


def run(work: Any) -> None:
    with ThreadPoolExecutor(1) as aside:  # Playwright's loop may still be on in this thread
        aside.submit(asyncio.run, work).result()


def test_all_viewers_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamlit.get_option", lambda name: 8)
    house = House(most_bytes=20 * MEGABYTE)
    house.present = {"a", "b", "c"}

    async def work() -> None:
        await house.put("a", "1", 8 * MEGABYTE)
        await asyncio.gather(house.put("b", "1", 8 * MEGABYTE), house.put("c", "1", 8 * MEGABYTE))
        assert house.held == {"a": ["1"], "b": ["1"]}
        assert house.statuses == [503]
        house.present.remove("a")  # who has left makes room at once
        await house.put("c", "1", 8 * MEGABYTE)
        assert house.held == {"b": ["1"], "c": ["1"]}

    run(work())


def test_who_comes_back_soon_finds_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(grace=0.05)
    house.present = {"back", "gone"}

    async def work() -> None:
        await house.put("back", "1", 1)
        await house.put("gone", "1", 1)
        house.present.clear()
        await house.middleware({"type": "websocket"}, None, None)  # a connection ends
        assert house.held == {"back": ["1"], "gone": ["1"]}
        house.present.add("back")
        for _ in range(1000):
            if "gone" not in house.held:
                break
            await asyncio.sleep(0.01)
        assert house.held == {"back": ["1"]}

    run(work())
    assert 5 <= GRACE <= 120
    assert MOST_BYTES <= 64 * MEGABYTE


def test_who_leaves_while_a_file_comes_leaves_nothing() -> None:
    house = House()
    run(house.put("nobody", "1", 100))
    assert house.held == {}
