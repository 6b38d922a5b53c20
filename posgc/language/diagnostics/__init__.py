"""What goes wrong and how it is said: coded diagnostics with a source span and a cure."""

from posgc.language.diagnostics.diagnostic import (
    Diagnostic,
    Label,
    Piece,
    Replacement,
    Source,
    Span,
    with_line_feeds,
)
from posgc.language.diagnostics.errors import InputError, LimitError
from posgc.language.diagnostics.rendering import render

__all__ = [
    "Diagnostic",
    "InputError",
    "Label",
    "LimitError",
    "Piece",
    "Replacement",
    "Source",
    "Span",
    "render",
    "with_line_feeds",
]
