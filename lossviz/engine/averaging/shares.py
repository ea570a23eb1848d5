"""The loss of several batches is what the same loss over all the data at once would be.

This is decided once for the data, for everything that adds up batches: surfaces, profiles, Hessian products
and full-batch training. In this order:

1. A row of `LOSSES` is a mean over the examples.
2. A loss that is a mean or a sum of one value for each example (`lossviz.engine.averaging.loss_parts`), as
   torch's own are, counts a batch by its own denominator (`lossviz.engine.averaging.denominators`).
3. Where that is not certain, the loss of the joined outputs and targets decides: it is a mean or a sum if
   they give the same, and otherwise is called once, on the outputs of all batches.
4. Where outputs or targets cannot be joined, the loss is taken for a mean over the examples, and the result
   says so. ``batch_weight`` says another weight.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lossviz.common.plain_text import quoted
from lossviz.common.rng import IsolatedRNG
from lossviz.common.validation import number_in
from lossviz.engine.averaging.dependence import checked_dependence
from lossviz.engine.averaging.loss_parts import LossRecorder, Part, Parts
from lossviz.engine.batches import Batch, BatchList, JointBatch
from lossviz.engine.nested import JoinError, cloned, first_shape, join, map_tensors, tensors_in
from lossviz.engine.user_loss import OriginalModelGuard, call_loss, loss_extras
from lossviz.losses.base import MeanLoss

BatchWeight = str | Callable[[Any], float] | Sequence[float] | None

MAX_JOINED = 2**24  # numbers in the outputs that a rule is verified on
TOLERANCE = (
    3e-5  # relative difference of two ways to one loss in float32; in float64 it is a millionth of that
)
SHRUNK = 0.7  # factor of every other batch's outputs, so that the losses of two batches are not alike

BY_CONVENTION = "mean over the examples of all batches, by convention"
JOINTLY = "one call of the loss on the outputs of all batches"


class CallError(Exception):
    """The model or the loss failed on the batches, or on the joined outputs."""


@dataclass(frozen=True)
class _Rule:
    """A way to make the loss of all the data of the losses of batches."""

    weights: tuple[float, ...]  # of the batches
    text: str
    is_sum: bool = False
    certain: bool = True  # whether the loss cannot be read in another way

    @property
    def shares(self) -> tuple[float, ...]:
        total = 1.0 if self.is_sum else sum(self.weights)
        return tuple(weight / total for weight in self.weights)

    def is_like(self, other: "_Rule") -> bool:
        """Whether the batches have the same shares."""
        return self.is_sum == other.is_sum and _proportional(self.weights, other.weights)

    def first(self, count: int) -> "_Rule":
        """The same for the first batches alone."""
        return replace(self, weights=self.weights[:count])

    def set(self, batches: BatchList, **changes: Any) -> BatchList:
        return replace(batches, shares=self.shares, averaging=self.text + batches.note, **changes)


def averaged(
    batches: BatchList,
    model: nn.Module,
    loss_fn: Callable[..., Any],
    batch_weight: BatchWeight = None,
    original: nn.Module | None = None,
) -> BatchList:
    """Decide how the losses of batches make the loss of all the data.

    Args:
        batches: The data.
        model: A private copy of the model.
        loss_fn: The user's loss, by `lossviz.engine.user_loss.loss_function`.
        batch_weight: How much each batch counts in a weighted mean of their losses: a function of a batch's
            targets, or one number for each batch; "examples" for the number of examples; or "sum" to add the
            losses. None to find it out.
        original: The user's model, which the loss must not use.

    Returns:
        The batches with their shares, and how they were found.

    Raises:
        ValueError: If a weight is not a number of at least 0, or all are 0.
    """
    if batch_weight is not None:
        return _given_rule(batches, batch_weight).set(batches, whole=False)
    if len(batches.items) > 1:
        with nullcontext() if original is None else OriginalModelGuard(original):
            batches = checked_dependence(batches, model)
    if len(batches.items) == 1:
        return batches
    examples = _Rule(tuple(float(b.examples) for b in batches.items), "mean over the examples of all batches")
    if isinstance(loss_fn, MeanLoss):
        return examples.set(batches)
    by_convention = replace(examples, text=BY_CONVENTION)
    try:
        with nullcontext() if original is None else OriginalModelGuard(original):
            sample = _Sample(batches.items, model, loss_fn)
    except CallError:  # the evaluators report what fails, with the shapes of the data
        return by_convention.set(batches)
    rules = [
        replace(rule, text=examples.text) if rule.is_like(examples) else rule for rule in _rules(sample.parts)
    ]
    if rules and rules[0].certain and not sample.mixes:
        return rules[0].set(batches)
    try:
        joined = sample.joined_loss()
    except CallError:  # outputs that cannot be joined, or a loss that needs more than outputs
        return (rules or [by_convention])[0].set(batches)
    found = next((rule for rule in (*rules, examples) if sample.agrees(rule, joined)), None)
    if found is not None:
        return found.set(batches)
    try:
        JointBatch.of(batches.items)
    except JoinError:
        return by_convention.set(batches)
    return replace(batches, averaging=JOINTLY + batches.note, joint=True)


def _given_rule(batches: BatchList, batch_weight: BatchWeight) -> _Rule:
    """The user's own weights."""
    count = len(batches.items)
    if isinstance(batch_weight, str):
        if batch_weight == "sum":
            return _Rule((1.0,) * count, "the losses of the batches are added", is_sum=True)
        if batch_weight == "examples":
            return _Rule(tuple(float(b.examples) for b in batches.items), "mean over the examples")
        raise ValueError(
            "batch_weight must be 'examples', 'sum', a function of a batch's targets, or a number for each "
            f"batch; got {quoted(batch_weight)}"
        )
    values: Any = [batch_weight(b.targets) for b in batches.items] if callable(batch_weight) else batch_weight
    if not isinstance(values, (Sequence, np.ndarray, Tensor)) or len(values) != count:
        got = len(values) if hasattr(values, "__len__") else quoted(values)
        raise ValueError(f"batch_weight must be one number for each of the {count} batches; got {got}")
    weights = tuple(number_in("batch_weight", value, 0.0) for value in values)
    if not sum(weights) > 0:
        raise ValueError("batch_weight must be above 0 for at least one batch; got 0 for all")
    return _Rule(weights, "mean weighted by batch_weight")


class _Sample:
    """What the loss makes of each batch at the model's own weights."""

    def __init__(self, items: Sequence[Batch], model: nn.Module, loss_fn: Callable[..., Any]) -> None:
        self._model, self._loss_fn, self._extras = model, loss_fn, loss_extras(loss_fn)
        self.parts: list[Parts | None] = []
        self.mixes = False  # whether the loss may compare examples with each other
        self._kept: list[tuple[Batch, Any]] = []  # the first batches with their outputs, changed by `SHRUNK`
        self._double = True  # until it turns out that the loss holds tensors of single precision
        size = 0
        for index, batch in enumerate(items):
            try:
                outputs = self._record(index, batch)
            except Exception as error:
                raise CallError from error
            size += sum(tensor.numel() for tensor in tensors_in(outputs))
            if size <= MAX_JOINED or len(self._kept) < 2:
                self._kept.append((batch, _shrunk(outputs) if index % 2 else outputs))

    def _record(self, index: int, batch: Batch) -> Any:
        """Describe the loss of a batch, by a call on a copy that may be written to; the outputs."""
        try:
            with torch.no_grad():
                return self._recorded(index, batch.clone())
        except RuntimeError as error:
            if "grad" not in str(error):
                raise
        with torch.enable_grad():  # a loss that differentiates inside
            return self._recorded(index, batch.clone())

    def _recorded(self, index: int, batch: Batch) -> Any:
        with IsolatedRNG(index):
            outputs = batch.outputs(self._model)
            kept = map_tensors(lambda tensor: tensor.detach().clone(), outputs)
            with LossRecorder(outputs, (batch.targets, batch.all_inputs)) as recorder:
                loss = call_loss(self._loss_fn, outputs, batch, self._model, self._extras)
        self.parts.append(recorder.parts(loss))
        self.mixes |= recorder.mixes
        return kept

    def joined_loss(self) -> float:
        """The loss of the kept batches together; `CallError` if they cannot be joined."""
        if not all(_are_aligned(outputs, batch.targets) for batch, outputs in self._kept):
            raise CallError
        for self._double in (True, False):
            try:
                targets = join([batch.targets for batch, _ in self._kept])
                outputs = join([outputs for _, outputs in self._kept])
                inputs = join([batch.inputs for batch, _ in self._kept]) if "inputs" in self._extras else None
                loss = self._loss(outputs, targets, inputs)
            except Exception as error:
                if not self._double:
                    raise CallError from error
            else:
                break
        if not np.isfinite(loss):
            raise CallError
        return loss

    def agrees(self, rule: _Rule, joined: float) -> bool:
        """Whether a rule gives the loss of the joined batches."""
        terms = []
        for (batch, outputs), share in zip(self._kept, rule.first(len(self._kept)).shares, strict=True):
            if share:
                terms.append(share * self._loss(outputs, batch.targets, batch.inputs))
        scale = max(abs(joined), sum(map(abs, terms)))
        return abs(sum(terms) - joined) <= TOLERANCE * (1e-6 if self._double else 1.0) * scale

    def _loss(self, outputs: Any, targets: Any, inputs: Any) -> float:
        values = (
            map_tensors(_in_double, cloned(v)) if self._double else cloned(v) for v in (outputs, targets)
        )
        with torch.no_grad(), IsolatedRNG(0):
            changed, labels = values
            extras = {"model": self._model, "inputs": inputs}
            return float(self._loss_fn(changed, labels, **{name: extras[name] for name in self._extras}))


def _are_aligned(outputs: Any, targets: Any) -> bool:
    """Whether outputs and targets have one entry for each example, so that both may be joined."""
    targets_shape = first_shape(targets)
    return not targets_shape or first_shape(outputs)[:1] == targets_shape[:1]


def _shrunk(outputs: Any) -> Any:
    return map_tensors(lambda value: value * SHRUNK if value.is_floating_point() else value, outputs)


def _in_double(value: Tensor) -> Tensor:
    return value.double() if value.is_floating_point() else value


def _rules(described: list[Parts | None]) -> list[_Rule]:
    """What the descriptions of the loss on each batch allow, the likeliest rule first."""
    known = [parts for parts in described if parts is not None]
    if len(known) < len(described) or len({tuple(map(_kind, parts)) for parts in known}) > 1:
        return []
    columns = [column for column in zip(*known, strict=True) if column[0].of_data]
    if not columns:
        return []
    if all(part.denominator is None for column in columns for part in column):
        return _sum_rules(columns, alone=len(columns) == len(known[0]))
    weights = [_mean_weights(column) for column in columns]
    first = weights[0]
    if first is None or sum(first) <= 0 or any(w is None or not _proportional(w, first) for w in weights):
        return []
    certain = all(part.factor == column[0].factor for column in columns for part in column)
    return [_Rule(first, "mean over the batches by the loss's own denominators", certain=certain)]


def _kind(part: Part) -> tuple[bool, bool]:
    return part.denominator is None, part.of_data


def _sum_rules(columns: list[tuple[Part, ...]], alone: bool) -> list[_Rule]:
    """Rules for sums over the data, perhaps divided by a number.

    ``sum() / 7`` is a sum and ``sum() / len(targets)`` a mean: the joined batches tell which. Terms without
    data would be added once for each batch, so that sums with such terms have no rule.
    """
    factors = [[part.factor for part in column] for column in columns]
    count, rules = len(factors[0]), list[_Rule]()
    if alone and all(len(set(column)) == 1 for column in factors):
        certain = all(factor == 1 for column in factors for factor in column)
        rules.append(_Rule((1.0,) * count, "sum over all batches", is_sum=True, certain=certain))
    if len(factors) == 1 and all(factor not in (0, 1) for factor in factors[0]):
        divisors = tuple(abs(1 / factor) for factor in factors[0])
        rules.append(_Rule(divisors, "mean over the batches by the loss's own divisors", certain=False))
        if all(divisor > 1 and abs(divisor - round(divisor)) < 1e-6 for divisor in divisors):
            rules.reverse()  # the numbers of examples
    return rules


def _mean_weights(column: tuple[Part, ...]) -> tuple[float, ...] | None:
    """Weights of the batches by the denominators of one mean; None for a sum."""
    weights = [None if p.denominator is None or not p.factor else p.denominator / p.factor for p in column]
    return None if None in weights else tuple(abs(weight) for weight in weights if weight is not None)


def _proportional(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return bool(np.allclose(np.array(one) * sum(other), np.array(other) * sum(one), rtol=1e-9))
