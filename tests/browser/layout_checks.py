"""Texts that overlap or are cut off, controls that lie on each other or are too small."""

from pathlib import Path

from driving import Viewer

SIZES = (
    (390, 844), (360, 740), (844, 390), (720, 900), (820, 1180), (1024, 768), (1152, 864), (1440, 900),
    (1920, 1080),
)  # fmt: skip
PHONES = SIZES[:3]


def _script(name: str) -> str:
    text = Path(__file__).with_name(f"{name}.js").read_text(encoding="utf-8")
    _, expression = text.split("\n\n", 1)  # without its comment
    return expression.rstrip().removesuffix(";")


DRAWN, FAULTS = _script("layout_drawn"), _script("layout_faults")


def layout_faults(one: Viewer) -> dict[str, list[str]]:
    """What is wrong with an open page, and in windows of which sizes; a finger touches the smaller ones.

    The window of a phone comes first, and the last one is wide.
    """
    session = one.context.new_cdp_session(one.page)
    found: dict[str, list[str]] = {}
    for size in SIZES:
        touched = {"enabled": size in PHONES, "maxTouchPoints": 1}
        session.send("Emulation.setTouchEmulationEnabled", touched)
        width, height = size
        one.page.set_viewport_size({"width": width, "height": height})
        drawn = one.page.evaluate(DRAWN)
        faults: list[str] = one.page.evaluate(FAULTS, {"phone": size in PHONES}) if drawn else ["never drawn"]
        for fault in faults:
            found.setdefault(fault, []).append(f"{width} x {height}")
    session.detach()
    return found
