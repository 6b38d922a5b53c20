"""Equilibrium plans of a zero-sum game by regret minimisation in every information set, whole layers at a time.

Counterfactual regret minimisation (Zinkevich et al. 2007) gives each information set a learner of its own.  Against a
gradient g (what each of the agent's sequences earns against the other's plan) a choice is worth g plus what the sets
after it earn by what is played there, and its instantaneous regret r is that less what the set earns.  Two rules:

- `predictive`, PCFR+ (Farina, Kroer & Sandholm 2021): z <- [z + r]+, and the next play is in proportion to
  [z + c r^]+, where r^ are the regrets of the play so far if the gradient does not change, what comes after a choice
  being worth what the next play earns there.  With c = 1 it is as published; c = 1/3, the default where
  agents take turns, is the simple asymmetric variant (Meng, Yang, Zhang, Ge & Gao 2026), and c = 0 is CFR+.  Round t
  counts t^2 in the average.
- `discounted`, DCFR (Brown & Sandholm 2019) with (alpha, beta, gamma) = (3/2, 0, 2): z <- z + r, then
  positive entries are multiplied by t^1.5 / (t^1.5 + 1) and negative ones by 1/2; the play is in proportion to [z]+.
  Round t counts t^2 too.

With merged sets the plans are those of an acyclic graph, a scaled extension (Farina, Ling, Fang & Sandholm 2019), for
which the same holds.  Alternating updates show the second agent the first's new play (Tammelin 2014), simultaneous ones
the play before.

The average's bracket, the two exact best responses, needs no product with the payoffs of its own: gradients are linear,
so their averages are summed beside those of the plans.  The last play and the average are both tried, for each agent
apart, and the best of each is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.extensive.layers import ExtensiveGame
from posgc.extensive.plans import Plans
from posgc.extensive.resuming import Arrays, joined, laws_of, numbers_of, plans_of, steps_of
from posgc.extensive.solution import Solution, assessed
from posgc.policy.checkpoint import Checkpoint, Content, Facts, number_of

__all__ = ["Learner", "Regret", "RegretOptions", "Rule", "minimise_regret"]

Floats = npt.NDArray[np.float64]
Rule = Literal["predictive", "discounted"]

PREDICTION = 1 / 3
"""How much of what is predicted counts where agents take turns: with all of it plays of Leduc poker go on circling.

Where both move at once, less than all of it makes plays of small games circle."""
FIRST_CHECK = 8
"""Rounds before the first bracket is formed; later ones come after an eighth of the rounds so far."""
SUMMED = 1e-9
"""What averages of gradients may be off, relative to the payoffs."""


@dataclass(frozen=True)
class RegretOptions:
    """How regret is minimised, and how far."""

    epsilon: float  # width of the bracket that is asked for, in the unit of the rewards
    rounds: int | None = None  # at most; None: no limit
    rule: Rule = "predictive"
    alternating: bool = True
    prediction: float | None = None  # c, of the predictive rule; None: `PREDICTION`, 1 where agents do not take turns

    @property
    def weight(self) -> float:
        """c."""
        if self.prediction is not None:
            return self.prediction
        return PREDICTION if self.alternating else 1.0


@dataclass(frozen=True, eq=False)
class Regret:
    """The best plans of both agents that were met."""

    solution: Solution
    rounds: int
    closed: bool  # whether the bracket is as narrow as was asked


class Learner:
    """One agent's plays and averages."""

    def __init__(self, plans: Plans, options: RegretOptions) -> None:
        self.plans, self.rule, self.prediction = plans, options.rule, options.weight
        self.play = plans.uniform()
        self.regret = [np.zeros(shape) for shape in plans.shapes]
        self.x = plans.plan(self.play)
        self.total = np.zeros(plans.size)  # of plays, weighted
        self.gradients = np.zeros(plans.size)  # of what was met, weighted as the other's plays are
        self.best, self.earns = self.x, -np.inf

    def answer(self, gradient: Floats, t: int) -> None:
        """Regret the play of before against the gradient, and play anew."""
        plans, ahead = self.plans, None
        for k in reversed(range(len(plans.shapes))):
            worth = np.repeat(gradient[plans.slices[k]][:, None], 2, axis=1)
            if ahead is not None:
                worth += ahead
            now, predicted = worth.T.reshape(2, *plans.shapes[k])
            old = self.play[k]
            value = (now * old).sum(axis=1, keepdims=True)
            new = self._next(k, now - value, predicted - (predicted * old).sum(axis=1, keepdims=True), t)
            self.play[k] = new
            ahead = plans.back[k] @ np.stack([value[:, 0], (predicted * new).sum(axis=1)], axis=1)
        self.x = plans.plan(self.play)

    def _next(self, k: int, regret: Floats, predicted: Floats, t: int) -> Floats:
        """The next play in the sets of a step, from what is regretted and what will be if nothing changes."""
        kept = self.regret[k]
        kept += regret
        if self.rule == "predictive":
            np.maximum(kept, 0.0, out=kept)
            wanted = np.maximum(kept + self.prediction * predicted, 0.0)
        else:
            kept *= np.where(kept > 0, t**1.5 / (t**1.5 + 1), 0.5)
            wanted = np.maximum(kept, 0.0)
        mass = wanted.sum(axis=1, keepdims=True)
        nothing = mass == 0
        play: Floats = (wanted + nothing) / (mass + nothing * wanted.shape[1])  # uniform where nothing is regretted
        return play

    def keep_better(self, plan: Floats, earns: float) -> None:
        """Keep the plan where it earns more than the best before, whatever the other does."""
        if earns > self.earns:
            self.best, self.earns = plan.copy(), earns

    def content(self) -> dict[str, Floats]:
        """What a checkpoint holds of it."""
        return {
            "play": joined(self.play),
            "regret": joined(self.regret),
            "total": self.total,
            "gradients": self.gradients,
            "best": self.best[None],
            "earns": np.array([self.earns]),
        }

    def accept(self, arrays: Arrays) -> None:
        """Go on from there.  Raises ValueError or KeyError where it does not hold this."""
        plans = self.plans
        self.play = laws_of(arrays, "play", plans)
        self.x = plans.plan(self.play)
        self.regret = steps_of(arrays, "regret", plans.shapes, 0.0 if self.rule == "predictive" else -np.inf)
        self.total = numbers_of(arrays, "total", (plans.size,), 0.0)
        self.gradients = numbers_of(arrays, "gradients", (plans.size,))
        (self.best,) = plans_of(arrays, "best", plans, 1)
        if arrays["earns"].dtype != np.float64 or arrays["earns"].shape != (1,):
            raise ValueError("earns is not one number")
        self.earns = float(arrays["earns"][0])


def minimise_regret(
    game: ExtensiveGame,
    options: RegretOptions,
    stop: Callable[[], bool] = lambda: False,
    told: Callable[[int, float, float], None] = lambda rounds, lower, upper: None,
    checkpoint: Checkpoint | None = None,
) -> Regret:
    """Play until the bracket is `options.epsilon` wide, the rounds are spent, or `stop()` says so.

    `told(rounds, lower, upper)` is called now and then with the bracket on the value.  The run goes on from the
    `checkpoint`, where there is one, and is saved there; it ends as if it had never been left.  Raises InputError where
    that cannot be read or written (E642, E643, E615).
    """
    dynamics = _Dynamics(game, options)
    if checkpoint is not None and not checkpoint.restore(dynamics.accept):
        checkpoint.save(dynamics.content)  # where it cannot be written, that is known before anything is played
    while not dynamics.over:
        dynamics.round()
        stopping, due = stop(), dynamics.due
        if due:
            told(dynamics.t, *dynamics.bracket())
        if checkpoint is not None and (stopping or dynamics.over or checkpoint.due):
            checkpoint.save(dynamics.content)
        if stopping:
            if not due:  # not saved: a run that is not stopped here looks at no bracket
                told(dynamics.t, *dynamics.bracket())
            break
    one, two = dynamics.learners
    solution = assessed(game, one.plans.behaviour(one.best), two.plans.behaviour(two.best))
    return Regret(solution, dynamics.t, solution.width <= options.epsilon)


class _Dynamics:
    """Both learners, and what they meet."""

    def __init__(self, game: ExtensiveGame, options: RegretOptions) -> None:
        self.learners = Learner(Plans.of(game, 0), options), Learner(Plans.of(game, 1), options)
        self.for_first = game.payoff
        self.for_second = sparse.csr_array(-game.payoff.T)
        self.options = options
        self.t, self.looked = 0, 0  # rounds so far, and the round of the last bracket
        # the gradients of the last round, and the plays that they answer
        self.met: tuple[Floats, Floats]
        self.pair: tuple[Floats, Floats]

    @property
    def due(self) -> bool:
        """Whether a bracket is to be formed after this round."""
        return self.t >= self.looked + max(FIRST_CHECK, self.looked // 8) or self.t == self.options.rounds

    @property
    def over(self) -> bool:
        """Whether no round is to follow: the rounds are spent, or the bracket is as narrow as asked."""
        one, two = self.learners
        return self.t == self.options.rounds or -two.earns - one.earns <= self.options.epsilon

    def round(self) -> None:
        """Each agent answers the other's play.  Plays of round t weigh t^2 in the averages."""
        self.t += 1
        one, two = self.learners
        t, alternating = self.t, self.options.alternating
        before, weight = two.x, float(t - 1) ** 2
        met_first = self.for_first @ before
        two.total += weight * before
        one.gradients += weight * met_first
        shown = one.x
        one.answer(met_first, t)
        met_second = self.for_second @ (one.x if alternating else shown)
        # what the second agent meets is the first's play of this round, or of the round before
        played, weight = (one.x, float(t) ** 2) if alternating else (shown, weight)
        one.total += weight * played
        two.gradients += weight * met_second
        two.answer(met_second, t)
        self.met, self.pair = (met_first, met_second), (played, before)

    def bracket(self) -> tuple[float, float]:
        """The value is between the two, as the best plans of both so far show."""
        self.looked = self.t
        one, two = self.learners
        tried = [(*self.pair, *self.met)]
        if one.total.any() and two.total.any():
            # the empty sequence has plan 1, so the first step's sequences of one set sum to the weights
            w_1, w_2 = self._weight(one), self._weight(two)
            tried.append((one.total / w_1, two.total / w_2, one.gradients / w_2, two.gradients / w_1))
        for x, y, met_first, met_second in tried:
            one.keep_better(x, -two.plans.best(met_second))
            two.keep_better(y, -one.plans.best(met_first))
        return one.earns, -two.earns

    @staticmethod
    def _weight(learner: Learner) -> float:
        """The weights of all plays in the learner's sums."""
        first = learner.plans.slices[0]
        return float(learner.total[first].sum() / learner.plans.into[0].sum())

    def content(self) -> Content:
        """What a checkpoint holds of the run after a round."""
        learners = enumerate(self.learners)
        arrays = {f"{name}_{agent}": array for agent, one in learners for name, array in one.content().items()}
        return {"rounds": self.t, "looked": self.looked}, arrays

    def accept(self, facts: Facts, arrays: Arrays) -> None:
        """Go on from there.  Raises ValueError or KeyError where it does not hold this run."""
        most = 1 << 53 if self.options.rounds is None else self.options.rounds
        self.t = number_of(facts["rounds"], most)
        self.looked = number_of(facts["looked"], self.t)
        for agent, one in enumerate(self.learners):
            end = f"_{agent}"
            one.accept({name.removesuffix(end): array for name, array in arrays.items() if name.endswith(end)})
        one, two = self.learners
        off = SUMMED * float(np.abs(self.for_first.data).sum())
        met = (one, self.for_second @ one.best, two), (two, self.for_first @ two.best, one)
        if not all(mine.earns <= off - other.plans.best(gradient) for mine, gradient, other in met):
            raise ValueError("its plans do not earn what it says")
