"""Registries: ordered, read-only, complete rows, and a KeyError that lists the known names."""

from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass
from typing import Any

import pytest

from lossviz import DATASETS, LOSSES, NETWORKS, OPTIMIZERS, Registry
from lossviz.neuron import TWO_WEIGHT_MODELS

REGISTRIES: dict[str, Registry[Any]] = {
    "losses": LOSSES,
    "datasets": DATASETS,
    "networks": NETWORKS,
    "optimizers": OPTIMIZERS,
    "two-weights": TWO_WEIGHT_MODELS,
}
ROWS = [
    pytest.param(row, id=f"{kind}:{name}") for kind, rows in REGISTRIES.items() for name, row in rows.items()
]
every_registry = pytest.mark.parametrize("registry", REGISTRIES.values(), ids=REGISTRIES.keys())

# Names are public: they stand in links and in the code of users. New ones may be added, none removed.
PUBLISHED = {
    "losses": "sigmoid-mse sigmoid-half-mse sigmoid-ce tanh-mse hinge squared-hinge focal "
    "softmax-ce softmax-mse softmax-ce-smoothed sigmoid-bce-onehot sigmoid-mse-onehot "
    "mse mae huber log-cosh quantile poisson-nll gaussian-nll",
    "datasets": "moons circles xor spirals blobs line sine digits iris wine breast-cancer diabetes",
    "networks": "neuron linear mlp-16 mlp-16-16 mlp-64-64 cnn",
    "optimizers": "sgd momentum nesterov rmsprop adam adamw lbfgs",
}


@pytest.mark.parametrize("kind", PUBLISHED)
def test_published_names_exist(kind: str) -> None:
    assert set(PUBLISHED[kind].split()) <= set(REGISTRIES[kind])


@dataclass(frozen=True)
class Row:
    name: str


def test_rows_keep_their_order() -> None:
    assert list(Registry("row", [Row("b"), Row("a"), Row("c")])) == ["b", "a", "c"]


def test_equal_names_raise() -> None:
    with pytest.raises(ValueError, match="two rows of kind row are named 'a'"):
        Registry("row", [Row("a"), Row("b"), Row("a")])


@every_registry
def test_registry_is_a_mapping_by_name(registry: Registry[Any]) -> None:
    assert isinstance(registry, Mapping)
    assert len(registry) == len(list(registry)) > 0
    for name, row in registry.items():
        assert row.name == name
        assert name in registry
        assert registry[name] is row
    assert registry.get("no such thing") is None
    assert "no such thing" not in registry


@every_registry
def test_registry_is_read_only(registry: Registry[Any]) -> None:
    name = next(iter(registry))
    with pytest.raises(TypeError):
        registry["mine"] = registry[name]  # type: ignore[index]
    with pytest.raises(TypeError):
        del registry[name]  # type: ignore[attr-defined]
    with pytest.raises(FrozenInstanceError):
        registry[name].name = "mine"
    for method in ("pop", "update", "clear", "setdefault"):
        assert not hasattr(registry, method)


@every_registry
@pytest.mark.parametrize(
    "wrong", ["no such thing", "", "MSE", "<script>", "mlp-", "mlp-0", "mlp--3", "mlp-3-"]
)
def test_unknown_name_lists_the_known_ones(registry: Registry[Any], wrong: str) -> None:
    with pytest.raises(KeyError) as caught:
        registry[wrong]
    message = str(caught.value)
    assert repr(wrong) in message
    for name in registry:
        assert name in message


@every_registry
@pytest.mark.parametrize("wrong", [None, 3, ("a",), ["a"], {"a": 1}])
def test_key_of_another_type_is_unknown(registry: Registry[Any], wrong: object) -> None:
    with pytest.raises(KeyError, match="unknown"):
        registry[wrong]  # type: ignore[index]
    assert wrong not in registry


@pytest.mark.parametrize("row", ROWS)
def test_every_row_is_documented(row: Any) -> None:
    for field in ("label", "formula", "convention", "source"):
        assert getattr(row, field).strip() == getattr(row, field) != ""
    assert row.formula.count("{") == row.formula.count("}")
    assert row.formula.count(r"\left") - row.formula.count(r"\leftarrow") == row.formula.count(r"\right")
    assert not row.label[0].islower()
    assert row.name == row.name.lower()
    assert not set(row.name) & set(" /?&=#%<>\"'")  # it is part of links


@every_registry
def test_labels_are_unique(registry: Registry[Any]) -> None:
    labels = [row.label for row in registry.values()]
    assert len(set(labels)) == len(labels)


@every_registry
def test_repr_lists_the_names(registry: Registry[Any]) -> None:
    assert all(name in repr(registry) for name in registry)


def test_pattern_makes_rows_that_are_not_listed() -> None:
    row = NETWORKS["mlp-3-7"]
    assert row.name == "mlp-3-7"
    assert "mlp-3-7" in NETWORKS
    assert "mlp-3-7" not in list(NETWORKS)
    with pytest.raises(KeyError, match="mlp-<units>-<units>"):
        NETWORKS["perceptron"]


@pytest.mark.parametrize("name", ["mlp-1025", "mlp-99999", "mlp" + 17 * "-2"])
def test_too_large_network_raises_and_is_not_contained(name: str) -> None:
    with pytest.raises(ValueError, match="at most 16 hidden layers of at most 1024 units"):
        NETWORKS[name]
    assert name not in NETWORKS


def test_largest_network_of_the_pattern_is_contained() -> None:
    assert "mlp-1024" in NETWORKS
    assert "mlp" + 16 * "-2" in NETWORKS
