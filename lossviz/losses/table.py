"""The registry of losses: the rows of `lossviz.losses.binary`, `multiclass` and `regression`.

Each row has the formula, the convention, the source, and the function that computes it. No loss reduces over
examples. Logarithms are natural, so likelihood losses are in nats.

To add a loss, write its function in `lossviz.losses.functions` and add a row to one of the three files. Tests
name what else is needed: its formula in ``tests/losses/test_table.py``, and an option of the Loss gallery.
"""

from lossviz.common.registry import Registry
from lossviz.losses.base import Loss
from lossviz.losses.binary import BINARY
from lossviz.losses.multiclass import MULTICLASS
from lossviz.losses.regression import REGRESSION

LOSSES: Registry[Loss] = Registry("loss", [*BINARY, *MULTICLASS, *REGRESSION])
