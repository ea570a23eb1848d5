"""Output codes: can k neurons name 2^k classes?"""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from lossviz.ui.declared import Codes
from lossviz.ui.page import footer, heading, page
from lossviz.ui.views import (
    codes_bits,
    codes_meaning,
    codes_network,
    codes_scale,
    codes_unions,
    codes_verdict,
)

SENTENCES = {
    "The network": "Two output neurons name four classes. Beside them, the usual four. Drag the training.",
    "Unions": "A neuron never learns a class. It learns a union of classes, and the labels decide which.",
    "Meaning": "Torn between three classes, the neurons can agree on a fourth that is impossible.",
    "Spare words": "Five classes on three neurons leave three words over. Dotted ground says one of them.",
    "One bit off": "Each neuron decides at a threshold. For most mistakes one of them is enough.",
    "At scale": "What codes and losses are worth on digits, and when there are a thousand classes.",
}
VIEWS = {
    "The network": codes_network.show,
    "Unions": codes_unions.show,
    "Meaning": codes_meaning.show,
    "Spare words": codes_network.show_spare,
    "One bit off": codes_bits.show,
    "At scale": codes_scale.show,
}

with page():
    view = heading("Can k neurons name 2ᵏ classes?", SENTENCES, Codes.view)
    VIEWS[view]()
    codes_verdict.show(view)
    footer()
