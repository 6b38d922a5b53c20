"""Everything of a game that is an expression, elaborated and checked: variables with their laws, rewards, the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from posgc.language import ir
from posgc.language.dag import Node
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
    states, chances = made.states(), made.chances()
    actions, observations = made.actions(), made.observations()
    init_order, step_order = made.orders(rewards)
    return Dynamics(states, actions, observations, chances, init_order, step_order, rewards, end)


class _Declarations:
    """Joins the variables with their laws."""

    def __init__(self, laws: Laws, variables: VariableTable, draws: Draws) -> None:
        self.laws = laws
        self.variables = variables
        self.draws = draws
        self.reporter = laws.reporter

    def _law(self, line: str, kind: str, number: int) -> ir.Dist | None:
        found = self.draws.laws_of.get((line, kind, number))
        if found is not None:
            return found[0]
        _, family, key = self.variables.rows[kind][number]
        if family.name not in self.draws.lost.get(line, ()):
            return None
        span = self._text(family, key).target.span
        return ir.Point(self.laws.ops.poison(span).ir, span)

    def _text(self, family: Family, key: Key) -> ast.Variable | ast.Chance:
        if len(family.texts) == 1:
            return family.texts[0]
        for text in family.texts:
            if any(k == key for k, _ in self.laws.indices.targets(text.target, Env())):
                return text
        return family.texts[0]

    def states(self) -> tuple[ir.StateVar, ...]:
        result: list[ir.StateVar] = []
        for number, family, key in self.variables.rows["state"]:
            name, span = self.variables.names["state"][number], self._text(family, key).target.span
            init = self._law("init", "state", number)
            if init is None:
                self.reporter.error(
                    "E208",
                    f"the state `{name}` has no `init`",
                    span,
                    f"write `init {name} ~ ...;` or `init {name} = ...;`",
                )
                init = ir.Point(self.laws.ops.poison(span).ir, span)
            result.append(ir.StateVar(name, family.types[key], init, self._law("next", "state", number), span))
        return tuple(result)

    def chances(self) -> tuple[ir.ChanceVar, ...]:
        result: list[ir.ChanceVar] = []
        for number, family, key in self.variables.rows["chance"]:
            span = self._text(family, key).target.span
            law = self._law("chance", "chance", number) or ir.Point(self.laws.ops.poison(span).ir, span)
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
            )
            for n, f, key in self.variables.rows["action"]
        )

    def observations(self) -> tuple[ir.ObservationVar, ...]:
        return tuple(
            ir.ObservationVar(
                self.variables.names["observation"][n],
                owner(f, key),
                f.types[key],
                self._law("init", "observation", n),
                self._law("observe", "observation", n),
                self._text(f, key).target.span,
            )
            for n, f, key in self.variables.rows["observation"]
        )

    def _made(self, line: str, laws: Mapping[Draw, Node]) -> dict[Draw, bool]:
        """Whether each observation has a law, or may have one that could not be read."""
        rows, lost = self.variables.rows["observation"], self.draws.lost[line]
        return {("observation", k): ("observation", k) in laws or family.name in lost for k, family, _ in rows}

    def orders(self, rewards: Sequence[ir.Expr]) -> tuple[tuple[Draw, ...], tuple[Draw, ...]]:
        first: dict[Draw, Node] = {}
        later: dict[Draw, Node] = {}
        spans: dict[Draw, Span] = {}
        later_spans: dict[Draw, Span] = {}
        for (line, kind, number), (law, head) in sorted(self.draws.laws_of.items(), key=lambda row: row[1][1].start):
            if line == "init":
                first[kind, number], spans[kind, number] = law, head
            else:
                later[kind, number], later_spans[kind, number] = law, head
        made_first = self._made("init", first)
        made_later = self._made("observe", later)
        for draw in first.values():
            check_observations_made(draw, made_first, False, self.variables.names, self.reporter)
        for root in (*later.values(), *rewards):
            check_observations_made(root, made_later, True, self.variables.names, self.reporter)
        init = order(first, False, spans, self.variables.names, self.reporter)
        return init, order(later, True, later_spans, self.variables.names, self.reporter)
