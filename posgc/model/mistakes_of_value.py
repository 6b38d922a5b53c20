"""Errors of value in a game that has other mistakes: found on what is known for certain, and nowhere else.

What could be elaborated is evaluated twice.  First the game as it is: a row ends where it meets a part with a mistake
that has been reported.  Then the variables alone that no such part has a hand in, directly or through what they read:
their joint law is that of the game, so that whatever they reach is reached.  In neither is anything made up.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import replace

from posgc.language import ir
from posgc.language.analysis.analyse import Analysis
from posgc.language.dag import Node, nodes
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.model.tabulation.faults import Faults
from posgc.model.tabulation.tabulate import find_faults

__all__ = ["mistakes_of_value", "with_values"]

Slot = tuple[str, int]
"""A variable: its kind and number."""


def with_values(analysis: Analysis, closed: bool = False) -> InputError:
    """All mistakes of a file that has some: those of the analysis, and the errors of value beside them."""
    assert analysis.failure is not None  # else there is a game, and `tabulate` finds its errors of value
    values = mistakes_of_value(analysis.partial, closed) if analysis.partial is not None else ()
    found = sorted((*analysis.errors, *values), key=lambda d: d.span.start if d.span else -1)
    return InputError(found, analysis.source)


def mistakes_of_value(game: ir.Game, closed: bool = False) -> tuple[Diagnostic, ...]:
    """The errors of value of a game with `Fail` nodes of the code `REPORTED`; `closed` is as in `tabulate`.

    A warning (W705) is the last of them where a limit was reached before all was looked at.
    """
    game = replace(game, rewards=tuple(term for reward in game.rewards for term in _terms(reward)))
    tainted = _tainted(game)
    searches: list[tuple[ir.Game, Set[Slot]]] = [(_sound(game, tainted), tainted)]
    if not any(kind == "action" for kind, _ in tainted):
        searches.insert(0, (game, frozenset()))
    found: dict[tuple[str, int], Diagnostic] = {}
    whole = True
    for one, hidden in searches:
        faults = Faults(one, quiet=True, hidden=hidden)
        whole = find_faults(one, faults, closed) and whole
        for diagnostic in faults.found():
            found.setdefault((diagnostic.code, diagnostic.span.start if diagnostic.span else -1), diagnostic)
    return (*found.values(), *(() if whole else (_cut_short(),)))


def _cut_short() -> Diagnostic:
    what = "the game is too large to look at all values while it has other mistakes"
    return Diagnostic("W705", what, None, "mend those that are shown, and run again", "warning")


def _terms(reward: ir.Expr) -> tuple[ir.Expr, ...]:
    """The lines that add up to a reward: one that is wrong says nothing of the others."""
    return reward.operands if isinstance(reward, ir.Op) and reward.name == "+" else (reward,)


def _laws(game: ir.Game) -> Iterator[tuple[Slot, Node]]:
    """What each variable depends on."""
    for k, state in enumerate(game.states):
        yield from ((("state", k), law) for law in (state.init, state.next) if law is not None)
    for k, action in enumerate(game.actions):
        yield from ((("action", k), law) for law in (action.when, *(action.legal or ())) if law is not None)
    for k, seen in enumerate(game.observations):
        yield from ((("observation", k), law) for law in (seen.init, seen.observe) if law is not None)
    yield from ((("chance", k), chance.law) for k, chance in enumerate(game.chances))


def _tainted(game: ir.Game) -> Set[Slot]:
    """The variables with a hand in which is a part whose mistake has been reported, directly or through others."""
    laws = [(slot, *_read(law)) for slot, law in _laws(game)]
    found = {slot for slot, broken, _ in laws if broken}
    while True:
        more = {slot for slot, _, read in laws if read & found} - found
        if not more:
            return found
        found |= more


def _read(root: Node) -> tuple[bool, Set[Slot]]:
    """Whether a part has a mistake, and the variables that are read."""
    below = list(nodes([root]))
    broken = any(isinstance(n, ir.Fail) and n.code == ir.REPORTED for n in below)
    return broken, {(n.kind, n.index) for n in below if isinstance(n, ir.Read)}


def _sound(game: ir.Game, tainted: Set[Slot]) -> ir.Game:
    """The game of the variables that are known for certain; the others have one value, which nothing reads.

    Where it is not known when the game ends, only the initial law is left.
    """
    broken, read = (False, frozenset()) if game.terminal is None else _read(game.terminal)
    begun = broken or bool(read & tainted)

    def still(type: ir.Type, law: ir.Dist) -> ir.Dist:
        return ir.Point(ir.Const(type.values[0], law.span), law.span)

    states = tuple(
        replace(v, init=still(v.type, v.init) if ("state", k) in tainted else v.init, next=None)
        if begun or ("state", k) in tainted
        else v
        for k, v in enumerate(game.states)
    )
    seen = tuple(
        replace(v, init=None if ("observation", k) in tainted else v.init, observe=None)
        if begun or ("observation", k) in tainted
        else v
        for k, v in enumerate(game.observations)
    )
    chances = tuple(
        replace(v, law=still(v.type, v.law)) if begun or ("chance", k) in tainted else v
        for k, v in enumerate(game.chances)
    )
    actions = tuple(
        replace(v, when=None, legal=None) if ("action", k) in tainted else v for k, v in enumerate(game.actions)
    )
    nothing = ir.Const(0.0, game.rewards[0].span)
    rewards = tuple(nothing if begun or _read(r)[1] & tainted else r for r in game.rewards)
    return replace(
        game,
        states=states,
        observations=seen,
        chances=chances,
        actions=actions,
        rewards=rewards,
        terminal=None if begun else game.terminal,
    )
