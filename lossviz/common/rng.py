"""Run the user's code with private random number generators; the global generators are neither read nor set.

A model, a loss or a data loader may draw random numbers, which torch takes from one generator that all
threads share. Saving and restoring its state would give other threads the same numbers twice. A
`torch.utils._python_dispatch.TorchDispatchMode` is local to its thread and sees every operation, also those
inside of `torch.nn.functional`, so that the random ones can be given a generator here.
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


class IsolatedRNG(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Context in which torch's random numbers, in this thread, come from generators with the given seed.

    There is one generator for each device, in the state that `torch.manual_seed(seed)` would give to the
    global one, which stays as it is. A generator that the user's code passes to torch is not advanced either:
    a copy of it is. ``used`` tells whether any random number was drawn. An operation that cannot be given a
    generator raises `InvalidInputError` with its name.

    Code that draws from numpy's or Python's global generators, or seeds a global generator itself, has the
    same effect inside as outside. Each operation takes about 5 microseconds longer.

    Args:
        seed: Seed of all generators, 0 or more.
    """

    supports_higher_order_operators = True  # they pass through unchanged

    def __init__(self, seed: int = 0) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seed, self.used = seed, False
        self._generators: dict[torch.device, torch.Generator] = {}
        self._copies: list[tuple[torch.Generator, Tensor, torch.Generator]] = []
        self._process = os.getpid()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # torch would import torch._dynamo to find out, which takes a second

    # The base class also sets flags of the whole process, which concurrent threads would not reset in order.
    def __enter__(self) -> Self:
        _python_dispatch._push_mode(self)
        return self

    def __exit__(self, *_: object) -> None:
        _python_dispatch._pop_mode(None)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        # The worker process of a data loader is a copy of its parent and has a global generator of its own.
        if not _is_random(func) or os.getpid() != self._process:
            return func(*args, **kwargs)
        names = [argument.name for argument in func._schema.arguments]
        arguments = {**dict(zip(names, args, strict=False)), **kwargs}
        if not _draws(func, arguments) or _device_of(arguments).type == "meta":
            return func(*args, **kwargs)
        with_generator = _overload_with_generator(func)
        if with_generator is not None:
            self.used = True
            return with_generator(**{**arguments, "generator": self._generator_for(arguments)})
        if func._can_decompose():
            with self:
                return func.decompose(*args, **kwargs)
        return self._draw_without_overload(func, arguments)

    def _draw_without_overload(self, func: Any, arguments: dict[str, Any]) -> Any:
        """Replace an operation that takes no generator by others that take one."""
        self.used = True
        name = func.overloadpacket.__name__
        if name in _LIKE:
            like = arguments.pop("self")
            empty = torch.empty_like(like, **arguments)
            return _LIKE[name](empty, generator=self._generator_for({"self": like}))
        if name == "native_dropout":  # the dropout of GPUs
            x, keep_probability = arguments["input"], 1 - arguments["p"]
            mask = torch.empty_like(x, dtype=torch.bool)
            mask.bernoulli_(keep_probability, generator=self._generator_for({"self": x}))
            return x * mask * (1 / keep_probability if keep_probability else 0.0), mask
        raise InvalidInputError(
            f"the model, the loss or the data draw random numbers by {name}, which takes no generator: "
            "draw them in another way"
        )

    def _generator_for(self, arguments: dict[str, Any]) -> torch.Generator:
        """A private generator in place of a global one, or a copy of the user's own generator."""
        original = arguments.get("generator")
        if original is not None and not _is_global(original):
            return self._copy_of(original)
        device = _device_of(arguments)
        if device not in self._generators:
            self._generators[device] = torch.Generator(device).manual_seed(self.seed)
        return self._generators[device]

    def _copy_of(self, original: torch.Generator) -> torch.Generator:
        state = original.get_state()
        for index, (known, known_state, copy) in enumerate(self._copies):
            if _is_same(known, original):
                if torch.equal(known_state, state):
                    return copy
                del self._copies[index]  # it was seeded again in the meantime
                break
        copied: torch.Generator = original.clone_state()
        self._copies.append((original, state, copied))
        return copied


@cache
def _is_random(func: Any) -> bool:
    return torch.Tag.nondeterministic_seeded in getattr(func, "tags", ())


@cache
def _overload_with_generator(func: Any) -> Any:
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


def _draws(func: Any, arguments: dict[str, Any]) -> bool:
    """Whether a random operation draws with these arguments: dropout, for one, may be switched off."""
    defaults = {argument.name: argument.default_value for argument in func._schema.arguments}
    values = {**defaults, **arguments}
    off = (values.get(name, True) is False for name in ("train", "training"))
    return not any(off) and not any(values.get(name) == 0.0 for name in ("dropout_p", "dropout"))


def _device_of(arguments: dict[str, Any]) -> torch.device:
    tensor = next((value for value in arguments.values() if isinstance(value, Tensor)), None)
    device = arguments.get("device") or (None if tensor is None else tensor.device)
    return torch.device("cpu" if device is None else device)


def _is_global(generator: torch.Generator) -> bool:
    on_gpus = torch.cuda.default_generators if generator.device.type == "cuda" else ()
    return any(_is_same(generator, other) for other in (torch.default_generator, *on_gpus))


def _is_same(first: torch.Generator, second: torch.Generator) -> bool:
    """Whether both are the same generator, of which an operation gets another Python object."""
    return bool(first._cdata == second._cdata)  # type: ignore[attr-defined]
