"""The global random states, left as they were found."""

import random

import numpy as np
import torch


class same_random_numbers:
    """Leaves torch's random state as it found it, on the CPU and on the current accelerator, and those of
    numpy and Python, of which a user's data may draw."""

    def __enter__(self) -> None:
        self._cpu = torch.random.get_rng_state()
        used = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
        self._cuda = torch.cuda.get_rng_state() if used else None
        self._numpy = np.random.get_state()  # noqa: NPY002  # a user may draw of it
        self._python = random.getstate()

    def __exit__(self, *_: object) -> None:
        torch.random.set_rng_state(self._cpu)
        if self._cuda is not None:
            torch.cuda.set_rng_state(self._cuda)
        np.random.set_state(self._numpy)  # noqa: NPY002
        random.setstate(self._python)
