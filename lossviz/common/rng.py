"""Random numbers of our own for code that is the user's: the global generators are neither read nor set.

A model, a loss or a data loader may draw random numbers, which torch takes from one generator for all
threads. To save and restore its state would give other threads the same numbers twice. A
`torch.utils._python_dispatch.TorchDispatchMode` is local to its thread and sees every operation, also those
inside of `torch.nn.functional`: here the random ones are given a generator.
"""

import os
from collections.abc import Callable
from functools import cache
from typing import Any, Self

import torch
from torch import Tensor
from torch.utils import _python_dispatch
from torch.utils._python_dispatch import TorchDispatchMode

from lossviz.common.errors import InvalidInputError

_LIKE: dict[str, Callable[..., Tensor]] = {"rand_like": Tensor.uniform_, "randn_like": Tensor.normal_}


class OwnRandomNumbers(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """What torch draws within it, in this thread, comes from generators with this seed, one a device.

    They are what `torch.manual_seed(seed)` would make of the global ones, which stay as they are. A generator
    that the user's code hands to torch by itself is not advanced either: a copy of it is. ``drew`` says
    whether anything was drawn. An operation that cannot be given a generator is `InvalidInputError` by name.

    What draws from numpy's or Python's global generators, or seeds a global generator by itself, does so here
    as anywhere. Each operation takes some 5 microseconds longer.
    """

    supports_higher_order_operators = True  # they pass

    def __init__(self, seed: int = 0) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seed, self.drew = seed, False
        self._generators: dict[torch.device, torch.Generator] = {}
        self._copies: list[tuple[torch.Generator, Tensor, torch.Generator]] = []
        self._process = os.getpid()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # to tell it would import it, which takes a second

    # The base class also sets flags of the whole process, which threads would leave behind for each other.
    def __enter__(self) -> Self:
        _python_dispatch._push_mode(self)
        return self

    def __exit__(self, *_: object) -> None:
        _python_dispatch._pop_mode(None)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        # The worker process of a loader begins as a copy of its parent, with a global generator of its own.
        if not _is_random(func) or os.getpid() != self._process:
            return func(*args, **kwargs)
        asked = [argument.name for argument in func._schema.arguments]
        given = {**dict(zip(asked, args, strict=False)), **kwargs}
        if not _draws(func, given) or _device_of(given).type == "meta":
            return func(*args, **kwargs)
        with_generator = _with_generator(func)
        if with_generator is not None:
            self.drew = True
            return with_generator(**{**given, "generator": self._generator_for(given)})
        if func._can_decompose():
            with self:
                return func.decompose(*args, **kwargs)
        return self._drawn_otherwise(func, given)

    def _drawn_otherwise(self, func: Any, given: dict[str, Any]) -> Any:
        """Operations that have no generator, by others that have one."""
        self.drew = True
        name = func.overloadpacket.__name__
        if name in _LIKE:
            like = given.pop("self")
            return _LIKE[name](torch.empty_like(like, **given), generator=self._generator_for({"self": like}))
        if name == "native_dropout":  # on a graphics card
            x, share = given["input"], 1 - given["p"]
            kept = torch.empty_like(x, dtype=torch.bool)
            kept.bernoulli_(share, generator=self._generator_for({"self": x}))
            return x * kept * (1 / share if share else 0.0), kept
        raise InvalidInputError(
            f"the model, the loss or the data draw random numbers by {name}, which takes no generator: "
            "draw them in another way"
        )

    def _generator_for(self, given: dict[str, Any]) -> torch.Generator:
        """Ours for a global generator, a copy for a generator of the user's own."""
        users = given.get("generator")
        if users is not None and not _is_global(users):
            return self._copy_of(users)
        device = _device_of(given)
        if device not in self._generators:
            self._generators[device] = torch.Generator(device).manual_seed(self.seed)
        return self._generators[device]

    def _copy_of(self, users: torch.Generator) -> torch.Generator:
        state = users.get_state()
        for index, (known, before, copy) in enumerate(self._copies):
            if _same(known, users):
                if torch.equal(before, state):
                    return copy
                del self._copies[index]  # it was seeded anew meanwhile
                break
        made: torch.Generator = users.clone_state()
        self._copies.append((users, state, made))
        return made


@cache
def _is_random(func: Any) -> bool:
    return torch.Tag.nondeterministic_seeded in getattr(func, "tags", ())


@cache
def _with_generator(func: Any) -> Any:
    """The overload that has the same arguments and a generator, or None."""
    own = {argument.name: str(argument.type) for argument in func._schema.arguments}
    if "generator" in own:
        return func
    for name in func.overloadpacket.overloads():
        overload = getattr(func.overloadpacket, name)
        other = {argument.name: str(argument.type) for argument in overload._schema.arguments}
        if other.pop("generator", None) and other == own:
            return overload
    return None


def _draws(func: Any, given: dict[str, Any]) -> bool:
    """Whether a random operation does draw: one with dropout, or of attention, may be told not to."""
    usual = {argument.name: argument.default_value for argument in func._schema.arguments}
    settings = {**usual, **given}
    off = (settings.get(name, True) is False for name in ("train", "training"))
    return not any(off) and not any(settings.get(name) == 0.0 for name in ("dropout_p", "dropout"))


def _device_of(given: dict[str, Any]) -> torch.device:
    tensor = next((value for value in given.values() if isinstance(value, Tensor)), None)
    device = given.get("device") or (None if tensor is None else tensor.device)
    return torch.device("cpu" if device is None else device)


def _is_global(generator: torch.Generator) -> bool:
    on_cards = torch.cuda.default_generators if generator.device.type == "cuda" else ()
    return any(_same(generator, one) for one in (torch.default_generator, *on_cards))


def _same(one: torch.Generator, other: torch.Generator) -> bool:
    """Whether they are one generator: an operation is given another Python object for it."""
    return bool(one._cdata == other._cdata)  # type: ignore[attr-defined]
