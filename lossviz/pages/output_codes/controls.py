"""Controls of the page Output codes."""

from lossviz.ui.address import registry_labels
from lossviz.ui.controls import Choice, Slider, Toggle
from lossviz.ui.typed import Line


class Codes:
    """Output codes. The names of codes are those of `CODES`."""

    view = Choice(
        "codes_view",
        "View",
        ("The network", "Unions", "Meaning", "Spare words", "One bit off", "At scale"),
        "The network",
        labels={"Spare words": "Unused words", "One bit off": "Bit errors"},
    )
    step = Slider("codes_step", "Step", 0, 300, 150, 10, "How long both networks have trained")
    labels = Choice(
        "codes_labels",
        "Labels",
        ("Suit the data", "Two swapped"),
        "Two swapped",
        "Which cluster gets which code word; the points stay where they are",
    )
    hidden = Choice("codes_hidden", "Hidden neurons", ("2", "3", "8"), "3", "Of tanh, in both networks")
    loss = Choice(
        "codes_loss",
        "Loss of the bits",
        ("Squared error", "Cross-entropy"),
        "Squared error",
        "What the sigmoids are trained to minimize",
    )
    rate = Choice(
        "codes_rate",
        "Learning rate",
        ("Equal", "Each its own"),
        "Equal",
        "1 for both, or 4 for squared error, whose slopes are smaller, and 1 for cross-entropy",
    )
    network_controls = (step, labels, hidden, loss, rate)

    labeling = Slider(
        "codes_labelling",
        "Labelling",
        1,
        24,
        1,
        1,
        "Assigns the same code words to the classes in another order",
    )
    classes = Choice(
        "codes_classes", "Classes", ("4", "5", "6", "8"), "4", "How many clusters lie on a circle"
    )
    code = Choice(
        "codes_code",
        "Code",
        ("binary", "gray", "one-hot", "exhaustive", "your own"),
        "binary",
        "Which code words there are; exhaustive has a neuron for every union of classes",
        lambda name: "Your own" if name == "your own" else registry_labels("codes.CODES")(name),
    )
    codewords = Line(
        "codes_words",
        "Your code words",
        "000 011 101 110",
        "A code word for each class, of zeros and ones, with spaces between",
        200,
    )
    dichotomy_controls = (labeling, classes, code, codewords)

    ambiguity = Slider(
        "codes_torn",
        "Ambiguity",
        0,
        40,
        40,
        1,
        "From certain of the first class to the same probability for all",
    )
    between = Choice(
        "codes_between",
        "Possible classes",
        ("three, two bits apart", "two, one bit apart", "two, three bits apart", "four that share a bit"),
        "three, two bits apart",
        "Which of the eight classes may be true; a distance is that of their code words",
    )
    meaning_controls = (ambiguity, between)

    decode = Choice(
        "codes_decode",
        "Decoding, right",
        ("Nearest word", "Likeliest word"),
        "Nearest word",
        "How outputs become a class in the right picture; on the left each is thresholded",
    )
    spread = Choice(
        "codes_spread",
        "Clusters",
        ("Apart", "Touching", "Overlapping"),
        "Apart",
        "How wide the five clusters are",
    )
    unused_controls = (step, labels, hidden, loss, decode, spread)

    threshold = Slider(
        "codes_threshold", "Threshold", 0.05, 0.95, 0.5, 0.05, "The output from which on a bit is 1"
    )
    order = Choice(
        "codes_order",
        "Columns",
        ("By neurons wrong", "By word"),
        "By neurons wrong",
        "The same digits, sorted by which bits are wrong or by the predicted code word",
        {"By neurons wrong": "By wrong bits", "By word": "By code word"},
    )
    bit_controls = (threshold, order, loss)

    show = Choice(
        "codes_show",
        "Classes",
        ("Digits", "Arbitrary, to 1024", "Attributes, to 1024"),
        "Digits",
        "Ten handwritten digits, or synthetic classes: random points, or every combination of ten attributes",
    )
    measure = Choice(
        "codes_measure",
        "Measure",
        ("Accuracy", "Log loss", "Calibration", "Overfitting"),
        "Accuracy",
        "What is on the axis, for digits",
        {"Overfitting": "Generalization gap"},
    )
    centred = Toggle("codes_centred", "Centre the pixels", False, "Makes each pixel’s mean 0 before training")
    size = Slider("codes_size", "Classes, 2 to the", 2, 10, 10, 2, "How many classes there are")
    scale_controls = (show, measure, centred, size)

    all = (
        view, step, labels, hidden, loss, rate, labeling, classes, code, codewords, ambiguity, between,
        decode, spread, threshold, order, show, measure, centred, size,
    )  # fmt: skip
