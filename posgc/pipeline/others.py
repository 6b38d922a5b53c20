"""Handing a game, or a policy of it, to other programs."""

from __future__ import annotations

from collections.abc import Mapping

from posgc.judge.judgement import Judgement
from posgc.judge.referee import Comparison, compare
from posgc.language.diagnostics import Diagnostic, InputError, LimitError
from posgc.language.diagnostics.likeness import suggestion
from posgc.pipeline.compiling import Compiled, timed
from posgc.plugin.conditional import unserved_moves
from posgc.plugin.exporter import Exporter
from posgc.plugin.options import make_options
from posgc.plugin.referee import Referee
from posgc.plugin.registry import registry
from posgc.policy.artefact import Policy

__all__ = ["exporter_of", "referee_of", "second_opinion"]


def exporter_of(compiled: Compiled, name: str, options: Mapping[str, object]) -> tuple[Exporter, object]:
    """The exporter of that name with its options.  Raises InputError (E631, E632) where none serves this game."""
    exporters = registry().exporters
    if name not in exporters:
        raise InputError(
            [
                Diagnostic(
                    "E631",
                    f"no installed plug-in writes {name}",
                    help=suggestion(name, exporters) or f"formats: {', '.join(exporters) or 'none'}",
                )
            ]
        )
    reason = unserved_moves(exporters[name], compiled.model) or exporters[name].applies(compiled.information)
    if reason is not None:
        raise InputError(
            [
                Diagnostic(
                    "E632", f"{name} cannot hold this game: {reason}", help="`posgc plugins` lists the other formats"
                )
            ]
        )
    return exporters[name], make_options(exporters[name].options, options)


def referee_of(compiled: Compiled, name: str) -> Referee:
    """The referee of that name.  Raises InputError (E633) where it is not there or cannot judge this game."""
    referees = registry().referees
    why = f"no referee is called {name}" if name not in referees else referees[name].applies()
    if why is None and compiled.information.protocol.forget is not None:
        why = "under 'forget' the game tree has imperfect recall, in which a best response is another problem"
    if why is not None:
        cure = suggestion(name, referees) if name not in referees else ""
        raise InputError([Diagnostic("E633", why, help=cure or f"referees: {', '.join(referees) or 'none'}")])
    return referees[name]


def second_opinion(compiled: Compiled, policy: Policy, checked: Judgement | None, referee: Referee) -> Comparison:
    """What another program finds of a verified policy.

    Raises LimitError where the game tree is too large, InputError (E633) where the other program breaks.
    """
    if checked is None:
        raise LimitError("the policy is too large to verify, so there is nothing to ask the referee about")
    with timed(compiled.seconds, "referee"):
        try:
            return compare(compiled.information, policy.strategy, checked, referee.name, referee.judge)
        except LimitError:
            raise
        except Exception as error:  # another program may raise anything at all
            why = f"{referee.name} broke on the game tree: {type(error).__name__}: {error}"
            raise InputError([Diagnostic("E633", why, help="solve without --referee")]) from error
