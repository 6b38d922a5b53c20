"""CCE and CE of a layer, the one asked for: by linear programme, column generation, or regret dynamics.

The exact set is that of mixtures of deterministic joint prescriptions (Liu and Zhang 2023, Def. 9, 10).  Ways:

    lp        every joint prescription a column, many nodes in one HiGHS call (`listed.py`)
    columns   columns generated with the team oracle as pricing, for prescriptions too many to list (`columns.py`)
    few actions  a CE, whatever it selects, where actions are so many that neither fits (`wide.py`); auto only
    regret    regret dynamics (`regret.py`), whatever equilibrium they find: `select` is not served

Equal stages up to scale and shift are solved once (`cache.py`, where it was measured to pay).

`select` names the equilibrium wanted (`selection.py`); `upper` bounds what any equilibrium of the node attains
of it and `objective` is what this one does.  `form` is for CE: agent form is the paper's, strategic form lets
the deviator see its whole prescription (`strategic.py`); a CCE has one form.  The gap is exact in every case.
Common payoff: the team optimum is both, and best for all; zero-sum: the minimax solution is both.

`epsilon` says when to stop, and relaxes no condition: columns are generated, and regret dynamics run,
until no agent's gain is above it and, where something is selected, the objective is within it of the bound on
all (exact) equilibria of the node.  A programme over listed prescriptions costs the same with it, and is exact.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np

from posgc.equilibrium.cache import Deduplicated, solve_unique
from posgc.equilibrium.correlated.layer_run import LayerRun
from posgc.equilibrium.correlated.listed import Form
from posgc.equilibrium.correlated.options import CorrelatedOptions
from posgc.equilibrium.correlated.selection import Selection, parse_select
from posgc.equilibrium.gaps import certify
from posgc.equilibrium.stage import Deviation, Floats, Stages, StageSolution
from posgc.equilibrium.team.oracle import smallest_int, solve_team
from posgc.equilibrium.zero_sum.oracle import ZeroSumOptions, solve_zero_sum

__all__ = ["solve_correlated"]


def solve_correlated(
    stages: Stages, kind: Literal["cce", "ce"], options: CorrelatedOptions | None = None
) -> StageSolution:
    """A CCE or CE of every node with its certified gap, selected as `options.select` says.

    Raises ValueError for another kind or selection, `TooLarge` (a ValueError) where what was asked
    needs more prescriptions listed than allowed, SolverFailed where HiGHS has no answer to a programme.
    """
    options = options or CorrelatedOptions()
    if kind not in ("cce", "ce"):
        raise ValueError(f"kind must be cce or ce, not {kind!r}")
    selection = parse_select(options.select, stages.n_agents)
    if stages.kind == "common" and selection.linear:
        selection = Selection("max", 0)  # one payoff: the same optimum, counted once
    if not stages.n_nodes:
        return _nothing(stages, kind, selection)
    form: Form = "ce_strategic" if kind == "ce" and options.form == "strategic" else kind
    # a team optimum and a minimax pair are equilibria of every kind and best for every linear selection; entropy
    # ranks the whole set of equilibria, so it needs the programme all the same
    if options.way == "auto" and selection.kind != "entropy" and stages.kind != "general":
        return _special(stages, form, selection, options)
    # `_restate` needs the shifts of every agent, and these stages have one payoff array for all
    if stages.kind != "general":
        return LayerRun(stages, form, selection, options).solution()
    return solve_unique(
        stages,
        lambda unique: LayerRun(unique, form, selection, options).solution(),
        form,
        comparable=selection.kind == "egalitarian",
        restate=partial(_restate, selection, stages.n_agents),
    )


def _nothing(stages: Stages, kind: Deviation, selection: Selection) -> StageSolution:
    """The solution of a layer without nodes."""
    tables = [np.zeros((0, p), dtype=smallest_int(a)) for p, a in zip(stages.type_counts, stages.actions, strict=True)]
    if selection.kind == "any":
        return certify(stages, tables, kind, f"{kind}: ")
    none = np.zeros(0)
    return certify(stages, tables, kind, f"{kind}: ", optimal=none.astype(bool), upper=none, objective=none)


def _restate(selection: Selection, n_agents: int, amount: Floats, classes: Deduplicated) -> Floats:
    """What is attained or bounded at the classes of equal stages, in the units of the nodes."""
    if selection.kind == "entropy":
        return amount
    if selection.kind == "egalitarian":
        return np.asarray(classes.scale * amount + classes.shift[0])
    restated: Floats = classes.scale * amount + selection.counted(n_agents) @ classes.shift
    return restated


def _special(stages: Stages, form: Form, selection: Selection, options: CorrelatedOptions) -> StageSolution:
    if stages.kind == "zero_sum":
        found = solve_zero_sum(stages, ZeroSumOptions(epsilon=options.epsilon), form)
        return replace(found, objective=selection.attained(found.value))
    found = solve_team(stages, replace(options.team, epsilon=options.epsilon))
    attained = selection.attained(found.value)
    return certify(
        stages, found.tables, form, found.method, optimal=found.optimal, upper=found.upper, objective=attained
    )
