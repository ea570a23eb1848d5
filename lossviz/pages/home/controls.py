"""Controls of the page Home."""

from lossviz.ui.controls import Slider


class Home:
    """Home."""

    step = Slider("home_step", "Step", 0, 250, 150, 1, "How many steps of gradient descent both have taken")
    all = (step,)
