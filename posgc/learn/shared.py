"""Learning in anybody's environment: a PettingZoo parallel environment under a sharing protocol.

    shared = posgc.learn.share(env, "delayed(2)", horizon=10, rewards="common")
    found = shared.solve("team", samples=80_000)
    arrays = shared.parallel()

What the agents do and see are the items `act` and `obs` of the protocol, so the sharing language serves environments
that are no `.posg` file.  Spaces are `Box`, `Discrete`, `MultiBinary`, `MultiDiscrete`, and `Tuple` or `Dict` of these;
a space of several parts is one item, the parts' joint value.  `parallel` gives an environment of arrays to libraries
that learn with networks.  The back-ends of posgc learn by the codes of finite spaces.  For them an episode has H steps;
who is done before sees the further value `over` and earns nothing; what lies after step H is cut off; every action may
be chosen at every step.

Nobody knows the game behind such an environment: whether Assumption 3 holds is not checked, and of what was learned,
mean returns with an interval are all that can be said (`Shared.estimate`), and what learned deviations gain, which
bounds the gap from below (`Shared.gap`).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from math import prod
from numbers import Integral
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from posgc.information.evolution import require_evolution
from posgc.information.items import Structure
from posgc.language.concepts import ConceptName, concept_of
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.sharing.lag_table import Kind, LagTable, require_lags
from posgc.language.sharing.requests import protocol
from posgc.language.signature import Signature, Variable
from posgc.learn.arrays import SharedArrays
from posgc.learn.copies import Copies, asked, unfit
from posgc.learn.gap import LearnedGap, learned_gap, mean_of
from posgc.learn.named import codes_of, labels_of, space_of, vector_of
from posgc.learn.spaces import Space
from posgc.learning.sampling import returns
from posgc.model.rewards import RewardKind
from posgc.play.chance import require_seed
from posgc.play.environment import Budget, CountedEnvironment, Environment
from posgc.play.kinds import player_of
from posgc.play.sampler import Estimate
from posgc.play.simulator import Step
from posgc.plugin.backend import Backend, Facts, LearningProblem, Progress
from posgc.plugin.options import make_options
from posgc.plugin.registry import registry
from posgc.policy.artefact import Result
from posgc.policy.compatibility import misfit
from posgc.policy.strategy import Strategy

__all__ = ["Shared", "share"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

KINDS: tuple[Kind, ...] = ("action", "observation")

FRESH = 1 << 30
"""Number of the first episode that an estimate plays: learning plays those before it."""

LARGEST_JOINT = {"action": 1 << 24, "observation": 1 << 62}
"""Values of all agents' spaces together: joint actions are listed, joint observations are numbered."""

COPIES = 64
"""Episodes that are played at a time, each in a copy of the environment."""


def share(
    env: Any,
    protocol_asked: str | LagTable | None,
    *,
    horizon: int,
    rewards: RewardKind = "general",
    discount: float = 1.0,
    seed: int = 0,
) -> Shared:
    """A PettingZoo parallel environment under a protocol: an `Environment` and the structure that goes with it.

    `env` is the environment, which is copied, or a function without arguments that makes one.  `protocol_asked` is what
    `--share` takes, or a `posgc.LagTable`; agents are called as the environment calls them, or by number from 1.
    `rewards` says whose interests agree, and is held against what is paid.  `seed` is that of episode 0, and each
    episode is begun by `reset(seed=..)`.  Raises InputError: E641 for an environment that cannot be shared, E5xx for
    the protocol, E607 or E623 for the horizon or the discount; ValueError for a negative seed or unknown rewards;
    TypeError for a protocol that is none.
    """
    if rewards not in get_args(RewardKind):
        raise ValueError(f"rewards are one of {', '.join(get_args(RewardKind))}, not {rewards!r}")
    require_seed(seed)
    if not isinstance(protocol_asked, str | LagTable | None):
        raise TypeError(f"a protocol is a text or a LagTable, not {type(protocol_asked).__name__}")
    if not isinstance(horizon, Integral) or isinstance(horizon, bool) or horizon < 1:
        raise InputError([Diagnostic("E607", f"the horizon is a whole number from 1, not {horizon!r}")])
    if not 0 <= discount <= 1:
        raise InputError([Diagnostic("E623", f"the discount lies in [0, 1], which {discount!r} does not")])
    a_function = isinstance(env, type) or (callable(env) and not hasattr(env, "possible_agents"))
    make = env if a_function else partial(copy.deepcopy, env)
    made = asked("it cannot be made or copied", make)
    agents = tuple(map(str, asked("it names no possible_agents", lambda: made.possible_agents)))
    if not agents or len(set(agents)) != len(agents):
        raise unfit("its possible_agents are no different names")
    spaces = {kind: [space_of(made, kind, name) for name in made.possible_agents] for kind in KINDS}
    signature = Signature(
        agents,
        tuple(Variable("act", i, labels_of(space)) for i, space in enumerate(spaces["action"])),
        tuple(Variable("obs", i, (*labels_of(space), "over")) for i, space in enumerate(spaces["observation"])),
    )
    lags = protocol_asked if isinstance(protocol_asked, LagTable) else protocol(signature, protocol_asked)
    require_lags(signature, lags)
    if lags.channels:
        raise unfit("protocols with random delays need the game's own tables")
    n = len(agents)
    structure = Structure(signature, int(horizon), np.ones((horizon, n), bool), np.ones((horizon + 1, n), bool), lags)
    require_evolution(structure)
    return Shared(structure, make, made, spaces, rewards, float(discount), seed)


class Shared:
    """A shared environment: its `structure`, learning in it, an environment of arrays; and, where spaces are finite, an
    `Environment`."""

    largest_batch = COPIES

    def __init__(
        self,
        structure: Structure,
        make: Callable[[], Any],
        first: Any,  # one that is made already
        spaces: Mapping[Kind, Sequence[Any]],
        rewards: RewardKind,
        discount: float,
        seed: int,
    ) -> None:
        self.structure, self.rewards = structure, rewards
        self.agents, self.horizon, self.discount = structure.signature.agents, structure.horizon, discount
        self.action_sizes = structure.signature.action_sizes
        self.observation_sizes = structure.signature.observation_sizes
        self._make, self._first, self._spaces, self._seed = make, first, spaces, seed
        self._h = 0

    def parallel(self) -> SharedArrays:
        """A new environment of PettingZoo's parallel interface, where every agent reads its own observation and what
        the protocol brings it, as an array (`posgc.learn.SharedArrays`).

        Raises InputError (E641) where a space is of a kind that cannot be made an array.
        """
        vectors = {kind: [vector_of(kind, *pair) for pair in self._named(kind)] for kind in KINDS}
        env = asked("it cannot be made or copied", self._make)
        return SharedArrays(env, self.structure, vectors, self._require_kind)

    def reset(self, batch: int, first: int = 0) -> Step:
        """Begin episodes `first` to `first + batch - 1`, at most `largest_batch`.

        Raises InputError (E641), also where a space is not finite or has more than 65,536 values.
        """
        if not 1 <= batch <= COPIES:
            raise ValueError(f"from 1 to {COPIES} episodes are played at a time, not {batch}")
        self._h = 1
        return self._step(self._copies.begin(batch, first), None, np.zeros((len(self.agents), batch)))

    def step(self, actions: Ints) -> Step:
        """Play each agent's own actions, [n, B].  Raises InputError (E641)."""
        if not 1 <= self._h <= self.horizon:
            raise ValueError("the episodes are over, or have not begun: reset")
        seen, paid = self._copies.play(actions)
        self._require_kind(paid)
        self._h += 1
        return self._step(seen, np.ravel_multi_index(tuple(actions), self.action_sizes).astype(np.int64), paid)

    def solve(
        self,
        concept: ConceptName,
        samples: int,
        backend: str | None = None,
        *,
        seed: int = 0,
        options: Mapping[str, object] | None = None,
        progress: Progress = lambda stage, done, total: None,
    ) -> Result:
        """What a back-end, by default the first that applies, learns in at most `samples` joint steps.

        Raises InputError: E602 for a back-end that is not installed or reads tables, E603 where it does not serve this,
        E612 for its options, E640 and E641 for the budget and the environment, whose spaces must be finite.
        ValueError for a negative seed.
        """
        require_seed(seed)
        concept_of(concept)
        self._require_codes()
        chosen = self._backend(concept, backend)
        budget = Budget(samples)
        environment: Environment = CountedEnvironment(self, budget)
        problem = LearningProblem(environment, self.structure, concept, self.rewards, budget, seed)
        return chosen.emit(problem, make_options(chosen.options, options or {}, concept)).run(progress)

    def estimate(self, strategy: Strategy, episodes: int, seed: int = 0) -> Estimate:
        """Mean discounted returns of a strategy with an interval, from episodes that learning does not play.

        Nothing is said of deviations.  Raises InputError (E641), ValueError for fewer than two episodes, a negative
        seed, or a strategy of another game.
        """
        self._require_playable(strategy, episodes, seed)
        return mean_of(returns(self, self.structure, player_of(self.structure, strategy), episodes, seed, FRESH))

    def gap(
        self,
        strategy: Strategy,
        concept: ConceptName,
        samples: int,
        episodes: int = 2000,
        *,
        seed: int = 0,
        progress: Progress = lambda stage, done, total: None,
    ) -> LearnedGap:
        """What deviations gain that are learned against a strategy, in at most `samples` joint steps for each agent and
        then played in fresh episodes: the gap from below, with a confidence, and nothing from above.

        Raises InputError: E640 and E641 for the budget and the environment, E637 for a strategy that lacks an
        instruction; ValueError as `estimate`, and for an unknown concept.
        """
        concept_of(concept)
        self._require_playable(strategy, episodes, seed)
        return learned_gap(self, self.structure, strategy, concept, samples, episodes, seed, FRESH, progress)

    def _require_playable(self, strategy: Strategy, episodes: int, seed: int) -> None:
        """Raises ValueError for fewer than two episodes, a negative seed, or a strategy of another game."""
        if episodes < 2:
            raise ValueError("at least two episodes are needed for a mean with an error")
        require_seed(seed)
        why = misfit(self.structure, strategy, self.horizon)
        if why is not None:
            raise ValueError(f"the strategy does not belong to this environment: {why}")

    @cached_property
    def _copies(self) -> Copies:
        return Copies(self._make, self._first, *self._require_codes(), self._seed)

    def _require_codes(self) -> tuple[list[Space], list[Space]]:
        """Spaces of actions and of observations.  Raises InputError (E641) where one is not finite, or too large."""
        actions, observations = ([codes_of(kind, *pair) for pair in self._named(kind)] for kind in KINDS)
        for kind, sizes in zip(KINDS, (self.action_sizes, self.observation_sizes), strict=True):
            joint, limit = prod(sizes), LARGEST_JOINT[kind]
            if joint > limit:
                raise unfit(f"it has {joint:,} joint {kind}s (limit {limit:,})", "wrap it in coarser spaces")
        return actions, observations

    def _named(self, kind: Kind) -> Iterator[tuple[str, Any]]:
        """Agents with their spaces."""
        return zip(self.agents, self._spaces[kind], strict=True)

    def _backend(self, concept: ConceptName, name: str | None) -> Backend:
        facts = Facts(
            concept, self.rewards, None, "the game is not known", self.structure, None, named=name is not None
        )
        learners = {key: one for key, one in registry().backends.items() if one.reads == "samples"}
        if name is not None and name not in learners:
            cure = f"installed: {', '.join(learners) or 'none'}"
            raise InputError([Diagnostic("E602", f"no back-end that learns is called {name}", help=cure)])
        reasons = []
        for key, one in learners.items() if name is None else [(name, learners[name])]:
            reason = one.applies(facts) if concept in one.concepts else f"it does not serve the concept {concept}"
            if reason is None:
                return one
            reasons.append(f"{key}: {reason}")
        what = f"no back-end learns concept {concept} here: {'; '.join(reasons) or 'none is installed'}"
        cure = "say rewards='common' or 'zero_sum' where they are" if self.rewards == "general" else ""
        raise InputError([Diagnostic("E603", what, help=cure)])

    def _step(self, seen: Ints, action: Ints | None, paid: Floats) -> Step:
        over = self._h > self.horizon
        masks = tuple(np.full(size, not over) for size in self.action_sizes)
        joint = np.ravel_multi_index(tuple(seen), self.observation_sizes).astype(np.int64)
        return Step(self._h, over, joint, action, paid, masks, self.observation_sizes)

    def _require_kind(self, paid: Floats) -> None:
        """Raises InputError (E641) where rewards are other than was said."""
        common = self.rewards == "common" and bool((paid != paid[:1]).any())
        against = self.rewards == "zero_sum" and (len(paid) != 2 or bool((paid[0] != -paid[1]).any()))
        if np.isfinite(paid).all() and (common or against):
            said = "shared by all agents" if common else "one agent's what the other loses"
            raise unfit(f"it pays rewards that are not {said}", "say rewards='general', or what they are")
