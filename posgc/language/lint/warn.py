"""All warnings of a file without errors that need no tables."""

from __future__ import annotations

from posgc.language import ir
from posgc.language.analysis.places import Places
from posgc.language.diagnostics.allowed import allowances
from posgc.language.diagnostics.codes import CODES
from posgc.language.diagnostics.report import Reporter
from posgc.language.elaborate.names import Names
from posgc.language.lint.likely_slips import check_likely_slips
from posgc.language.lint.protocols import check_protocols
from posgc.language.lint.rewards import check_rewards
from posgc.language.lint.seen import check_observations
from posgc.language.lint.unused import check_unused
from posgc.language.lint.unused_indices import check_unused_indices
from posgc.language.text import syntax as ast

__all__ = ["warn"]


def warn(
    tree: ast.GameText, game: ir.Game, names: Names, places: Places, own_horizon: bool, reporter: Reporter
) -> None:
    """Reports what is odd; `own_horizon` says that the horizon is the file's, and not asked for beside it."""
    check_unused(tree, names, places, reporter)
    check_unused_indices(tree, names, game.signature.agents, reporter)
    check_likely_slips(tree, reporter)
    check_rewards(tree, game, reporter)
    check_observations(game, names, reporter)
    check_protocols(game, own_horizon, reporter)
    for span, codes in allowances(game.source.text):
        wrong = [code for code in codes if code not in CODES or not code.startswith("W")]
        if wrong or not codes:
            what = f"no warning has the code {wrong[0]}" if wrong else "this comment allows no warning"
            reporter.warning("W719", what, span, "write the code of a warning: `# posgc: allow W710`")
