"""Recommendations, one row each: an output unit with a loss, why, and how to write it in other libraries."""

from dataclasses import dataclass

from lossviz.common.registry import Registry


@dataclass(frozen=True)
class Recommendation:
    """An output unit with a loss: a row of `RECOMMENDATIONS`.

    ``torch``, ``keras`` and ``sklearn`` are code, one expression per line: a loss of logits or predictions
    for torch, a whole estimator for scikit-learn.
    """

    name: str
    output: str
    loss: str  # in words, after the output
    losses: tuple[str, ...]  # rows of LOSSES
    why: str
    report: str  # which metric to report
    torch: str
    keras: str
    sklearn: str
    source: str


_MURPHY = "K. Murphy, Probabilistic Machine Learning: An Introduction (2022), section 5.1"
_GNEITING = "T. Gneiting, Making and Evaluating Point Forecasts, JASA 106 (2011)"
_ELKAN = "C. Elkan, The Foundations of Cost-Sensitive Learning (2001)"
_SZEGEDY = "C. Szegedy et al., Rethinking the Inception Architecture (2016), section 7"
_KOENKER = "R. Koenker and G. Bassett, Regression Quantiles (1978)"

RECOMMENDATIONS: Registry[Recommendation] = Registry(
    "recommendation",
    [
        Recommendation(
            "mean",
            "One linear output",
            "squared error",
            ("mse",),
            "Its best prediction is the mean, which is what an average estimates. Errors of similar size are "
            "Gaussian, and squared error is the negative log-likelihood of a Gaussian.",
            "RMSE: it has the unit of what you predict.",
            "nn.MSELoss()",
            'model.compile(loss="mse")',
            "LinearRegression()",
            _GNEITING,
        ),
        Recommendation(
            "mean-with-outliers",
            "One linear output",
            "squared error, or Huber",
            ("mse", "huber"),
            "If the outliers are real, they are part of the average, and only squared error counts them in "
            "full. If they are mistakes in the data, Huber limits the gradient of each.",
            "RMSE, and beside it the share of outliers.",
            "nn.MSELoss()\nnn.HuberLoss(delta=1.0)",
            'model.compile(loss="mse")\nkeras.losses.Huber(delta=1.0)',
            "LinearRegression()\nHuberRegressor()",
            _GNEITING,
        ),
        Recommendation(
            "median",
            "One linear output",
            "absolute error",
            ("mae",),
            "Its best prediction is the median: half of the cases lie below it and half above.",
            "Mean or median absolute error: in the unit of what you predict.",
            "nn.L1Loss()",
            'model.compile(loss="mae")',
            "QuantileRegressor(quantile=0.5)",
            _GNEITING,
        ),
        Recommendation(
            "robust",
            "One linear output",
            "absolute error or Huber",
            ("mae", "huber"),
            "An outlier has no larger gradient than any other example, so it cannot dominate the fit.",
            "Median absolute error: a few outliers do not change it much either.",
            "nn.L1Loss()\nnn.HuberLoss(delta=1.0)",
            'model.compile(loss="mae")\nkeras.losses.Huber(delta=1.0)',
            "QuantileRegressor(quantile=0.5)\nHuberRegressor()",
            "P. Huber, Robust Estimation of a Location Parameter (1964)",
        ),
        Recommendation(
            "mean-and-variance",
            "Two outputs, a mean and a standard deviation",
            "Gaussian likelihood",
            ("gaussian-nll",),
            "The second output learns how large the errors are, so that you can give an interval. The "
            "loss may "
            "be negative: it is minus the logarithm of a density, not of a probability.",
            "How often the target lies in your 90 % interval.",
            "nn.GaussianNLLLoss()",
            "lambda y, z: keras.ops.mean(0.5 * ((y - z[:, 0]) * keras.ops.exp(-z[:, 1])) ** 2 + z[:, 1])",
            "BayesianRidge()",
            _MURPHY,
        ),
        Recommendation(
            "quantile",
            "One linear output",
            "quantile loss",
            ("quantile",),
            "If predicting too low costs c times as much as too high, the cheapest prediction is the "
            "quantile "
            "τ = c / (c + 1): 9 times as much gives τ = 0.9.",
            "The cost itself, in money or minutes.",
            "lambda z, y, tau=0.9: torch.maximum(tau * (y - z), (tau - 1) * (y - z)).mean()",
            "lambda y, z, tau=0.9: keras.ops.mean(keras.ops.maximum(tau * (y - z), (tau - 1) * (y - z)))",
            'QuantileRegressor(quantile=0.9)\nHistGradientBoostingRegressor(loss="quantile", quantile=0.9)',
            _KOENKER,
        ),
        Recommendation(
            "interval",
            "Three linear outputs, one a quantile",
            "quantile loss at 5, 50 and 95 %",
            ("quantile",),
            "The outer two give a 90 % interval without assuming a distribution of the errors.",
            "How often the target lies in the interval, and how wide it is.",
            "lambda z, y, tau=torch.tensor([0.05, 0.5, 0.95]): "
            "torch.maximum(tau * (y - z), (tau - 1) * (y - z)).mean()",
            "lambda y, z, tau=0.95: keras.ops.mean(keras.ops.maximum(tau * (y - z), (tau - 1) * (y - z)))",
            "QuantileRegressor(quantile=0.05)\nQuantileRegressor(quantile=0.95)",
            _KOENKER,
        ),
        Recommendation(
            "rate",
            "One exponential output",
            "Poisson",
            ("poisson-nll",),
            "A rate is never negative, and large counts vary more than small ones. The mean is estimated "
            "consistently even where counts vary more than under a Poisson distribution.",
            "Mean Poisson deviance, or the mean absolute error.",
            "nn.PoissonNLLLoss()",
            'keras.layers.Dense(1, activation="exponential")\nmodel.compile(loss="poisson")',
            "PoissonRegressor()",
            "P. McCullagh and J. Nelder, Generalized Linear Models (1989), chapters 6 and 9",
        ),
        Recommendation(
            "binary",
            "One sigmoid output",
            "cross-entropy",
            ("sigmoid-ce",),
            "It makes the output a probability, and its gradient is the error p − y, however confident "
            "the output. "
            "Answer yes from ½ on if you report accuracy.",
            "Accuracy or ROC AUC for people; the loss itself for probabilities.",
            "nn.BCEWithLogitsLoss()",
            "keras.losses.BinaryCrossentropy(from_logits=True)",
            "LogisticRegression()",
            _MURPHY,
        ),
        Recommendation(
            "binary-noisy-labels",
            "One sigmoid output",
            "cross-entropy with soft labels",
            ("sigmoid-ce",),
            "Some labels are wrong, and with hard labels cross-entropy has no upper limit for them. "
            "A soft label, 0.95 for 1, has its minimum at p = 0.95.",
            "Accuracy on examples whose labels were checked.",
            "lambda z, y: nn.BCEWithLogitsLoss()(z, 0.9 * y + 0.05)",
            "keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1)",
            'SGDClassifier(loss="modified_huber")',
            _SZEGEDY,
        ),
        Recommendation(
            "binary-weighted",
            "One sigmoid output",
            "weighted cross-entropy",
            ("sigmoid-ce",),
            "If a missed yes costs 5 times a false alarm, give each yes the weight 5. The output is then no "
            "probability any more, but yes from ½ on is the decision of least cost.",
            "The cost, or recall at a precision that you can afford.",
            "nn.BCEWithLogitsLoss(pos_weight=torch.tensor(5.0))",
            "model.fit(x, y, class_weight={0: 1, 1: 5})",
            "LogisticRegression(class_weight={0: 1, 1: 5})",
            _ELKAN,
        ),
        Recommendation(
            "binary-threshold",
            "One sigmoid output",
            "cross-entropy, and a threshold",
            ("sigmoid-ce",),
            "Keep the probability and move the threshold instead: if a missed yes costs c times a false "
            "alarm, "
            "answer yes from 1 / (c + 1) on.",
            "The loss for the probability, the cost for the decision.",
            "nn.BCEWithLogitsLoss()",
            "keras.losses.BinaryCrossentropy(from_logits=True)",
            "TunedThresholdClassifierCV(LogisticRegression())",
            _ELKAN,
        ),
        Recommendation(
            "multiclass",
            "One softmax output a class",
            "cross-entropy",
            ("softmax-ce",),
            "The outputs are probabilities that add up to 1, and the loss is minus the logarithm of the "
            "correct "
            "class’s.",
            "Accuracy for people; the loss itself for probabilities.",
            "nn.CrossEntropyLoss()",
            "keras.losses.SparseCategoricalCrossentropy(from_logits=True)",
            "LogisticRegression()",
            _MURPHY,
        ),
        Recommendation(
            "multiclass-noisy-labels",
            "One softmax output a class",
            "cross-entropy with smoothed labels",
            ("softmax-ce", "softmax-ce-smoothed"),
            "Some labels are wrong. Spreading a tenth of each label over all classes limits how confident "
            "the outputs become.",
            "Accuracy on examples whose labels were checked.",
            "nn.CrossEntropyLoss(label_smoothing=0.1)",
            "keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)",
            "LogisticRegression(C=0.1)",
            _SZEGEDY,
        ),
        Recommendation(
            "multiclass-weighted",
            "One softmax output a class",
            "weighted cross-entropy",
            ("softmax-ce",),
            "Classes whose errors cost more get a larger weight. The outputs are then no probabilities "
            "any more, but "
            "the largest one is the decision of least cost.",
            "The cost, or recall class by class.",
            "nn.CrossEntropyLoss(weight=torch.tensor([1.0, 1.0, 5.0]))",
            "model.fit(x, y, class_weight={0: 1, 1: 1, 2: 5})",
            "LogisticRegression(class_weight={0: 1, 1: 1, 2: 5})",
            _ELKAN,
        ),
        Recommendation(
            "multilabel",
            "One sigmoid output a label",
            "cross-entropy, added up",
            ("sigmoid-bce-onehot",),
            "Each label is a yes or no of its own: a softmax would make them compete.",
            "F1, macro-averaged, or ROC AUC label by label.",
            "nn.BCEWithLogitsLoss()",
            "keras.losses.BinaryCrossentropy(from_logits=True)",
            "OneVsRestClassifier(LogisticRegression())",
            _MURPHY,
        ),
        Recommendation(
            "multilabel-weighted",
            "One sigmoid output a label",
            "weighted cross-entropy, added up",
            ("sigmoid-bce-onehot",),
            "Labels are mostly absent, and missing one is costly: give each yes a larger weight. "
            "The outputs are then no probabilities any more.",
            "Recall label by label, at a precision that you can afford.",
            "nn.BCEWithLogitsLoss(pos_weight=torch.tensor([5.0, 5.0, 5.0]))",
            "lambda y, z: "
            "keras.ops.mean((1 + 4 * y) * keras.ops.binary_crossentropy(y, z, from_logits=True))",
            "OneVsRestClassifier(LogisticRegression(class_weight={0: 1, 1: 5}))",
            _ELKAN,
        ),
        Recommendation(
            "location",
            "Three linear outputs, scaled to length 1",
            "squared error",
            ("mse",),
            "Longitude jumps at 180°, and a degree is not a distance. A point on the unit "
            "sphere has neither problem: its squared distance grows with the great-circle distance.",
            "The median great-circle distance, in kilometres.",
            "lambda z, y: nn.MSELoss()(nn.functional.normalize(z, dim=-1), y)",
            "keras.losses.CosineSimilarity()",
            "MultiOutputRegressor(LinearRegression())",
            "K. Mardia and P. Jupp, Directional Statistics (2000), chapter 9",
        ),
    ],
)
