"""Texts of strangers as they may be shown: nothing in them moves a cursor, colours a terminal, or turns the direction
of reading."""

from __future__ import annotations

__all__ = ["visible"]

_DIRECTION = (0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
# a picture of each control character; what has none becomes the replacement character
_SHOWN = (
    {c: 0x2400 + c for c in range(32) if chr(c) not in "\t\n"}
    | {0x7F: 0x2421}
    | dict.fromkeys((*range(0x80, 0xA0), *_DIRECTION), 0xFFFD)
)


def visible(text: str) -> str:
    """The text with a visible character for each that is none, but for tabs and line feeds; of the same length."""
    return text if text.isascii() and text.isprintable() else text.translate(_SHOWN)
