"""A server of the app and a Chromium, once a session, and viewers with a browser context each."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from driving import ARGUMENTS, CHROMIUM, PATIENCE, STREAMLITS_OWN, WIDE, Server, Viewer, serving

ABSENT = "no Chromium on the PATH: the browser tests were NOT run (on Debian: apt-get install chromium)"
MUST = "LOSSVIZ_REQUIRE_BROWSER"  # environment: 1 makes a missing Chromium a failure


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from serving(tmp_path_factory.mktemp("server"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        if os.environ.get(MUST) == "1":
            pytest.fail(f"{ABSENT}, and {MUST}=1 asks for them")
        pytest.skip(ABSENT)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture
def viewer(browser: Any, server: Server) -> Iterator[Callable[..., Viewer]]:
    """Makes a viewer with a browser context of its own; keywords are the context's."""
    contexts = []

    def make(where: Server = server, **options: Any) -> Viewer:
        context = browser.new_context(**({"viewport": WIDE, "color_scheme": "light"} | options))
        contexts.append(context)
        context.set_default_timeout(1000 * PATIENCE)
        page = context.new_page()
        one = Viewer(where, context, page)

        def console(message: Any) -> None:
            address = str(message.location.get("url", "")).partition("?")[0]
            if message.type == "error" and not address.endswith(STREAMLITS_OWN):
                one.said.append(f"{message.text} ({address})")

        page.on("console", console)
        page.on("pageerror", lambda error: one.said.append(str(error)))
        return one

    yield make
    for context in contexts:
        context.close()
