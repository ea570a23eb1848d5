"""Output codes: can k neurons name 2^k classes?"""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from lossviz.pages.output_codes import at_scale, meaning, network, one_bit_off, summary, unions
from lossviz.pages.output_codes.controls import Codes
from lossviz.ui.page import heading, page

SENTENCES = {
    "The network": "Two output neurons for four classes, beside the usual four. Drag through the training.",
    "Unions": "A neuron never learns a class. It learns a union of classes, and the labels decide which.",
    "Meaning": "When three classes are possible, the neurons can agree on a fourth that is not.",
    "Spare words": "Five classes on three neurons leave three code words unused. They come out in the "
    "dotted regions.",
    "One bit off": "Each neuron decides at a threshold. Most mistakes are a single wrong bit.",
    "At scale": "Codes and losses compared on digits, and with a thousand classes.",
}
VIEWS = {
    "The network": network.show,
    "Unions": unions.show,
    "Meaning": meaning.show,
    "Spare words": network.show_unused,
    "One bit off": one_bit_off.show,
    "At scale": at_scale.show,
}

with page():
    view = heading("Can k neurons name 2ᵏ classes?", SENTENCES, Codes.view)
    VIEWS[view]()
    summary.show(view)
