"""No file of the library names a function that reads and resets, or sets, what all threads share."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "lossviz"
FILES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))

# By the end of the dotted name. `torch.Generator().manual_seed` seeds a generator of one's own: allowed.
SHARED = frozenset(
    (
        *("manual_seed", "manual_seed_all", "seed_all", "fork_rng", "get_rng_state", "set_rng_state"),
        *("default_generator", "default_generators", "set_state", "getstate", "setstate", "initial_seed"),
        *("set_default_dtype", "get_default_dtype", "set_default_tensor_type", "set_default_device"),
        *("set_num_threads", "set_num_interop_threads", "set_grad_enabled", "set_flush_denormal"),
        *("use_deterministic_algorithms", "set_float32_matmul_precision", "set_printoptions", "seterr"),
        *("catch_warnings", "simplefilter", "filterwarnings", "resetwarnings", "showwarning"),
        *("sdpa_kernel", "enable_flash_sdp", "enable_math_sdp", "enable_mem_efficient_sdp", "set_flags"),
        *("setrecursionlimit", "setswitchinterval", "setlocale", "threadpool_limits"),
    )
)
FLAGS = tuple(f"torch.backends.{name}." for name in ("cuda", "cudnn", "mkl", "mkldnn", "mps", "opt_einsum"))
ALLOWED = {  # file: what it may name, and why
    # Compared with the generator that a call was given, never drawn from, read or set.
    "common/rng.py": {"default_generator", "default_generators"},
}


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "()"


def shared_names(source: str) -> Iterator[str]:
    """What a file names of the state that threads share, and legacy numpy.random and Python's random."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            module, names = node.module or "", [alias.name for alias in node.names]
            yield from (name for name in names if name in SHARED or module in ("random", "numpy.random"))
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name == "random")
        elif isinstance(node, ast.Attribute):
            whole = dotted(node)
            own = whole == "torch.Generator" or (
                node.attr == "manual_seed"
                and isinstance(node.value, ast.Call)
                and dotted(node.value.func) in ("torch.Generator",)
            )
            legacy = whole.startswith(("np.random.", "numpy.random.")) and node.attr not in (
                "default_rng",
                "Generator",
            )
            if (node.attr in SHARED and not own) or legacy or whole.startswith(FLAGS):
                yield whole if legacy or whole.startswith(FLAGS) else node.attr


def test_no_file_touches_what_threads_share() -> None:
    assert len(FILES) > 100
    found = {path: set(shared_names((PACKAGE / path).read_text(encoding="utf-8"))) for path in FILES}
    assert {path: names for path, names in found.items() if names - ALLOWED.get(path, set())} == {}


@pytest.mark.parametrize(
    "source",
    [
        "torch.manual_seed(0)",
        "torch.default_generator.manual_seed(0)",
        "torch.random.get_rng_state()",
        "from torch.random import fork_rng",
        "np.random.seed(3)",
        "from numpy.random import rand",
        "import random",
        "torch.set_default_dtype(torch.float64)",
        "z.to(torch.get_default_dtype())",
        "torch.set_num_threads(1)",
        "with torch.set_grad_enabled(True): pass",
        "with warnings.catch_warnings(): pass",
        "with torch.backends.cudnn.flags(enabled=False): pass",
        "torch.backends.cudnn.benchmark = True",
        "from torch.nn.attention import sdpa_kernel",
    ],
)
def test_the_law_sees_it(source: str) -> None:
    assert list(shared_names(source))


def test_own_generators_and_context_managers_are_allowed() -> None:
    source = "torch.Generator().manual_seed(0)\nnp.random.default_rng(0)\nwith torch.no_grad(): pass"
    assert list(shared_names(source)) == []
