"""The warnings of a game that need its tables, beside those of its text."""

from __future__ import annotations

from dataclasses import replace

from posgc.language import analyse
from posgc.model import tabulate
from posgc.model.lint.warn import table_warnings
from posgc.pipeline.compiling import Compiled, importer_of, timed
from posgc.plugin.registry import registry

__all__ = ["warned"]


def warned(compiled: Compiled) -> Compiled:
    """The game with all that is odd about it among its diagnostics; an imported game as it is."""
    source, request = compiled.source, compiled.request
    if source is None or importer_of(source) is not None:
        return compiled
    with timed(compiled.seconds, "warnings"):
        # read again, as the tables of a compiled game know nothing of its text
        asked = request.settings, request.horizon, request.discount, request.endless
        game = analyse(source, *asked, registry().blocks).required()
        asked_for = compiled.information.protocol
        model = tabulate(game, closed=request.endless) if asked_for.lowered else compiled.model
        own_horizon = request.horizon is None and not request.endless
        found = table_warnings(game, model, (*game.protocols, asked_for), own_horizon)
    diagnostics = sorted((*compiled.diagnostics, *found), key=lambda d: d.span.start if d.span else -1)
    return replace(compiled, diagnostics=tuple(diagnostics))
