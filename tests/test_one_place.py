"""Adding a loss, a dataset, a network, an optimizer, a schedule or an output code takes one row in one file.

The rows are added to a copy of the package. Whatever a row needs besides is named in one sentence by a test.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import lossviz as lv

PACKAGE, TESTS = Path(lv.__file__).parent, Path(__file__).parent

FUNCTION = '''

def cubic(z: Tensor, y: Tensor) -> Tensor:
    """|sigmoid(z) - y|^3."""
    return residual(*sigmoid(z), y).abs() ** 3
'''
ROWS = {
    "losses/binary.py": """
    Loss(
        name="cubic",
        label="Cubic error",
        family="mixed",
        task="binary",
        target_kind="probability",
        activation="sigmoid",
        function=functions.cubic,
        formula=r"L = |\\sigma(z) - y|^3",
        convention="without a factor",
        source="this test",
    ),""",
    "data/table.py": """
        Dataset(
            name="small-moons",
            label="Small moons",
            task="classification",
            make=_moons,
            formula="x",
            convention="as moons",
            source="this test",
            features=_PLANE,
            classes=_TWO,
            size=40,
            noise=0.1,
        ),""",
    "networks/table.py": """
        Network(
            name="bottleneck",
            label="Bottleneck",
            layers=_mlp(8, 1, 8),
            formula="z",
            convention="as mlp",
            source="this test",
        ),""",
    "networks/optimizers.py": """
        Optimizer(
            name="adagrad",
            label="Adagrad",
            torch_class=torch.optim.Adagrad,
            formula="w",
            convention="as torch",
            source="this test",
            default_lr=0.1,
        ),""",
    "networks/schedules.py": """
        Schedule(
            name="root",
            label="Falling as a root",
            factor=lambda progress: math.sqrt(1.0 - progress),
            formula="r",
            source="this test",
        ),""",
    "codes/table.py": """
        CodeFamily(
            name="reversed",
            label="Reversed binary",
            make=lambda classes: _binary(classes)[:, ::-1],
            formula="b",
            convention="the last bit counts most",
            source="this test",
        ),""",
}
SCRIPT = """
import importlib.util, json, sys
import lossviz as lv

history = lv.train(
    "small-moons", "bottleneck", ["cubic"], optimizer="adagrad", steps=4, seeds=2, schedule="root"
)
curves = lv.losses.loss_curves(["cubic", "sigmoid-ce"], "logit")
drawn = len(lv.figures.loss_curves(curves).data), len(lv.figures.training_curves(history).data)
sentences = []
for file, name in json.loads(sys.argv[1]):
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        getattr(module, name)()
    except AssertionError as error:
        sentences.append(str(error).splitlines()[0])
    else:
        sentences.append("")
print(json.dumps({
    "file": lv.__file__,
    "shape": history.loss.shape,
    "listed": "cubic" in list(lv.LOSSES),
    "drawn": drawn,
    "word": lv.codes.CODES["reversed"].code(4).bits[1].tolist(),
    "sentences": sentences,
}))
"""
# What a new row needs besides: (test file, function) -> the sentence of its failure.
OWED = {
    ("losses/test_table.py", "test_every_loss_has_its_textbook_formula"):
        "add the formula of cubic to TEXTBOOK in tests/losses/test_table.py",
    ("networks/test_optimizers.py", "test_every_optimizer_is_written_with_torch_and_by_hand"):
        "write adagrad a second time in TORCH in tests/networks/test_optimizers.py",
    ("pages/test_gallery.py", "test_all_losses_of_the_registries_are_offered"):
        "offer cubic in the controls of lossviz/pages/gallery/controls.py",
}  # fmt: skip


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a copy of the package with one more row in each table."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(PACKAGE, folder / "lossviz")  # with its compiled files, so that imports are fast
    functions = folder / "lossviz" / "losses" / "functions.py"
    functions.write_text(functions.read_text() + FUNCTION)
    for file, row in ROWS.items():
        table = folder / "lossviz" / file
        text = table.read_text()
        end = [match.end() for match in re.finditer(r"\n +\),\n(?= *[\])])", text)][-1]  # of the last row
        table.write_text(text[:end] + row.lstrip("\n") + "\n" + text[end:])
    return folder


def run(folder: Path, script: str, *arguments: str) -> Any:
    """The last line that a script prints, as JSON; it imports the package of that folder."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        timeout=600,  # some seconds where nothing else runs
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (folder, TESTS)))},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def result(copy: Path) -> Any:
    """What the copy does with the new rows, and what the tests of their topics say about them."""
    return run(copy, SCRIPT, json.dumps([(str(TESTS / file), function) for file, function in OWED]))


def test_new_rows_can_be_listed_trained_and_drawn(copy: Path, result: Any) -> None:
    assert Path(result["file"]).is_relative_to(copy)
    assert result["listed"]
    assert result["shape"][:2] == [1, 2]
    assert result["word"] == [1, 0]
    assert min(result["drawn"]) > 0


def test_whatever_else_a_row_needs_is_named_in_one_sentence(result: Any) -> None:
    assert result["sentences"] == list(OWED.values())


NAMES = re.compile(r"[\"'](?:momentum|nesterov|rmsprop|adamw|lbfgs)[\"']")


OTHER_USES = (
    "thresholds.py",  # torch's settings of that name
    "quadratics.py",  # two rules, of which one is called as an optimizer is
    "recorded_training.py",  # its default
)


def test_no_other_file_of_the_core_repeats_the_names_of_optimizers() -> None:
    repeated = [
        str(file.relative_to(PACKAGE))
        for package in ("training", "stability", "landscape", "neuron", "metrics", "figures")
        for file in (PACKAGE / package).rglob("*.py")
        if len({*NAMES.findall(file.read_text())}) > 1 and file.name not in OTHER_USES
    ]
    assert not repeated, "use a field of the row in networks/optimizers.py"
