"""Everything of a game that is an expression, elaborated and checked: variables with their laws, rewards, the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from posgc.language import ir
from posgc.language.diagnostics import Span
from posgc.language.elaborate.dependencies import Draw, check_observations_made, order
from posgc.language.elaborate.draws import Draws
from posgc.language.elaborate.families import owner
from posgc.language.elaborate.laws import Laws
from posgc.language.elaborate.names import Family, Key
from posgc.language.elaborate.rewards import Rewards, terminal
from posgc.language.elaborate.values import Env
from posgc.language.elaborate.variables import VariableTable
from posgc.language.text import syntax as ast

__all__ = ["Dynamics", "elaborate_dynamics"]

T = TypeVar("T")


@dataclass(frozen=True)
class Dynamics:
    """What happens in a game; the fields are those of `ir.Game`."""

    states: tuple[ir.StateVar, ...]
    actions: tuple[ir.ActionVar, ...]
    observations: tuple[ir.ObservationVar, ...]
    chances: tuple[ir.ChanceVar, ...]
    init_order: tuple[Draw, ...]
    step_order: tuple[Draw, ...]
    rewards: tuple[ir.Expr, ...]
    terminal: ir.Expr | None


def elaborate_dynamics(laws: Laws, variables: VariableTable, game: ast.GameText) -> Dynamics:
    """Reads all lines that say what happens; reports every mistake in them."""
    draws = Draws(laws, variables, game)
    rewards = Rewards(laws, variables).of([item for item in game.items if isinstance(item, ast.Reward)])
    end = terminal(laws, variables, [item for item in game.items if isinstance(item, ast.Terminal)])
    made = _Declarations(laws, variables, draws)
    init_order, step_order = made.orders()
    rewards = tuple(made.readable(reward) for reward in rewards)
    states, chances = made.states(), made.chances()
    actions, observations = made.actions(), made.observations()
    return Dynamics(states, actions, observations, chances, init_order, step_order, rewards, end)


class _Declarations:
    """Joins the variables with their laws."""

    def __init__(self, laws: Laws, variables: VariableTable, draws: Draws) -> None:
        self.laws = laws
        self.variables = variables
        self.draws = draws
        self.reporter = laws.reporter
        # The laws by line, with their places; poison where one is missing or wrong, and reported.
        self.init: dict[Draw, tuple[ir.Dist, Span]] = {}
        self.step: dict[Draw, tuple[ir.Dist, Span]] = {}
        for (line, kind, number), (law, head) in sorted(draws.laws_of.items(), key=lambda row: row[1][1].start):
            (self.init if line == "init" else self.step)[kind, number] = law, head
        self._complete("init", "state", self.init)
        self._complete("init", "observation", self.init)
        self._complete("next", "state", self.step)
        self._complete("observe", "observation", self.step)

    def _complete(self, line: str, kind: str, laws: dict[Draw, tuple[ir.Dist, Span]]) -> None:
        """Poison for the variables whose line could not be read or placed, and for states without `init` (E208)."""
        for number, family, key in self.variables.rows[kind]:
            lost = family.name in self.draws.lost[line]
            if (kind, number) in laws or not (lost or (line, kind) == ("init", "state")):
                continue
            span = self._text(family, key).target.span
            laws[kind, number] = self._poison(span), span
            if not lost:
                name = self.variables.names["state"][number]
                cure = f"write `init {name} ~ ...;` or `init {name} = ...;`"
                self.reporter.error("E208", f"the state `{name}` has no `init`", span, cure)

    def _poison(self, span: Span) -> ir.Dist:
        return ir.Point(self.laws.ops.poison(span).ir, span)

    def _law(self, laws: Mapping[Draw, tuple[ir.Dist, Span]], kind: str, number: int) -> ir.Dist | None:
        found = laws.get((kind, number))
        return None if found is None else found[0]

    def _text(self, family: Family, key: Key) -> ast.Variable | ast.Chance:
        if len(family.texts) == 1:
            return family.texts[0]
        for text in family.texts:
            if any(k == key for k, _ in self.laws.indices.targets(text.target, Env())):
                return text
        return family.texts[0]

    def states(self) -> tuple[ir.StateVar, ...]:
        return tuple(
            ir.StateVar(
                self.variables.names["state"][n],
                f.types[key],
                self.init["state", n][0],
                self._law(self.step, "state", n),
                self._text(f, key).target.span,
            )
            for n, f, key in self.variables.rows["state"]
        )

    def chances(self) -> tuple[ir.ChanceVar, ...]:
        result: list[ir.ChanceVar] = []
        for number, family, key in self.variables.rows["chance"]:
            span = self._text(family, key).target.span
            law = self._law(self.step, "chance", number) or self._poison(span)
            result.append(ir.ChanceVar(self.variables.names["chance"][number], family.types[key], law, span))
        return tuple(result)

    def actions(self) -> tuple[ir.ActionVar, ...]:
        return tuple(
            ir.ActionVar(
                self.variables.names["action"][n],
                owner(f, key),
                f.types[key],
                self.draws.conditions.get(n),
                self._text(f, key).target.span,
                self.draws.legal.get(n),
            )
            for n, f, key in self.variables.rows["action"]
        )

    def observations(self) -> tuple[ir.ObservationVar, ...]:
        return tuple(
            ir.ObservationVar(
                self.variables.names["observation"][n],
                owner(f, key),
                f.types[key],
                self._law(self.init, "observation", n),
                self._law(self.step, "observation", n),
                self._text(f, key).target.span,
            )
            for n, f, key in self.variables.rows["observation"]
        )

    def orders(self) -> tuple[tuple[Draw, ...], tuple[Draw, ...]]:
        """The draws of `init` and of a step, in order; laws that cannot be drawn become poison."""
        return self._order(self.init, primed=False), self._order(self.step, primed=True)

    def _order(self, laws: dict[Draw, tuple[ir.Dist, Span]], primed: bool) -> tuple[Draw, ...]:
        made = self._made(primed)
        for draw, (law, span) in laws.items():
            if not check_observations_made(law, made, primed, self.variables.names, self.reporter):
                laws[draw] = self._poison(span), span
        spans = {draw: span for draw, (_, span) in laws.items()}
        nodes = {draw: law for draw, (law, _) in laws.items()}
        found, cyclic = order(nodes, primed, spans, self.variables.names, self.reporter)
        for draw in cyclic:
            laws[draw] = self._poison(spans[draw]), spans[draw]
        return found

    def _made(self, primed: bool) -> dict[Draw, bool]:
        """Whether each observation has a law."""
        laws = self.step if primed else self.init
        return {("observation", k): ("observation", k) in laws for k, _, _ in self.variables.rows["observation"]}

    def readable(self, reward: ir.Expr) -> ir.Expr:
        """The reward, poison where it reads an observation that is never made."""
        fine = check_observations_made(reward, self._made(True), True, self.variables.names, self.reporter)
        return reward if fine else self.laws.ops.poison(reward.span).ir
