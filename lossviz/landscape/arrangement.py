"""A plane in the order, and under the names, of the model that is to be evaluated on it."""

from dataclasses import replace

import numpy as np
from torch import nn

from lossviz.engine.parameter_names import without_prefixes
from lossviz.engine.parameters import matching_parameters, trainable_parameters
from lossviz.engine.state.plane_state import PlaneState
from lossviz.landscape.planes import Plane


def arranged(plane: Plane, model: nn.Module) -> Plane:
    """The plane with its parameters in the model's order and under the model's names.

    A file of weights may have another order than the model, a wrapped model other names, and the state_dict
    of a model with tied weights has them under each of their names.

    Raises:
        ValueError: If their parameters differ in name or shape.
    """
    trainable = trainable_parameters(model)
    if plane.names == tuple(trainable):
        matching_parameters(plane.names, plane.shapes, model)
        return plane  # the names of its state are the model's, too
    parameters = dict(model.named_parameters(remove_duplicate=False))
    own = {**parameters, **dict(model.named_buffers(remove_duplicate=False))}
    state = plane.state or PlaneState({})
    theirs = without_prefixes([*plane.names, *state.origin])
    ours = {short: name for name, short in without_prefixes(own).items()}
    renamed = {name: ours.get(short, name) for name, short in theirs.items()}
    first_names = {id(parameter): name for name, parameter in trainable.items()}
    parts: dict[str, tuple[tuple[int, ...], slice]] = {}  # shape and place in the flat arrays
    offset = 0
    rows = np.stack([plane.origin, plane.u, plane.v])
    for name, shape in zip(plane.names, plane.shapes, strict=True):
        where = slice(offset, offset + int(np.prod(shape)))
        offset = where.stop
        name = renamed[name]
        tied = first_names.get(id(parameters[name]), name) if name in parameters else name
        if tied not in parts:
            parts[tied] = shape, where
        elif parts[tied][0] != shape or not np.array_equal(rows[:, parts[tied][1]], rows[:, where]):
            raise ValueError(f"{name!r} and {tied!r} are one parameter of the model; the plane has two")
    matching_parameters(tuple(parts), tuple(shape for shape, _ in parts.values()), model)
    order = np.concatenate([np.arange(parts[name][1].start, parts[name][1].stop) for name in trainable])
    origin, u, v = rows[:, order]
    return replace(
        plane,
        names=tuple(trainable),
        shapes=tuple(parts[name][0] for name in trainable),
        origin=origin,
        u=u,
        v=v,
        state=_renamed(state, renamed) if plane.state else None,
    )


def _renamed(state: PlaneState, names: dict[str, str]) -> PlaneState:
    return replace(
        state,
        origin={names[name]: value for name, value in state.origin.items()},
        linear={names[name]: part for name, part in state.linear.items()},
        nearest={names[name]: part for name, part in state.nearest.items()},
    )
