"""The product of many probabilities, and the sum of their logarithms."""

import numpy as np
import plotly.graph_objects as go

from lossviz.basics.logarithms import LikelihoodProduct
from lossviz.figures.base.number_format import number, whole
from lossviz.figures.base.style import FAMILY_STYLES, INK, LineStyle, live_value
from lossviz.figures.basics.panels import Line, Panel, Reading, cursor_panels

PRODUCT_STYLE = LineStyle(INK, INK, "solid", 3)


def likelihood_product(
    result: LikelihoodProduct, at: int = 100, every: int = 1, narrow: bool = False
) -> go.Figure:
    """Plot the product of n probabilities above the sum of their negative logarithms, against n.

    Args:
        result: A result of `lv.basics.likelihood_product`.
        at: The number of examples that is marked.
        every: A frame is made for every so many numbers of examples, and for ``at``.
        narrow: Lay the figure out for a phone.

    Returns:
        A figure with frames that are named by the number of examples.

    Example:
        >>> import lossviz as lv
        >>> result = lv.basics.likelihood_product(0.9, most=40)
        >>> figure = lv.figures.likelihood_product(result, at=20, every=20)
        >>> [frame.name for frame in figure.frames]
        ['0', '20', '40']
    """
    n, product, nll = result.n, result.product, result.nll
    blue = FAMILY_STYLES["logarithm"]
    early = int(0.12 * (len(n) - 1))
    late = int(0.6 * (len(n) - 1))
    highest = float(nll[-1])
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 1e4, 1e5) if s >= highest / 3)
    panels = [
        Panel(
            "product",
            [Line(product, PRODUCT_STYLE, "probability of all n together", early, (6, 20))],
            -0.06,
            1.06,
            [0, 0.5, 1],
        ),
        Panel(
            "sum, nats",
            [Line(nll, blue, "sum of −ln p", late, (-14, 16), "right")],
            -0.05 * highest,
            1.12 * highest,
            [k * step for k in range(int(highest // step) + 1)],
        ),
    ]

    def reading(i: int) -> Reading:
        value = float(nll[i])
        text = live_value("sigmoid-ce", float(n[i]), value, n[i] > 0.8 * n[-1], xref="x2", yref="y2")
        text["yshift"] = -17
        single = "" if np.float32(product[i]) != 0 else ", and 0 in a 32-bit float"
        return Reading(
            number(float(product[i])),
            f"is the probability of all {whole(n[i])}{single}",
            f"for all {whole(n[i])} together{single}",
            f"{whole(n[i])} examples, each given {number(result.p)}",
            [text],
        )

    return cursor_panels(
        panels, n, int(np.abs(n - at).argmin()), [f"{k:g}" for k in n], reading, narrow, {"nticks": 7},
        right=True, every=every, below_number=True,
    )  # fmt: skip
