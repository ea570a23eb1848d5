"""Multi-class losses, one row each: K logits, a class number or K probabilities; summed over the outputs."""

from types import MappingProxyType

from lossviz.losses import functions, gradients
from lossviz.losses.base import Loss, Setting

_GOODFELLOW = "I. Goodfellow, Y. Bengio and A. Courville, Deep Learning (2016), section 6.2.2"
_ONE_VS_REST = "R. Rifkin and A. Klautau, In Defense of One-Vs-All Classification, JMLR 5 (2004)"

MULTICLASS: tuple[Loss, ...] = (
    Loss(
        name="softmax-ce",
        label="Softmax, cross-entropy",
        family="logarithm",
        task="multiclass",
        target_kind="class",
        activation="softmax",
        function=functions.softmax_ce,
        gradient_function=gradients.softmax_ce,
        formula=r"L = -\ln \mathrm{softmax}(z)_y",
        convention="in nats",
        source=_GOODFELLOW,
        likelihood="categorical",
        unit="nats",
        common_name="Cross-entropy",
        short_label="Cross-entropy",
    ),
    Loss(
        name="softmax-mse",
        label="Softmax, squared error",
        family="squared",
        task="multiclass",
        target_kind="class",
        activation="softmax",
        function=functions.softmax_mse,
        gradient_function=gradients.softmax_mse,
        formula=r"L = \sum_k (\mathrm{softmax}(z)_k - [k = y])^2",
        convention="summed over the K outputs, without the ½; the multi-class Brier score",
        source="G. Brier, Verification of forecasts expressed in terms of probability (1950)",
        common_name="Squared error",
        short_label="Squared error",
    ),
    Loss(
        name="softmax-ce-smoothed",
        label="Softmax, smoothed labels",
        family="logarithm",
        task="multiclass",
        target_kind="class",
        activation="softmax",
        function=functions.softmax_ce_smoothed,
        formula=r"L = -\sum_k \left((1 - \alpha)[k = y] + \tfrac{\alpha}{K}\right) "
        r"\ln \mathrm{softmax}(z)_k",
        convention="in nats; alpha is shared by all K classes, the right one included",
        source="C. Szegedy et al., Rethinking the Inception Architecture (2016), section 7",
        settings=MappingProxyType(
            {"smoothing": Setting(0.1, 0.0, 1.0, "share of each label given to all classes alike", "α")}
        ),
        unit="nats",
        short_label="Smoothed",
    ),
    Loss(
        name="softmax-twice",
        label="Softmax twice, cross-entropy",
        family="logarithm",
        task="multiclass",
        target_kind="class",
        activation="softmax",
        function=functions.softmax_twice,
        formula=r"L = -\ln \mathrm{softmax}(\mathrm{softmax}(z))_y",
        convention="in nats; a mistake often made: never below ln(e + K − 1) − 1",
        source="PyTorch, documentation of CrossEntropyLoss: the input is expected to be raw logits",
        unit="nats",
        short_label="Softmax twice",
    ),
    Loss(
        name="sigmoid-bce-onehot",
        label="Sigmoids, cross-entropy",
        family="logarithm",
        task="multiclass",
        target_kind="labels",
        activation="sigmoid",
        function=functions.sigmoid_bce_onehot,
        gradient_function=gradients.sigmoid_bce_onehot,
        formula=r"L = -\sum_k [k = y] \ln \sigma(z_k) + [k \ne y] \ln (1 - \sigma(z_k))",
        convention="in nats, summed over the K outputs",
        source=_ONE_VS_REST,
        likelihood="K independent Bernoulli",
        unit="nats",
        short_label="Sigmoids, BCE",
    ),
    Loss(
        name="sigmoid-mse-onehot",
        label="Sigmoids, squared error",
        family="squared",
        task="multiclass",
        target_kind="labels",
        activation="sigmoid",
        function=functions.sigmoid_mse_onehot,
        gradient_function=gradients.sigmoid_mse_onehot,
        formula=r"L = \sum_k (\sigma(z_k) - [k = y])^2",
        convention="summed over the K outputs, without the ½",
        source=_ONE_VS_REST,
        short_label="Sigmoids, MSE",
    ),
)
