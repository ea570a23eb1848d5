"""What puts the app online: the pair of servers behind nginx, and the entry for Streamlit Community Cloud."""

import contextlib
import os
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.ports import free_port
from support.viewers import serving, viewing
from support.waiting import until

from lossviz.common.app_files import app_folder

DEPLOY = app_folder() / "deploy"
MUST = "LOSSVIZ_REQUIRE_BROWSER"  # environment: 1 makes what is missing on the machine a failure
LINK = ("stuck-neuron", "neuron_z=2.5&neuron_target=1")


@contextlib.contextmanager
def nginx(folder: Path, ports: list[int]) -> Iterator[int]:
    """nginx with the configuration of the repository, before servers on these ports of this machine."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        if os.environ.get(MUST) == "1":
            pytest.fail(f"there is no nginx, and {MUST}=1 asks for it")
        pytest.skip("there is no nginx on this machine (on Debian: apt-get install nginx-light)")
    own = free_port()
    text = (
        (DEPLOY / "nginx.conf").read_text(encoding="utf-8").replace("listen 8080", f"listen 127.0.0.1:{own}")
    )
    for name, port in zip(("app-1:7860", "app-2:7860"), ports, strict=True):
        assert text.count(name) == 1
        text = text.replace(name, f"127.0.0.1:{port}")
    local = f"daemon off; pid {folder}/pid; error_log {folder}/error.log;\n"
    places = "".join(
        f"  {kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = local + text.replace("http {\n", f"http {{\n  access_log off;\n{places}", 1)
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    process = subprocess.Popen([program, "-c", str(folder / "nginx.conf")])
    try:
        until(lambda: fetched(own, "/_stcore/health")[0] == 200)
        yield own
    finally:
        process.terminate()
        process.wait(10)


def fetched(port: int, path: str, cookie: str = "") -> tuple[int, str]:
    """The status of a request, and the cookie that its answer sets."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Cookie": cookie})
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            return reply.status, str(reply.headers.get("Set-Cookie") or "")
    except urllib.error.HTTPError as error:
        return error.code, ""
    except (urllib.error.URLError, OSError):
        return 0, ""


@pytest.mark.browser  # though it needs none: it starts servers
def test_a_viewer_stays_at_one_of_two_servers_and_goes_on_at_the_other_when_it_dies(tmp_path: Path) -> None:
    with (
        serving(tmp_path / "1.log") as first,
        serving(tmp_path / "2.log") as second,
        nginx(tmp_path, [first.port, second.port]) as port,
    ):
        assert fetched(port, "/_stcore/metrics")[0] == 404
        _, cookie = fetched(port, "/")
        assert re.fullmatch(r"lossviz_viewer=\w{32}; Path=/; HttpOnly; SameSite=Lax", cookie)
        name = cookie.partition(";")[0]
        assert fetched(port, "/", name)[1].partition(";")[0] == name, "he keeps it"
        with viewing(port, {"Cookie": name}) as client:
            client.open(*LINK)
            before = client.shown()
        home = next(one for one in (first, second) if one.ask("sessions") > 0)
        other = second if home is first else first
        for _ in range(3):  # his next connections, too
            with viewing(port, {"Cookie": name}) as client:
                client.open(*LINK)
        assert other.ask("sessions") == 0, "all of them came to the same server"
        home.process.kill()
        home.process.wait(10)
        with viewing(port, {"Cookie": name}) as client:
            client.open(*LINK)
            assert client.exceptions == []
            assert client.shown() == before
        assert other.ask("sessions") == 1


@pytest.mark.browser  # though it needs none: it starts servers
def test_the_entry_for_community_cloud_opens_the_app(tmp_path: Path) -> None:
    script = DEPLOY / "cloud" / "streamlit_app.py"
    with serving(tmp_path / "log", app=script) as server, viewing(server.port) as client:
        client.open(*LINK)
        assert client.exceptions == []
        assert client.shown()["heading"] == ["Why does the most wrong neuron learn slowest?"]


def test_what_the_image_needs_is_in_the_build() -> None:
    """Every file that the Dockerfile copies exists, and is not kept out of the build's context."""
    docker = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    copied = [words[1:-1] for words in map(str.split, docker.splitlines()) if words and words[0] == "COPY"]
    kept = (app_folder() / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for name in (name for names in copied for name in names):
        assert list(app_folder().glob(name)), name
        assert f"!{name}" in kept
    assert "USER lossviz" in docker
    assert "-r ../../requirements.txt" in (DEPLOY / "cloud" / "requirements.txt").read_text(encoding="utf-8")
