"""What goes wrong and how it is said: coded diagnostics with a source span and a cure."""

from posgc.language.diagnostics.diagnostic import (
    Diagnostic,
    InputError,
    LimitError,
    Source,
    Span,
    render,
    with_line_feeds,
)

__all__ = ["Diagnostic", "InputError", "LimitError", "Source", "Span", "render", "with_line_feeds"]
