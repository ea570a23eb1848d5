"""What a training is compared with: the accuracy that needs no learning."""

from functools import lru_cache

import numpy as np

from lossviz.training.settings import TrainingSettings


@lru_cache(maxsize=64)
def majority_accuracy(settings: TrainingSettings) -> float:
    """The test accuracy of always predicting the class that is most frequent in the training set.

    Args:
        settings: Of a training on classes.

    Returns:
        In [0, 1]: near 0.5 for two balanced classes, 0.95 if one example in twenty is of the other.

    Raises:
        ValueError: If the dataset has no classes.

    Example:
        >>> import lossviz as lv
        >>> from lossviz.training.baselines import majority_accuracy
        >>> settings = lv.TrainingSettings("moons", "linear", ("sigmoid-ce",), (0.5,), imbalance=19)
        >>> round(majority_accuracy(settings), 2)
        0.95
    """
    train, test = settings.data()
    if not train.classes:
        raise ValueError(f"dataset {settings.dataset!r} has no classes")
    majority = np.bincount(np.asarray(train.y).astype(int)).argmax()
    return float((np.asarray(test.y) == majority).mean())
