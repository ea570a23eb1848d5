"""Controls of the page Numbers that go wrong."""

from lossviz.ui.controls import Choice, Slider
from lossviz.ui.typed import Number, Text


class Numbers:
    """Numbers that go wrong."""

    view = Choice("numbers_view", "View", ("Term by term", "As written", "This number?"), "Term by term")
    score = Choice(
        "numbers_score",
        "Score",
        ("Cross-entropy, two classes", "Cross-entropy, more classes", "Brier", "MSE", "RMSE", "MAE"),
        "Cross-entropy, two classes",
        "What is computed from the two boxes",
    )
    actual = Text(
        "numbers_actual",
        "Actual",
        "1 0 1 0 0 1",
        "Labels 0 and 1, class numbers from 0, or any numbers; spaces, commas or lines between them",
    )
    predicted = Text(
        "numbers_predicted",
        "Predicted",
        "0.9 0.2 0.4 0.95 0.1 0.7",
        "Probabilities, or any numbers; for more classes one row a line",
    )
    term_controls = (score, actual, predicted)

    case = Choice(
        "numbers_case",
        "What goes wrong",
        ("A missing term", "Rows that miss 1", "Sure and wrong", "Too few digits", "Softmax twice"),
        "A missing term",
        "Five ways in which a loss that looks right is wrong",
        {
            "Rows that miss 1": "Rows that do not sum to 1",
            "Sure and wrong": "Confidently wrong",
            "Too few digits": "Rounding in float32",
            "Softmax twice": "Softmax applied twice",
        },
    )
    z = Slider(
        "numbers_z", "Logit z", 0.0, 50.0, 17.0, 0.5, "How confident the model is of 1, where the target is 0"
    )
    margin = Slider(
        "numbers_margin",
        "Margin",
        -5.0,
        15.0,
        10.0,
        0.2,
        "The correct class's logit minus all others",
    )
    classes = Number("numbers_classes", "Classes", 2, 10_000_000, 10, 1, "How many classes there are")
    case_controls = (case, z, margin, classes)

    value = Number(
        "numbers_value",
        "Your loss",
        -1e6,
        1e6,
        2.303,
        0.001,
        "The number at which it has stopped falling",
        "%0.4g",
    )
    counts = Text(
        "numbers_counts",
        "Class counts, if you know them",
        "",
        "Examples of each class: always predicting these frequencies is then compared as well",
    )
    value_controls = (value, classes, counts)

    of = Choice("numbers_of", "Of", ("Loss", "Accuracy"), "Loss", "What kind of number it is")
    accuracy = Number(
        "numbers_accuracy", "Your accuracy, %", 0.0, 100.0, 50.0, 0.1, "The share of right answers", "%0.1f"
    )
    groups = Number("numbers_groups", "Classes", 2, 10_000_000, 2, 1, "How many classes there are")
    accuracy_controls = (of, accuracy, groups, counts)
    all = (view, *term_controls, *case_controls, value, counts, of, accuracy, groups)
