"""A diagnostic as text: place, code, message, the lines in question with carets, and the cure."""

from __future__ import annotations

from collections.abc import Iterator

from posgc.language.diagnostics.diagnostic import Diagnostic, Source, Span
from posgc.language.visible import visible

__all__ = ["render"]

SHOWN, SHOWN_BEFORE = 400, 200
"""Characters of a line that are shown, and of these before the place in question."""

_COLOURS = {"error": "1;31", "warning": "1;33", "note": "1;36"}
_BOLD, _FRAME, _CURE = "1", "34", "1;32"


class _Paint:
    """Puts ANSI escapes around texts, or leaves them as they are."""

    def __init__(self, on: bool) -> None:
        self.on = on

    def __call__(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.on and text else text


def render(diagnostic: Diagnostic, source: Source | None, colour: bool = False) -> str:
    """The diagnostic as text, with carets under its place and dashes under the other places that belong to it."""
    paint = _Paint(colour)
    style = _COLOURS[diagnostic.severity]
    rows = [
        paint(f"{diagnostic.severity}[{diagnostic.code}]", style) + paint(f": {visible(diagnostic.message)}", _BOLD),
    ]
    span = diagnostic.span
    if source is not None and span is not None:
        rows += _excerpt(diagnostic, span, source, style, paint)
    elif source is not None:
        rows.append(f"  {paint('-->', _FRAME)} {visible(source.name)}")
    if diagnostic.help:
        rows.append(f"  {paint('help', _CURE)}: {visible(diagnostic.help)}")
    return "\n".join(rows)


def _excerpt(diagnostic: Diagnostic, span: Span, source: Source, style: str, paint: _Paint) -> Iterator[str]:
    """The lines of all places in the order of the text; dots where lines are left out between two."""
    places = [(span, "^", ""), *((label.span, "-", label.text) for label in diagnostic.labels)]
    places.sort(key=lambda place: place[0].start)
    numbers = [place[0].line for place in places]
    pad = " " * len(str(max(numbers)))
    here_name, first, column = source.place(span)
    yield f"{pad}{paint('-->', _FRAME)} {visible(here_name)}:{first}:{column}"
    for k, (here, mark, text) in enumerate(places):
        if k and numbers[k] > numbers[k - 1] + 1:
            yield paint("...", _FRAME)
        line, carets = _marked(here, mark, source)
        name, number, column = source.place(here)
        if name != here_name:
            yield f"{pad}{paint(':::', _FRAME)} {visible(name)}:{number}:{column}"
            here_name = name
        if not k or numbers[k] != numbers[k - 1]:
            gutter = str(number).rjust(len(pad))
            yield f"{paint(f'{gutter} |', _FRAME)} {line}"
        shade = style if mark == "^" else _FRAME
        yield f"{paint(f'{pad} |', _FRAME)} {_painted(f'{carets} {visible(text)}'.rstrip(), shade, paint)}"


def _painted(row: str, style: str, paint: _Paint) -> str:
    mark = row.lstrip()
    return row[: len(row) - len(mark)] + paint(mark, style)


def _marked(span: Span, mark: str, source: Source) -> tuple[str, str]:
    """A line, cut to what is near the place, and the marks to stand under it."""
    text = visible(source.line(span.line))
    width = max(1, min(span.end - span.start, len(text) - span.column + 1, SHOWN_BEFORE))
    cut = max(0, span.column - 1 - SHOWN_BEFORE)
    before, text = text[cut : span.column - 1], text[cut : cut + SHOWN]
    if cut:
        before, text = f"…{before[1:]}", f"…{text[1:]}"
    # Tabs keep their width, so that the caret stands under the span in any terminal.
    lead = "".join(c if c == "\t" else " " for c in before)
    return text, lead + mark * width
