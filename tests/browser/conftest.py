"""A server of the app and a Chromium, once a session, and viewers in tabs that are used from test to test.

A page costs a new tab four times what it costs one that has shown the app before: the scripts are compiled
already. So a viewer gets a tab that was used before, blank and as if new, and the second viewer of a test one
of another browser context; a test that needs a browser without any history asks for a new one.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from driving import ARGUMENTS, CHROMIUM, PATIENCE, STREAMLITS_OWN, WIDE, Server, Viewer, serving

ABSENT = "no Chromium on the PATH: the browser tests were NOT run (on Debian: apt-get install chromium)"
MUST = "LOSSVIZ_REQUIRE_BROWSER"  # environment: 1 makes a missing Chromium a failure
pytest.register_assert_rewrite("page_checks")  # its assertions are reported as a test's own
USUAL = {"viewport": WIDE, "color_scheme": "light", "reduced_motion": "no-preference"}


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


def with_errors(one: Viewer) -> Viewer:
    """Record a viewer's errors of the console and of the page, and its dialogs."""

    def console(message: Any) -> None:
        address = str(message.location.get("url", "")).partition("?")[0]
        if message.type == "error" and not address.endswith(STREAMLITS_OWN):
            one.errors.append(f"{message.text} ({address})")

    def box(dialog: Any) -> None:
        one.errors.append(dialog.message)
        dialog.dismiss()

    one.page.on("console", console)
    one.page.on("pageerror", lambda error: one.errors.append(str(error)))
    one.page.on("dialog", box)
    return one


@pytest.fixture(scope="session")
def idle() -> dict[tuple[Any, ...], list[Viewer]]:
    """Viewers that wait on a blank page, by what a tab cannot be told any more once it is there."""
    return {}


@pytest.fixture
def viewer(
    request: pytest.FixtureRequest, browser: Any, server: Server, idle: dict[tuple[Any, ...], list[Viewer]]
) -> Iterator[Callable[..., Viewer]]:
    """Makes viewers, each in a browser context of its own; keywords are the context's.

    ``new`` says that nothing was opened there before, and nothing will be after.
    """
    failures = request.session.testsfailed
    taken: list[tuple[tuple[Any, ...], Viewer]] = []
    brief: list[Viewer] = []

    def make(new: bool = False, **options: Any) -> Viewer:
        look = {name: options.pop(name, usual) for name, usual in USUAL.items()}
        kind = tuple(sorted(options.items()))
        if idle.get(kind) and not new:
            one = idle[kind].pop()
        else:
            context = browser.new_context(**options)
            one = with_errors(Viewer(server, context, context.new_page()))
        if new:
            brief.append(one)
        else:
            taken.append((kind, one))
        one.page.set_default_timeout(1000 * PATIENCE)
        one.page.set_viewport_size(look.pop("viewport"))
        one.page.emulate_media(**look)
        return one

    yield make
    for kind, one in taken:
        if request.session.testsfailed > failures or one.page.is_closed():
            brief.append(one)
        else:
            idle.setdefault(kind, []).append(one.leave())
    for one in brief:
        one.context.close()
