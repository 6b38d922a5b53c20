"""How pictures draw a protocol: in a colour of its own, the same in every picture; markers and dashes differ too."""

from __future__ import annotations

import zlib

__all__ = ["DASHES", "MARKERS", "OTHERS", "STANDARD", "colour_of"]

STANDARD = {
    "full": "#0072b2",
    "one_step": "#d55e00",
    "delayed(2)": "#009e73",
    "none": "#1f2937",
}
"""Colours of the usual structures, from the palette of Okabe and Ito (2008), which the colour-blind can tell apart."""

OTHERS = (
    *("#cc79a7", "#56b4e9", "#a6761d", "#7570b3", "#66a61e", "#e69f00"),
    *("#882255", "#117733", "#8c564b", "#17a2b8", "#999933", "#b02a8f"),
)

MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*")
DASHES = ((0, ()), (0, (5, 2)), (0, (1, 1.3)), (0, (6, 2, 1, 2)), (0, (3, 1.5)), (0, (8, 3)), (0, (2, 3)))


def colour_of(protocol: str) -> str:
    """The colour of a protocol, which depends on its name alone."""
    return STANDARD.get(protocol) or OTHERS[zlib.crc32(protocol.encode()) % len(OTHERS)]
