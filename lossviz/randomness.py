"""The global random states, left as they were found."""

import random

import numpy as np
import torch


class same_random_numbers:
    """Leaves torch's random state as it found it, on the CPU and on the current accelerator.

    With ``everywhere`` also those of numpy and Python, of which a user's data may draw: it takes a quarter of
    a millisecond, too much for what is done at every step.
    """

    def __init__(self, everywhere: bool = False) -> None:
        self._everywhere = everywhere

    def __enter__(self) -> None:
        self._cpu = torch.random.get_rng_state()
        used = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
        self._cuda = torch.cuda.get_rng_state() if used else None
        if self._everywhere:
            self._numpy = np.random.get_state()  # noqa: NPY002
            self._python = random.getstate()

    def __exit__(self, *_: object) -> None:
        torch.random.set_rng_state(self._cpu)
        if self._cuda is not None:
            torch.cuda.set_rng_state(self._cuda)
        if self._everywhere:
            np.random.set_state(self._numpy)  # noqa: NPY002
            random.setstate(self._python)
