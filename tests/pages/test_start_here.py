"""The page Start here: numbers in its texts, the way from step to step, and from page to page."""

import math
from itertools import pairwise

from support.pages import opened, payload, seen, sound

import lossviz as lv
from lossviz.pages import discover
from lossviz.pages.start_here import accuracy, fits
from lossviz.pages.start_here.controls import Start
from lossviz.pages.start_here.page import QUESTIONS
from lossviz.pages.start_here.step import text

BEST = [(1.6023, 0.0405)]  # of logistic regression, which test_basics compares with


def test_numbers_in_texts_are_computed() -> None:
    number = lv.figures.number
    squared, entropy = (lv.basics.prediction_sweep(loss) for loss in ("sigmoid-mse", "sigmoid-ce"))
    at = 39  # 40 %
    (trained,) = fits.trained(("sigmoid-ce",), fits.START, int(Start.step.high))
    best = lv.basics.neuron_fits("sigmoid-ce", BEST)
    product = lv.basics.likelihood_product(0.9)
    guess = lv.basics.guess_losses([2, 8, 10])
    narrow = lv.basics.density_costs([0.1])
    expected = {
        "number_see": [f"{entropy.values[0, 2]:.2f}"],
        "number_maths": [
            *(f"= {sweep.mean[at]:.3f}" for sweep in (squared, entropy)),
            *(f"{value:.3f}" for value in entropy.values[at]),
        ],
        "curve_see": [f"{-math.log(0.01):.2f}", f"{-math.log(0.001):.2f}"],
        "surface_see": [number(math.log(2))],
        "training_see": [number(trained.loss[0]), number(best.loss[0])],
        "logarithm_see": [
            f"{product.product[10]:.3f}", f"{product.product[100]:.7f}", f"{product.float32_zero}",
            f"{product.nll[1]:.3f}",
        ],
        "logarithm_maths": [f"0.9^{{{product.float32_zero}}}"],
        "unit_see": [f"{guess.bits[1]:.0f} bits", *(number(guess.nats[i]) for i in range(3))],
        "unit_maths": [f"{1 / math.log(2):.4f}"],
        "sign_maths": [
            f"{1 / math.sqrt(2 * math.pi):.3f}", f"{narrow.lowest[0]:.2f}", f"{math.log(100):.2f}",
        ],
        "accuracy_see": ["0.693 nats", "¼"],
    }  # fmt: skip
    for name, numbers in expected.items():
        for shown in numbers:
            assert shown in text(name), f"{shown} in {name}"


def test_the_loss_falls_while_the_accuracy_stays_as_the_text_says() -> None:
    squared, entropy = fits.trained(accuracy.LOSSES, accuracy.BIASED, accuracy.STEPS)
    assert entropy.accuracy[0] == entropy.accuracy[4] == 0.5
    assert entropy.loss[4] < 2 / 3 * entropy.loss[0], "by more than a third"
    assert squared.accuracy[60] == 0.5 < entropy.accuracy[60]
    (trained,) = fits.trained(("sigmoid-ce",), fits.START, int(Start.step.high))
    assert trained.loss[40] - trained.loss[-1] < 0.005, "hardly anything after forty steps"


def test_every_step_leads_to_the_next_one() -> None:
    app = opened("start_here")
    names = list(QUESTIONS)
    assert names == list(Start.view.options)
    for name, after in pairwise(names):
        assert payload(app)["key"] == f"start_{name.lower()}"
        button = app.button(key="start_next")
        assert button.label == f"Go on: {QUESTIONS[after]}"
        sound(button.click().run())
        assert app.session_state["start_view"] == after
    assert not [button for button in app.button if button.key == "start_next"]


ORDER = (
    "Home", "Start here", "Stuck neuron", "Two weights", "Race", "Landscape", "Edge of stability",
    "Loss gallery", "Likelihood", "Numbers that go wrong", "Loss against metric", "Output codes", "Glossary",
)  # fmt: skip


def test_the_foot_of_a_page_leads_back_and_on_in_the_order_of_the_navigation() -> None:
    assert [page.title for page in discover()] == list(ORDER)
    for name in ("home", "start_here", "numbers", "metric", "glossary"):
        title = next(page.title for page in discover() if page.name == name)
        place = ORDER.index(title)
        links = [link.proto.label for link in seen(name).get("page_link")]
        foot = [label for label in links if label.startswith(("Back: ", "Next: "))]
        back = [f"Back: **{before}**" for before in ORDER[max(place - 1, 0) : place]]
        assert foot == back + [f"Next: **{after}**" for after in ORDER[place + 1 : place + 2]]
