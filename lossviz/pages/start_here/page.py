"""Start here: what is a loss?"""

from lossviz.pages.start_here import accuracy, curve, logarithm, number, sign, surface, training, unit
from lossviz.pages.start_here.controls import Start
from lossviz.ui.page import heading, page

QUESTIONS = {
    "Number": "What is a loss?",
    "Curve": "What does one prediction cost?",
    "Surface": "What have the weights to do with it?",
    "Training": "How does it learn?",
    "Logarithm": "Why the logarithm?",
    "Unit": "Bits or nats?",
    "Sign": "Can a loss be negative?",
    "Accuracy": "Why is my accuracy 50 %?",
}
SENTENCES = {
    "Number": "One number for how wrong the predictions are. Drag Wednesday’s and watch it.",
    "Curve": "Drag it: two losses ask different prices for the same mistake.",
    "Surface": "Each pair of weights makes a loss. Drag one: the point moves over the map.",
    "Training": "Downhill, step by step. Play, or drag the step.",
    "Logarithm": "Chances multiply to nothing, their logarithms add up. Drag the number of examples.",
    "Unit": "One length on two rulers. Drag the number of answers.",
    "Sign": "Of a probability never, of a density yes. Drag the width.",
    "Accuracy": "Drag: the loss can fall for long before an answer changes.",
}
STEPS = {
    "Number": number.STEP,
    "Curve": curve.STEP,
    "Surface": surface.STEP,
    "Training": training.STEP,
    "Logarithm": logarithm.STEP,
    "Unit": unit.STEP,
    "Sign": sign.STEP,
    "Accuracy": accuracy.STEP,
}

with page():
    title = QUESTIONS["Number"]
    asked = {name: "" if question == title else f"**{question}** " for name, question in QUESTIONS.items()}
    sentences = {name: asked[name] + sentence for name, sentence in SENTENCES.items()}
    view = heading(title, sentences, Start.view)
    names = [*STEPS]
    following = names[names.index(view) + 1 :]
    STEPS[view].show((following[0], QUESTIONS[following[0]]) if following else None)
