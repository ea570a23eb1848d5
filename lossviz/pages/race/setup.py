"""The tab Set up: the settings of the training."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import streamlit as st

import lossviz as lv
from lossviz.pages.race.controls import DEFAULT, Race

STEPS = int(Race.step.high)
MAX_RUNS = 4  # that a reader can tell apart


def settings() -> lv.TrainingSettings:
    """The training that the controls describe. ValueError if its settings do not fit together."""
    losses = Race.pair.value.split(", ")
    activations, optimizers = Race.activation.value.split(", "), Race.optimizer.value.split(", ")
    runs = [(a, o, loss) for a in activations for o in optimizers for loss in losses]
    if len(runs) > MAX_RUNS:
        raise ValueError(
            f"{len(losses)} losses × {len(activations)} activations × {len(optimizers)} optimizers are "
            f"{len(runs)} runs, and at most {MAX_RUNS} can be told apart"
        )
    second_rate = Race.rate.value if Race.own.value == "the same" else Race.own.value
    generated = lv.DATASETS[Race.data.value].synthetic
    return lv.TrainingSettings(
        Race.data.value,
        Race.network.value,
        tuple(loss for _, _, loss in runs),
        tuple(float(second_rate if loss == losses[1] else Race.rate.value) for _, _, loss in runs),
        optimizers[0] if len(optimizers) == 1 else tuple(o for _, o, _ in runs),
        int(Race.seeds.value),
        STEPS,
        batch=0 if Race.batch.value == "all" else int(Race.batch.value),
        init_gain=float(Race.gain.value),
        activation=activations[0] if len(activations) == 1 else tuple(a for a, _, _ in runs),
        n=int(Race.size.value) if generated and Race.size.value != DEFAULT else None,
        noise=float(Race.noise.value) if generated and Race.noise.value != DEFAULT else None,
        record_every=int(Race.step.step),
        schedule=Race.schedule.value,
        weight_decay=None if Race.decay.value == DEFAULT else float(Race.decay.value),
        clip=0.0 if Race.clip.value == "any" else float(Race.clip.value),
        imbalance=float(Race.rare.value),
        label_noise=float(Race.wrong.value),
        centred=Race.centred.value,
    )


def fit_to_data() -> None:
    """Choose losses for many classes, and another network than the cnn, where the data ask for it."""
    multiclass = len(lv.DATASETS[Race.data.value].classes) > 2
    if multiclass and any(lv.LOSSES[name].task == "binary" for name in Race.pair.value.split(", ")):
        st.session_state[Race.pair.key] = "softmax-mse, softmax-ce"
    if Race.network.value == "cnn" and Race.data.value != "digits":
        st.session_state[Race.network.key] = Race.network.default


def setup() -> None:
    """Draw the controls."""
    columns = st.columns(3, gap="medium")
    with columns[0]:
        Race.data.menu(on_change=fit_to_data)
        generated = lv.DATASETS[Race.data.value].synthetic
        Race.size.menu(disabled=not generated)
        Race.noise.segments(disabled=not generated)
        Race.rare.segments()
        Race.wrong.segments()
        Race.centred.show()
    with columns[1]:
        Race.pair.menu()
        Race.network.menu()
        Race.activation.segments()
        Race.gain.segments()
        Race.seeds.show()
        Race.shown.show()
    with columns[2]:
        Race.optimizer.menu()
        Race.rate.select_slider()
        Race.own.menu()
        Race.batch.segments()
        Race.schedule.menu()
        Race.decay.segments()
        Race.clip.segments()


def shown_seed() -> int:
    """The seed whose decision boundaries are drawn, counted from 0."""
    return min(int(Race.shown.value), int(Race.seeds.value)) - 1


def summary(wanted: lv.TrainingSettings) -> str:
    """All settings, in one line."""
    train, test = wanted.data()
    inputs, classes = train.x.shape[1], len(train.classes)
    outputs = classes if lv.LOSSES[wanted.losses[0]].task == "multiclass" else 1
    hidden = str(wanted.network).removeprefix("mlp-").replace("linear", "")
    shape = "small CNN" if hidden == "cnn" else "-".join(filter(None, (str(inputs), hidden, str(outputs))))
    several = isinstance(wanted.activation, tuple)
    activation = "sigmoid or ReLU" if several else str(wanted.activation).replace("relu", "ReLU")
    gain = f", output layer initialized × {wanted.init_gain:g}" if wanted.init_gain != 1 else ""
    changes = [
        f"last class {wanted.imbalance:g}× rarer" if wanted.imbalance != 1 else "",
        f"{100 * wanted.label_noise:g} % of the training labels wrong" if wanted.label_noise else "",
        "features centred" if wanted.centred else "",
    ]
    rows = [lv.OPTIMIZERS[run.optimizer] for run in wanted.runs]
    optimizer = " or ".join(dict.fromkeys(row.inline_label or row.label for row in rows))
    rates = " and ".join(dict.fromkeys(f"{rate:g}" for rate in wanted.lr))
    extras = [
        f"batches of {wanted.batch}" if wanted.batch else "",
        lv.SCHEDULES[wanted.schedule].label.lower() if wanted.schedule != "constant" else "",
        f"weight decay {wanted.weight_decay:g}" if isinstance(wanted.weight_decay, float) else "",
        f"gradients clipped at {wanted.clip:g}" if wanted.clip else "",
    ]
    boundaries = f"; decision boundaries of seed {shown_seed() + 1}" if inputs == 2 else ""
    data = f"{lv.DATASETS[wanted.dataset].label}, training set {len(train.x)}, test set {len(test.x)}"
    return " · ".join(
        [
            ", ".join(filter(None, [data, *changes])),
            f"network {shape}, {activation}{gain}",
            ", ".join(filter(None, [f"{optimizer}, learning rate {rates}", *extras])),
            f"{wanted.seeds} {'seed' if wanted.seeds == 1 else 'seeds'}{boundaries}.",
        ]
    )


def train_call(wanted: lv.TrainingSettings) -> str:
    """The Python statement that trains with these settings."""
    defaults = {
        "batch": 0, "init_gain": 1.0, "activation": "tanh", "n": None, "noise": None, "schedule": "constant",
        "weight_decay": None, "clip": 0.0, "imbalance": 1.0, "label_noise": 0.0, "centred": False,
    }  # fmt: skip
    changed = {
        name: getattr(wanted, name) for name, usual in defaults.items() if getattr(wanted, name) != usual
    }

    def written(value: object) -> str:
        if isinstance(value, tuple):
            return repr(list(value))
        return f"{value:g}" if isinstance(value, float) else repr(value).replace("'", '"')

    lines = [
        f'    "{wanted.dataset}", "{wanted.network}", losses={list(wanted.losses)}, lr={list(wanted.lr)},',
        f"    optimizer={written(wanted.optimizer)}, seeds={wanted.seeds}, steps={STEPS},"
        f" record_every={wanted.record_every},",
        *(f"    {name}={written(value)}," for name, value in changed.items()),
    ]
    return "history = lv.train(\n" + "\n".join(lines) + "\n)"
