"""Controls of the page Output codes."""

from lossviz.ui.controls import Choice, Slider, Toggle
from lossviz.ui.typed import Line


class Codes:
    """Output codes. The names of codes are those of `CODES`."""

    view = Choice(
        "codes_view",
        "View",
        ("The network", "Unions", "Meaning", "Spare words", "One bit off", "At scale"),
        "The network",
    )
    step = Slider("codes_step", "Step", 0, 300, 150, 10, "How long both networks have trained")
    labels = Choice(
        "codes_labels",
        "Labels",
        ("Suit the data", "Two swapped"),
        "Two swapped",
        "Which cloud gets which word; the points stay where they are",
    )
    hidden = Choice("codes_hidden", "Hidden neurons", ("2", "3", "8"), "3", "Of tanh, in both networks")
    loss = Choice(
        "codes_loss",
        "Loss of the bits",
        ("Squared error", "Cross-entropy"),
        "Squared error",
        "What the sigmoids are trained to make small",
    )
    rate = Choice(
        "codes_rate",
        "Learning rate",
        ("Equal", "Each its own"),
        "Equal",
        "1 for both, or 4 for squared error, whose slopes are smaller, and 1 for cross-entropy",
    )
    network_controls = (step, labels, hidden, loss, rate)

    labeling = Slider("codes_labelling", "Labelling", 1, 24, 1, 1, "Gives the same words out anew")
    classes = Choice(
        "codes_classes", "Clouds", ("4", "5", "6", "8"), "4", "How many classes stand round a circle"
    )
    code = Choice(
        "codes_code",
        "Code",
        ("binary", "gray", "one-hot", "exhaustive", "your own"),
        "binary",
        "Which words there are; exhaustive has a neuron for every union",
    )
    codewords = Line(
        "codes_words",
        "Your words",
        "000 011 101 110",
        "A word for each cloud, of zeros and ones, with spaces between",
        200,
    )
    dichotomy_controls = (labeling, classes, code, codewords)

    ambiguity = Slider("codes_torn", "Torn", 0, 40, 40, 1, "From sure of the first class to torn between all")
    between = Choice(
        "codes_between",
        "Torn between",
        ("three, two bits apart", "two, one bit apart", "two, three bits apart", "four that share a bit"),
        "three, two bits apart",
        "Which of the eight classes are possible",
    )
    meaning_controls = (ambiguity, between)

    decode = Choice(
        "codes_decode",
        "Right picture",
        ("Nearest word", "Likeliest word"),
        "Nearest word",
        "How the outputs are read there; on the left each is thresholded",
    )
    spread = Choice(
        "codes_spread",
        "Clouds",
        ("Apart", "Touching", "Overlapping"),
        "Apart",
        "How wide the five clouds are",
    )
    unused_controls = (step, labels, hidden, loss, decode, spread)

    threshold = Slider(
        "codes_threshold", "Threshold", 0.05, 0.95, 0.5, 0.05, "From which output on a bit is a 1"
    )
    order = Choice(
        "codes_order",
        "Columns",
        ("By neurons wrong", "By word"),
        "By neurons wrong",
        "The same digits, sorted by which neurons erred or by the word that came out",
    )
    bit_controls = (threshold, order, loss)

    show = Choice(
        "codes_show",
        "Classes",
        ("Digits", "Arbitrary, to 1024", "Attributes, to 1024"),
        "Digits",
        "Ten handwritten digits, or classes made by hand: points at random, or every mix of ten attributes",
    )
    measure = Choice(
        "codes_measure",
        "Measure",
        ("Accuracy", "Log loss", "Calibration", "Overfitting"),
        "Accuracy",
        "What the digits’ axis shows",
    )
    centred = Toggle("codes_centred", "Centre the pixels", False, "Makes each pixel’s mean 0 before training")
    size = Slider("codes_size", "Classes, 2 to the", 2, 10, 10, 2, "How many classes there are")
    scale_controls = (show, measure, centred, size)

    all = (
        view, step, labels, hidden, loss, rate, labeling, classes, code, codewords, ambiguity, between,
        decode, spread, threshold, order, show, measure, centred, size,
    )  # fmt: skip
