"""To come."""


def show() -> None:
    """To come."""
