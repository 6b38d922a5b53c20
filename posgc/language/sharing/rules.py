"""The rules of a `share` block, evaluated to a table of lags.

Delays and conditions are constants once the indices are fixed: they may read parameters, constant
definitions, agents, the protocol's arguments and the indices.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from posgc.language import ir
from posgc.language.diagnostics import Span
from posgc.language.diagnostics.report import Reporter, near
from posgc.language.elaborate.context import context_of
from posgc.language.elaborate.expressions import Expressions
from posgc.language.elaborate.names import AgentArray, AgentName, Entity, Names
from posgc.language.elaborate.values import BOOL, INT, REAL, Env, Typed, written_value
from posgc.language.sharing.lag_table import NEVER, LagTable
from posgc.language.sharing.structures import Lags
from posgc.language.signature import Signature, Variable
from posgc.language.text import syntax as ast

__all__ = ["MAX_DELAY", "ShareContext", "ShareRules"]

MAX_DELAY = 10**6

_NOWHERE = Span(0, 0, 1, 1)
_MEMBER = re.compile(r"([A-Za-z_]\w*)\[([0-9]+)\]", re.ASCII)


@dataclass(frozen=True)
class ShareContext:
    """What protocols may read, and where their mistakes go."""

    signature: Signature
    constants: Sequence[tuple[str, ir.Value]]  # the parameters and constant definitions of the file
    reporter: Reporter

    def rules(self) -> ShareRules:
        """The evaluator of rules and of the constants in them, which may make as many nodes as a whole game."""
        self._rules.ops.nodes = 0
        return self._rules

    @cached_property
    def _rules(self) -> ShareRules:
        return ShareRules(self)


class ShareRules:
    """Evaluates the rules of `share` blocks, and the constants in them, for one game."""

    def __init__(self, context: ShareContext) -> None:
        self.signature = context.signature
        self.reporter = context.reporter
        names = Names(_agent_names(context.signature), {})
        expressions = Expressions(context_of(names, context.reporter, context.signature.agents))
        self.names = names
        self.ops = expressions.ops
        self.types = expressions.types
        self.indices = expressions.indices
        self.env = Env({name: _typed(value) for name, value in context.constants})

    def number(self, node: ast.Expression, env: Env, what: str) -> int | None:
        value = self.types.constant(node, env, INT, what)
        return None if value is None else int(value)

    def agent(self, node: ast.Expression, env: Env, what: str) -> int | None:
        """The agent, from 1; None after reporting an error (E509)."""
        value = self.number(node, env, what)
        if value is not None and not 1 <= value <= len(self.signature.agents):
            self.reporter.error("E509", f"there is no agent {value}", node.span, f"the agents are {self._agents()}")
            return None
        return value

    def evaluate(self, name: str, rules: Sequence[ast.Rule | ast.Forget], arguments: Env) -> LagTable:
        """The lags that the rules give; mistakes go to the reporter (E503 to E505, E509)."""
        lags = Lags(self.signature)
        forgets: list[tuple[int, Span]] = []
        for rule in rules:
            if isinstance(rule, ast.Forget):
                age = self._delay(rule.after, arguments)
                if forgets:
                    self.reporter.error("E205", "`forget` is said twice", rule.span, "keep one of the lines")
                elif age is not None:
                    forgets.append((age, rule.span))
            else:
                self._rule(rule, arguments, lags)
        for age, span in forgets:
            self._check_forget(age, span, lags)
        return lags.protocol(name, forgets[0][0] if forgets else None)

    # ---- one rule

    def _rule(self, rule: ast.Rule, env: Env, lags: Lags) -> None:
        if (rule.edges is not None) != rule.per_hop:
            cure = "write `after 1 per hop`" if rule.edges else "say along which edges: `along edges {ann-bob}`"
            self.reporter.error("E509", "`along` and `per hop` go together", rule.span, cure)
            return
        if not self._variables(rule.item):
            return
        distances = None if rule.edges is None else self._distances(rule.edges, env)
        if rule.edges is not None and distances is None:
            return
        for owner, inner in self._owners(rule.item, env):
            rows = self._rows(rule.item, owner, inner, lags)
            for target, innermost in self._audience(rule, owner, inner):
                delay = self._delay(rule.delay, innermost)
                if delay is None:
                    return
                if distances is not None:
                    hops = distances[owner].get(target)
                    if hops is None:
                        continue
                    delay *= hops
                for variable, row in rows:
                    if not self._apply(rule, variable, row, target - 1, delay, lags):
                        return

    def _apply(self, rule: ast.Rule, variable: Variable, row: list[int], target: int, delay: int, lags: Lags) -> bool:
        own = target == variable.agent
        action = any(row is r for r in lags.actions)
        if action and delay < 1 and (not own or (rule.audience is None and rule.edges is None)):
            self.reporter.error(
                "E504",
                "an action cannot be known before it is played",
                rule.delay.span,
                "`act after 1` is at once: an action of step h has age 1 at step h + 1",
            )
            return False
        if not own:
            lags.lower(row, target, min(delay, NEVER))
        return True

    def _delay(self, node: ast.Expression, env: Env) -> int | None:
        value = self.number(node, env, "a delay")
        if value is not None and not 0 <= value <= MAX_DELAY:
            self.reporter.error(
                "E504",
                f"a delay of {value} steps is not possible",
                node.span,
                f"delays are 0 to {MAX_DELAY:,}; say nothing where an item never arrives",
            )
            return None
        return value

    # ---- items

    def _variables(self, item: ast.ItemRef) -> list[Variable]:
        everything = (*self.signature.observations, *self.signature.actions)
        found = [v for v in everything if _base(v) == item.name]
        if not found:
            known = sorted({_base(v) for v in everything})
            self.reporter.error(
                "E503",
                f"`{item.name}` is not an observation or action of this game",
                item.span,
                near(item.name, known) or ("the items are " + ", ".join(known) if known else "the game has none"),
            )
        return found

    def _rows(self, item: ast.ItemRef, owner: int, env: Env, lags: Lags) -> list[tuple[Variable, list[int]]]:
        rest = [self._index(i, env) for i in item.indices[1:]]
        name = f"{item.name}[{', '.join(rest)}]" if rest else None
        pairs = [
            *zip(self.signature.observations, lags.observations, strict=True),
            *zip(self.signature.actions, lags.actions, strict=True),
        ]
        rows = [(v, row) for v, row in pairs if _base(v) == item.name and name in (None, v.name)]
        if not rows:
            self.reporter.error(
                "E503",
                f"no observation or action of this game is called `{name}`",
                item.span,
                "correct the indices; the first one is the agent",
            )
        return [(v, row) for v, row in rows if v.agent == owner - 1]

    def _index(self, node: ast.Expression, env: Env) -> str:
        """An index of an item other than its agent; a bare name is a word."""
        if self.indices.is_fresh(node, env) and isinstance(node, ast.Reference):
            return node.name
        value = self.types.constant(node, env, None, "an index of an item")
        return "?" if value is None else written_value(value)

    def _owners(self, item: ast.ItemRef, env: Env) -> Iterator[tuple[int, Env]]:
        agents = range(1, len(self.signature.agents) + 1)
        if not item.indices:
            yield from ((k, env) for k in agents)
        else:
            yield from self._each(item.indices[0], env, "the owner of an item")

    def _audience(self, rule: ast.Rule, owner: int, env: Env) -> Iterator[tuple[int, Env]]:
        if rule.audience is None:
            yield from ((k, env) for k in range(1, len(self.signature.agents) + 1))
        else:
            yield from self._each(rule.audience, env, "whom an item reaches")

    def _each(self, node: ast.Expression, env: Env, what: str) -> Iterator[tuple[int, Env]]:
        """Every agent under a fresh name, or the agent that the expression is."""
        if self.indices.is_fresh(node, env) and isinstance(node, ast.Reference):
            for k in range(1, len(self.signature.agents) + 1):
                yield k, env.bind(node.name, _typed(k))
            return
        agent = self.agent(node, env, what)
        if agent is not None:
            yield agent, env

    # ---- edges

    def _distances(self, edges: ast.EdgeList | ast.EdgesWhere, env: Env) -> dict[int, dict[int, int]] | None:
        """Hops from each agent to each that it reaches."""
        import networkx as nx  # slow to load, and few games need it

        links = self._listed(edges) if isinstance(edges, ast.EdgeList) else self._where(edges, env)
        if links is None:
            return None
        graph = nx.DiGraph(links)
        graph.add_nodes_from(range(1, len(self.signature.agents) + 1))
        return {source: dict(hops) for source, hops in nx.all_pairs_shortest_path_length(graph)}

    def _listed(self, edges: ast.EdgeList) -> list[tuple[int, int]] | None:
        links: list[tuple[int, int]] = []
        for edge in edges.edges:
            ends = [self._place(place) for place in (edge.source, edge.target)]
            if ends[0] is None or ends[1] is None:
                return None
            links.append((ends[0], ends[1]))
            if not edge.directed:
                links.append((ends[1], ends[0]))
        return links

    def _place(self, place: ast.Place) -> int | None:
        if place.name is None:
            return self.agent(ast.Literal_(place.number or 0, place.span), Env(), "an agent")
        index = () if place.number is None else (ast.Literal_(place.number, place.span),)
        return self.agent(ast.Reference(place.name, index, False, place.span), self.env, "an agent")

    def _where(self, edges: ast.EdgesWhere, env: Env) -> list[tuple[int, int]] | None:
        match edges.arguments:
            case (ast.Reference() as i, ast.Binder(left=ast.Reference() as j, body=condition)):
                pass
            case _:
                self.reporter.error(
                    "E509",
                    "this does not say which agents are linked",
                    edges.span,
                    "write `edges(i, j: abs(i - j) == 1)`",
                )
                return None
        if not self.indices.bindable(i, env) or not self.indices.bindable(j, env.bind(i.name, _typed(1))):
            return None
        links: list[tuple[int, int]] = []
        agents = range(1, len(self.signature.agents) + 1)
        for a in agents:
            for b in agents:
                inner = env.bind(i.name, _typed(a)).bind(j.name, _typed(b))
                linked = self.types.constant(condition, inner, BOOL, "the condition of `edges`")
                if linked is None:
                    return None
                if linked is True and a != b:
                    links.append((a, b))
        return links

    # ---- memory

    def _check_forget(self, age: int, span: Span, lags: Lags) -> None:
        rows = [
            *zip(self.signature.observations, lags.observations, strict=True),
            *zip(self.signature.actions, lags.actions, strict=True),
        ]
        for variable, row in rows:
            common = max(row)
            if age + 1 < common < NEVER:
                owner = self.signature.agents[variable.agent]
                self.reporter.error(
                    "E505",
                    f"`{_base(variable)}[{owner}]` becomes common at age {common}, when nobody remembers it",
                    span,
                    f"remember longer, `forget after {common - 1}`, or share it earlier or never",
                )
                return

    def _agents(self) -> str:
        return ", ".join(self.signature.agents)


def _base(variable: Variable) -> str:
    return variable.name.partition("[")[0]


def _typed(value: ir.Value) -> Typed:
    ty = BOOL if isinstance(value, bool) else INT if isinstance(value, int) else REAL
    return Typed(ir.Const(value, _NOWHERE), ty)


def _agent_names(signature: Signature) -> dict[str, Entity]:
    """The agents as names: `ann`, or the array `robot[1]`, `robot[2]`."""
    table: dict[str, Entity] = {}
    for number, name in enumerate(signature.agents, 1):
        member = _MEMBER.fullmatch(name)
        if member is not None:
            table[member.group(1)] = AgentArray(_NOWHERE)
        else:
            table[name] = AgentName(number, _NOWHERE)
    return table
