"""A fitted game of hidden states as a model that the planners read, and the policy that is planned in it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from posgc.assumptions.independence.structural import slice_certificate
from posgc.coordination.team import solve_team
from posgc.extensive.growing import extensive_game
from posgc.extensive.programme import solve_programme
from posgc.extensive.strategy import controllers_of
from posgc.information.graph import expand_graph
from posgc.information.items import Information, Structure
from posgc.judge.histories import judge_histories
from posgc.judge.judgement import Judgement
from posgc.judge.verify import verify
from posgc.language.concepts import ConceptName, DeviationKind
from posgc.learning.latent import Latent
from posgc.learning.planned import planned
from posgc.model.arrays import Initial, Model
from posgc.model.build import kernel_from_dense
from posgc.model.rewards import RewardKind, spans_to_come
from posgc.planning.oracles import Selection
from posgc.policy.machine import Machine
from posgc.policy.strategy import Strategy

__all__ = ["fitted_information", "judged_in", "kinds_of_steps", "planned_in"]

Ints = npt.NDArray[np.int64]
Progress = Callable[[str, int, int], None]


def kinds_of_steps(structure: Structure) -> tuple[int, ...]:
    """Which of the different sets of observation variables each step 1..H has, those of step 1 left out of account."""
    sets, kinds = dict[bytes, int](), [0]
    for h in range(2, structure.horizon + 1):
        kinds.append(sets.setdefault(structure.observed[h - 1].tobytes(), len(sets)))
    return tuple(kinds)


def fitted_information(latent: Latent, structure: Structure, discount: float, kind: RewardKind) -> Information:
    """The fitted game under the structure's protocol.

    What is seen after the last decision matters to nobody; it is what was seen before it.  Rewards are made common or
    zero-sum where the game's are, so that rounding does not make them neither.
    """
    kinds, n_states = kinds_of_steps(structure), latent.n_states
    transition = latent.transition
    reward = latent.reward.copy()
    if kind == "common":
        reward[:] = reward.mean(axis=0)
    elif kind == "zero_sum":
        reward[1] = -reward[0]
    # a step's kernel draws the observation of the next
    after = [*kinds[1:], kinds[-1]]
    kernels = tuple(
        kernel_from_dense(
            transition[:, :, None, :] * emission.transpose(1, 2, 0)[:, None], reward, emission.transpose(1, 0, 2)
        )
        for emission in latent.emission
    )
    state, observation = np.nonzero(latent.first)
    observed = structure.observed.copy()
    observed[-1] = observed[-2] if structure.horizon > 1 else observed[-1]
    model = Model(
        "fitted",
        "",
        structure.signature,
        structure.horizon,
        discount,
        ("state",),
        (tuple(map(str, range(n_states))),),
        np.arange(n_states)[:, None],
        Initial(state, observation, (latent.initial[:, None] * latent.first)[state, observation]),
        kernels,
        tuple(after),
        structure.active,
        observed,
    )
    return Information(model, structure.protocol, structure.dropped)


def planned_in(
    information: Information,
    kind: RewardKind,
    concept: ConceptName,
    seed: int,
    select: str,
    tolerance: float,
    max_nodes: int,
    seconds: float,
    progress: Progress,
) -> tuple[Strategy, str, bool]:
    """A policy for the fitted game, how it was planned, and whether Ctrl-C ended the search for it.

    On common beliefs, where the protocol alone makes these independent of strategies, and for rewards that are neither
    common nor zero-sum, where the game's own are; beliefs within `tolerance` (L1) are merged, as fitted ones are hardly
    ever equal.  Else on hidden histories: a team's by the search of `seconds`, a zero-sum equilibrium by the linear
    programme.  Raises LimitError where what is made is too large.
    """
    if kind == "general" or slice_certificate(information).separated:
        graph = expand_graph(information, max_nodes, progress, tolerance=tolerance)
        strategy, _ = planned(graph, concept, seed, Selection(select), progress)
        return strategy, f"on {sum(graph.sizes)} common beliefs, merged within {tolerance:g}", False
    if kind == "common":
        found = solve_team(information, 0.0, seconds, progress=progress)
        how = f"by a search on hidden histories, {found.nodes} nodes"
        return found.policy, how, found.stopped == "interrupted"
    game = extensive_game(information)
    solution = solve_programme(game, float(spans_to_come(information.model)[0, 0]), seconds)
    return controllers_of(information, game, solution.behaviours), "by a linear programme on hidden histories", False


def judged_in(
    information: Information, strategy: Strategy, against: DeviationKind, tolerance: float, max_nodes: int
) -> Judgement:
    """What a strategy earns in a fitted game, and what deviating from it gains there.

    On pairs of node and common belief, beliefs within `tolerance` (L1) being merged, where the protocol alone makes
    these independent of strategies and the strategy is a machine; else on histories.  Raises LimitError past
    `max_nodes` pairs or information states.
    """
    if isinstance(strategy, Machine) and slice_certificate(information).separated:
        return verify(information, strategy, against, max_nodes, tolerance=tolerance)
    return judge_histories(information, strategy, against, max_nodes)
