"""Text -> `Game`: source spans, coded diagnostics, syntax tree, names and types, the typed declarative IR."""

from posgc.language.analysis.analyse import Analysis, analyse
from posgc.language.compile import compile_game
from posgc.language.diagnostics import Diagnostic, InputError, LimitError, Source, Span, render
from posgc.language.text.format import format_source
from posgc.language.text.parse import decode

__all__ = [
    "Analysis",
    "Diagnostic",
    "InputError",
    "LimitError",
    "Source",
    "Span",
    "analyse",
    "compile_game",
    "decode",
    "format_source",
    "render",
]
