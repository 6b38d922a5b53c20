"""`reward` and `terminal` lines."""

from __future__ import annotations

from collections.abc import Sequence

from posgc.language import ir
from posgc.language.diagnostics import Label, Span
from posgc.language.elaborate.conditions import checked_expression
from posgc.language.elaborate.laws import Laws
from posgc.language.elaborate.names import AgentArray, AgentName, Poisoned, report_unknown
from posgc.language.elaborate.values import INT, Env, Typed, written_value
from posgc.language.elaborate.variables import VariableTable
from posgc.language.text import syntax as ast

__all__ = ["NO_REWARD", "Rewards", "terminal"]

NO_REWARD = ir.Const(0.0, Span(0, 0, 1, 1))
"""The reward of an agent that no line gives any."""


class Rewards:
    """Adds up what the lines give to each agent."""

    def __init__(self, laws: Laws, variables: VariableTable) -> None:
        self.laws = laws
        self.variables = variables
        self.reporter = laws.reporter
        self.table = laws.names.table

    def of(self, items: Sequence[ast.Reward]) -> tuple[ir.Expr, ...]:
        """Each agent's reward of a step: the sum of the lines that give it one."""
        agents = self.variables.agents
        terms: list[list[Typed]] = [[] for _ in agents]
        for item in items:
            if item.each is not None:
                self._reward_each(item, ast.Target("reward", (item.each,), item.each.span), terms)
            elif item.target is not None:
                self._reward_of(item, item.target, terms)
        return tuple(self._total(t) for t in terms)

    def _reward(self, item: ast.Reward, env: Env) -> Typed:
        return checked_expression(self.laws, self.variables, "reward", item.value, env, item.span)

    def _reward_each(self, item: ast.Reward, target: ast.Target, terms: list[list[Typed]]) -> None:
        """The reward of the agents over which the index runs."""
        indices = self.laws.indices
        if indices.unknown(target) or "agents" in self.laws.names.lost:
            self._reward(item, indices.poisoned(target, Env()))
            return
        for (agent,), env in indices.targets(target, Env()):
            value = self._reward(item, env)
            if isinstance(agent, bool) or not isinstance(agent, int) or not 1 <= agent <= len(terms):
                cure = f"the agents are {', '.join(self.variables.agents[:8])}{', ...' if len(terms) > 8 else ''}"
                self.reporter.error("E401", f"there is no agent {written_value(agent)}", target.span, cure)
                return
            terms[agent - 1].append(value)

    def _reward_of(self, item: ast.Reward, target: ast.Target, terms: list[list[Typed]]) -> None:
        value = self._reward(item, Env())
        if target.name == "team" and not target.indices and not item.zero_sum:
            for own in terms:
                own.append(value)
            return
        agent = self._agent(target, item.zero_sum)
        if agent is None:
            return
        terms[agent].append(value)
        if item.zero_sum:
            if len(terms) != 2:
                self.reporter.error(
                    "E311",
                    f"`zero_sum` is for two agents, and this game has {len(terms)}",
                    item.span,
                    "write a reward for each agent",
                )
                return
            terms[1 - agent].append(self.laws.ops.negate(value, item.span, Env()))

    def _agent(self, target: ast.Target, zero_sum: bool) -> int | None:
        entity = self.table.get(target.name)
        if isinstance(entity, Poisoned) or "agents" in self.laws.names.lost:
            return None
        if not isinstance(entity, AgentName | AgentArray):
            known = [w for w, e in self.table.items() if isinstance(e, AgentName | AgentArray)]
            what, cure = f"`{target.name}` is not an agent", "write `team`, an agent, or `reward[i] = ...;`"
            if zero_sum:
                cure = "name the agent that gets the reward; the other one gets the negative"
            elif target.name == "team":
                cure = "`team` stands for all agents, and has no index: write `reward team = ...;`"
            else:
                known.append("team")
            report_unknown(self.laws.names, self.reporter, what, (target.name, target.span), known, cure)
            return None
        node = ast.Reference(target.name, target.indices, False, target.span)
        number = self.laws.expressions.types.constant(node, Env(), INT, "the agent of a reward")
        return None if number is None else int(number) - 1

    def _total(self, terms: Sequence[Typed]) -> ir.Expr:
        if not terms:
            return NO_REWARD
        if not all(t.ty.number or t.ty.kind == "poison" for t in terms):
            return terms[0].ir  # reported before
        return self.laws.ops.arithmetic("+", terms, terms[0].ir.span, Env(conditional=True)).ir


def terminal(laws: Laws, variables: VariableTable, items: Sequence[ast.Terminal]) -> ir.Expr | None:
    """The condition under which the game ends early; reports a second one."""
    for again in items[1:]:
        first = Label(items[0].span, "first declared here")
        cure = "join the conditions with `or`"
        laws.reporter.error("E205", "`terminal` is declared twice", again.span, cure, (first,))
    if not items:
        return None
    return checked_expression(laws, variables, "terminal", items[0].condition, Env(), items[0].span).ir
