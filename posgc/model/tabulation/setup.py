"""A game made ready for tabulation: its evaluator, its plans of draws, its limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import prod

from posgc.language import ir
from posgc.model.tabulation.branch import Runner, distinct
from posgc.model.tabulation.evaluate import Evaluator
from posgc.model.tabulation.faults import Faults
from posgc.model.tabulation.law import Target
from posgc.model.tabulation.laws import LawEvaluator
from posgc.model.tabulation.plan import Draw, Plan, schedule
from posgc.model.tabulation.reads import Flow, Node, Slot

__all__ = ["Limits", "Setup", "prepare"]


@dataclass(frozen=True)
class Limits:
    """What may be spent: reachable states, and entries of all kernels and emissions together."""

    max_states: int
    max_entries: int
    progress: Callable[[str, float], None] | None


@dataclass(frozen=True)
class Setup:
    """What tabulation of one game needs, prepared once."""

    game: ir.Game
    evaluator: Evaluator
    faults: Faults
    runner: Runner
    limits: Limits
    initial: Plan  # for (s_1, o_1)
    live: Plan  # for (s', o') of a step
    terminal: Plan  # the same in a terminal state
    emission: Plan | None  # for o' given (a, s'); None where P(s', o' | s, a) does not factor
    rewards: int  # how many distinct ones there are
    paid: tuple[int, ...]  # the number of each agent's reward among the distinct ones
    varying: bool  # whether some reward can differ between outcomes of one (s, a)
    dynamics: tuple[Node, ...]  # the roots of what is evaluated
    n_actions: int
    n_observations: int

    @property
    def kept(self) -> tuple[int, ...]:
        """The state variables without `next`."""
        return tuple(k for k, v in enumerate(self.game.states) if v.next is None)

    @property
    def silent(self) -> tuple[int, ...]:
        """The observation variables without `observe`."""
        return tuple(k for k, v in enumerate(self.game.observations) if v.observe is None)


def prepare(game: ir.Game, limits: Limits, faults: Faults | None = None) -> Setup:
    """Schedule the draws of the game and analyse what they read; `faults` are those of the game, if they are given."""
    flow = Flow(_roots(game))
    faults = Faults(game) if faults is None else faults
    evaluator = Evaluator(game, flow, faults)
    rewards, paid = distinct(game.rewards)
    draws = list(_draws(game, evaluator))
    seen = [d for d in draws if d.slot[0] != "state"]
    live = schedule(draws, rewards, flow)
    # in a terminal state nothing moves and nothing is paid, but observations are still made
    terminal = schedule(seen, (), flow)
    outcomes = [d for d in seen if d.slot[0] == "observation"]
    used: list[Node] = [i.law for i in live.items if isinstance(i, Draw)]
    used += [i.law for i in terminal.items if isinstance(i, Draw)]
    used += [*rewards, *([game.terminal] if game.terminal is not None else [])]
    used += [node for action in game.actions for node in action.legal or ()]
    return Setup(
        game=game,
        evaluator=evaluator,
        faults=faults,
        runner=Runner(evaluator, LawEvaluator(evaluator), len(rewards)),
        limits=limits,
        initial=schedule(_states_first(list(_initial(game, evaluator)), flow), (), flow),
        live=live,
        terminal=terminal,
        emission=schedule(outcomes, (), flow) if _factors(game, outcomes, flow) else None,
        rewards=len(rewards),
        paid=paid,
        varying=any(_outcome(game, s) for r in rewards for s in flow.reads(r)),
        dynamics=tuple(used),
        n_actions=prod(len(v.type.values) for v in game.actions),
        n_observations=prod(len(v.type.values) for v in game.observations),
    )


def _roots(game: ir.Game) -> Iterable[Node]:
    for state in game.states:
        yield from (state.init, *([] if state.next is None else [state.next]))
    for action in game.actions:
        yield from () if action.when is None else (action.when,)
        yield from action.legal or ()
    for seen in game.observations:
        yield from (law for law in (seen.init, seen.observe) if law is not None)
    yield from (chance.law for chance in game.chances)
    yield from distinct(game.rewards)[0]
    if game.terminal is not None:
        yield game.terminal


def _initial(game: ir.Game, evaluator: Evaluator) -> Iterable[Draw]:
    for kind, k in game.init_order:
        variable = game.states[k] if kind == "state" else game.observations[k]
        if variable.init is not None:
            target = Target(variable.name, evaluator.domain(kind, k))
            yield Draw((kind, k, False), variable.init, target)


def _draws(game: ir.Game, evaluator: Evaluator) -> Iterable[Draw]:
    for kind, k in game.step_order:
        name, law = _law(game, kind, k)
        if law is not None:
            yield Draw((kind, k, kind != "chance"), law, Target(name, evaluator.domain(kind, k)))


def _law(game: ir.Game, kind: str, k: int) -> tuple[str, ir.Dist | None]:
    if kind == "state":
        return game.states[k].name + "'", game.states[k].next
    if kind == "observation":
        return game.observations[k].name + "'", game.observations[k].observe
    return game.chances[k].name, game.chances[k].law


def _states_first(draws: list[Draw], flow: Flow) -> list[Draw]:
    """States before observations where nothing is in the way, so that the rows count states as long as
    possible."""
    placed: list[Draw] = []
    late: set[Slot] = set()
    for draw in draws:
        # a state that reads an observation must wait for it, and so must all that read such a state
        if draw.slot[0] == "state" and not flow.reads(draw.law) & late:
            placed.append(draw)
        else:
            late.add(draw.slot)
    return placed + [d for d in draws if d.slot in late]


def _outcome(game: ir.Game, slot: Slot) -> bool:
    """Whether the slot can differ between outcomes of one (s, a)."""
    kind, k, primed = slot
    if kind == "state" and primed:
        return game.states[k].next is not None
    return primed or kind == "chance"


def _factors(game: ir.Game, outcomes: list[Draw], flow: Flow) -> bool:
    """Whether P(s', o' | s, a) = T(s' | s, a) O(o' | a, s'): o' reads only the actions, s' and the step, and s'
    reads no observation (if it did, o' would be known better from s' than by its own law)."""
    for draw in outcomes:
        for kind, k, primed in flow.reads(draw.law):
            if kind == "chance" or (kind == "state" and not primed and game.states[k].next is not None):
                return False
    waiting = {s for v in game.states if v.next is not None for s in flow.reads(v.next)}
    met: set[Slot] = set()
    while waiting:
        slot = waiting.pop()
        # through `chance` draws too: one that reads an observation carries it into s'
        met.add(slot)
        if slot[0] == "observation":
            return False
        if slot[0] == "chance":
            waiting |= flow.reads(game.chances[slot[1]].law) - met
    return True
