"""The rules of a `share` block, evaluated to a table of lags.

Delays and conditions are constants once the indices are fixed: they may read parameters, constant
definitions, agents, the protocol's arguments and the indices.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from posgc.language import ir
from posgc.language.diagnostics import Label, Span
from posgc.language.diagnostics.example_agents import with_agents
from posgc.language.diagnostics.report import Reporter
from posgc.language.elaborate.names import Names, Poisoned, report_unknown
from posgc.language.elaborate.values import Env, written_value
from posgc.language.sharing.constants import Constants, typed
from posgc.language.sharing.edges import distances
from posgc.language.sharing.lag_table import NEVER, Channel, Exchange, Kind, LagTable
from posgc.language.sharing.random_delays import SharedDelays
from posgc.language.sharing.structures import Lags
from posgc.language.signature import Signature, Variable
from posgc.language.text import syntax as ast
from posgc.language.text.syntax.walk import is_poisoned

__all__ = ["MAX_DELAY", "ShareContext", "ShareRules"]

MAX_DELAY = 10**6

_EACH_STEP = 1, 1

Statement = ast.Rule | ast.Channel | ast.SharedDelay | ast.Forget | ast.Poison


@dataclass(frozen=True)
class ShareContext:
    """What protocols may read, and where their mistakes go."""

    signature: Signature
    constants: Sequence[tuple[str, ir.Constant]]  # the parameters and constant definitions of the file
    reporter: Reporter
    others: Names = field(default_factory=lambda: Names({}, {}))  # the other names of the file
    unread: frozenset[str] = frozenset()  # the protocols of the file that could not be read
    nameless: bool = False  # whether one of these has a name that is not seen
    shares: tuple[ast.Share, ...] = ()  # the protocols of the file, of which others may be extensions

    def rules(self) -> ShareRules:
        """The evaluator of rules and of the constants in them, which may make as many nodes as a whole game."""
        self._rules.ops.nodes = 0
        return self._rules

    @cached_property
    def _rules(self) -> ShareRules:
        return ShareRules(self.signature, self.constants, self.reporter, self.others)


@dataclass(frozen=True)
class _Place:
    """A variable of the game."""

    kind: Kind
    number: int  # index into the signature's list of that kind
    variable: Variable


class ShareRules(Constants):
    """Evaluates the rules of `share` blocks, and the constants in them, for one game."""

    def evaluate(self, name: str, blocks: Sequence[tuple[Sequence[Statement], Env]], lags: Lags) -> LagTable:
        """The lags that the rules give beside those given; mistakes go to the reporter (E503 to E505, E509, E513 to
        E515).  Each block of rules has its own arguments."""
        forgets: list[tuple[int, Span, int]] = []  # the age, its place, and which of the blocks says it
        self.incomplete = any(isinstance(rule, ast.Poison) for rules, _ in blocks for rule in rules)
        lines = [(rule, env) for rules, env in blocks for rule in rules if isinstance(rule, ast.SharedDelay)]
        delays = SharedDelays(self, lines)
        for number, (rules, arguments) in enumerate(blocks):
            for rule in rules:
                if isinstance(rule, ast.Forget):
                    age = self._delay(rule.after, arguments)
                    if forgets:
                        of = "" if forgets[0][2] == number else ", in a protocol that this one extends"
                        first = Label(forgets[0][1], f"first said here{of}")
                        self.reporter.error(
                            "E205", "`forget` is said twice", rule.span, "keep one of the lines", (first,)
                        )
                    elif age is not None:
                        forgets.append((age, rule.span, number))
                elif isinstance(rule, ast.Channel):
                    self._channel(rule, arguments, delays, lags)
                elif isinstance(rule, ast.Rule):
                    self._rule(rule, arguments, lags)
        for age, span, _ in forgets:
            self._check_forget(age, span, lags)
        return lags.protocol(name, forgets[0][0] if forgets else None)

    # ---- one rule

    def _rule(self, rule: ast.Rule, env: Env, lags: Lags) -> None:
        if is_poisoned(rule.delay):
            self.incomplete = True
            return
        if (rule.edges is not None) != rule.per_hop:
            cure = "write `after 1 per hop`" if rule.edges else "say along which edges: `along edges {ann-bob}`"
            cure = with_agents(cure, self.signature.agents)
            self.reporter.error("E509", "`along` and `per hop` go together", rule.span, cure)
            return
        if not self._variables(rule.item):
            return
        hops = None if rule.edges is None else distances(self, rule.edges, env)
        if rule.edges is not None and hops is None:
            return
        for owner, target, inner, places in self._links(rule, env):
            delay, every = self._delay(rule.delay, inner), self._every(rule.every, inner)
            if delay is None or every is None:
                return
            if hops is not None:
                if target not in hops[owner]:
                    continue
                delay *= hops[owner][target]
            for place in places:
                told = target != owner or (rule.audience is None and rule.edges is None)
                if told and place.kind == "action" and not self._after_it_is_played(delay, rule.delay.span):
                    return
                if target != owner and delay < NEVER:
                    lags.hand_over(Exchange(place.kind, place.number, target - 1, delay, *every))

    def _channel(self, rule: ast.Channel, env: Env, delays: SharedDelays, lags: Lags) -> None:
        if not self._variables(rule.item):
            return
        told = rule.acknowledged
        for owner, target, inner, places in self._links(rule, env):
            law, chance = delays.law_of(rule.law, inner)
            after = 0 if told is None or told.after is None else self._delay(told.after, inner)
            if law is None or after is None:
                return
            for place in places if target != owner else ():
                if place.kind == "action" and not self._after_it_is_played(law[0][0], rule.law.span):
                    return
                link = place.kind, place.number, target - 1
                if not lags.send(Channel(*link, law, None if told is None else after, chance)):
                    self.reporter.error(
                        "E515",
                        f"this link has a random delay already: {place.variable.name}"
                        f"[{self.signature.agents[owner - 1]}] to {self.signature.agents[target - 1]}",
                        rule.span,
                        "write one law for each link",
                    )
                    return

    def _links(self, rule: ast.Rule | ast.Channel, env: Env) -> Iterator[tuple[int, int, Env, list[_Place]]]:
        """Owner, whom it reaches, what the indices stand for, and the variables that the rule speaks of."""
        for owner, inner in self._owners(rule.item, env):
            places = self._places(rule.item, owner, inner)
            yield from ((owner, target, end, places) for target, end in self._audience(rule, owner, inner))

    def _after_it_is_played(self, delay: int, span: Span) -> bool:
        """Whether an action may have the delay; reports an error (E504) where it may not."""
        if delay < 1:
            self.reporter.error(
                "E504",
                "an action cannot be known before it is played",
                span,
                "`act after 1` is at once: an action of step h has age 1 at step h + 1",
            )
        return delay >= 1

    def _delay(self, node: ast.Expression, env: Env) -> int | None:
        cure = f"delays are 0 to {MAX_DELAY:,}; say nothing where an item never arrives"
        return self._within(node, env, "a delay", 0, "a delay of {} steps is not possible", cure)

    def _every(self, every: ast.Every | None, env: Env) -> tuple[int, int] | None:
        """Every how many steps a link works, and its first step; None after reporting an error (E513)."""
        if every is None:
            return _EACH_STEP
        cure = f"write `every 2`, at steps 2, 4, 6, ..., or `every 2 from 1`; at most {MAX_DELAY:,} steps"
        steps = self._within(every.steps, env, "`every`", 1, "nothing happens every {} steps", cure)
        if steps is None or every.first is None:
            return None if steps is None else (steps, steps)
        first = self._within(every.first, env, "`from`", 1, "there is no step {} to begin at", cure)
        return None if first is None else (steps, first)

    def _within(self, node: ast.Expression, env: Env, what: str, low: int, wrong: str, cure: str) -> int | None:
        """The number of steps, at most `MAX_DELAY`; None after reporting an error."""
        value = self.number(node, env, what)
        if value is not None and not low <= value <= MAX_DELAY:
            self.reporter.error("E504" if low == 0 else "E513", wrong.format(value), node.span, cure)
            return None
        return value

    # ---- items

    def _variables(self, item: ast.ItemRef) -> list[Variable]:
        found = [place.variable for place in self._by_name.get(item.name, ())]
        if not found and isinstance(self.names.table.get(item.name), Poisoned):
            self.incomplete = True
            return found
        if not found:
            known = sorted(self._by_name)
            words = (*known, "forget", "chance")
            what = f"`{item.name}` is not an observation or action of this game"
            cure = "the items are " + ", ".join(known) if known else "the game has none"
            report_unknown(self.names, self.reporter, what, (item.name, item.span), words, cure, "E503")
            self.incomplete = True
        return found

    def _places(self, item: ast.ItemRef, owner: int, env: Env) -> list[_Place]:
        """The variables of the owner that the item names."""
        written = [self._index(i, env) for i in item.indices[1:]]
        rest = [w for w in written if w is not None]
        if len(rest) < len(written):
            return []
        name = f"{item.name}[{', '.join(rest)}]" if rest else None
        found = [p for p in self._by_name.get(item.name, ()) if name in (None, p.variable.name)]
        if not found:
            self.reporter.error(
                "E503",
                f"no observation or action of this game is called `{name}`",
                item.span,
                "correct the indices; the first one is the agent",
            )
        return [p for p in found if p.variable.agent == owner - 1]

    @cached_property
    def _by_name(self) -> dict[str, list[_Place]]:
        """The variables by the name of their family."""
        found: dict[str, list[_Place]] = {}
        tables: tuple[tuple[Kind, Sequence[Variable]], ...] = (
            ("observation", self.signature.observations),
            ("action", self.signature.actions),
        )
        for kind, variables in tables:
            for k, v in enumerate(variables):
                found.setdefault(v.family, []).append(_Place(kind, k, v))
        return found

    def _index(self, node: ast.Expression, env: Env) -> str | None:
        """An index of an item other than its agent; a bare name is a word."""
        if self.indices.is_fresh(node, env) and isinstance(node, ast.Reference):
            return node.name  # an unknown one is reported as such (E503)
        value = self.constant(node, env, None, "an index of an item")
        return None if value is None else written_value(value)

    def _owners(self, item: ast.ItemRef, env: Env) -> Iterator[tuple[int, Env]]:
        agents = range(1, len(self.signature.agents) + 1)
        if not item.indices:
            yield from ((k, env) for k in agents)
        else:
            yield from self._each(item.indices[0], env, "the owner of an item")

    def _audience(self, rule: ast.Rule | ast.Channel, owner: int, env: Env) -> Iterator[tuple[int, Env]]:
        if rule.audience is None:
            yield from ((k, env) for k in range(1, len(self.signature.agents) + 1))
        else:
            yield from self._each(rule.audience, env, "whom an item reaches")

    def _each(self, node: ast.Expression, env: Env, what: str) -> Iterator[tuple[int, Env]]:
        """Every agent under a fresh name, or the agent that the expression is."""
        if isinstance(node, ast.Reference) and self.indices.introduced(node, env):
            for k in range(1, len(self.signature.agents) + 1):
                yield k, env.bind(node.name, typed(k))
            return
        fresh = self.indices.is_fresh(node, env)  # then it is misspelt
        self.incomplete = self.incomplete or fresh
        agent = None if fresh else self.agent(node, env, what)
        if agent is not None:
            yield agent, env

    # ---- memory

    def _check_forget(self, age: int, span: Span, lags: Lags) -> None:
        if self.incomplete:
            return
        links = [(x.kind, x.variable, x.agent) for x in lags.exchanges]
        if len(set(links)) < len(links):
            return  # how late an item is depends on how the exchanges interlock, and is looked at later
        table = lags.protocol("")
        rows = [
            *zip(self.signature.observations, table.slowest("observation"), strict=True),
            *zip(self.signature.actions, table.slowest("action"), strict=True),
        ]
        for variable, row in rows:
            common = max(row)
            if age + 1 < common < NEVER:
                owner = self.signature.agents[variable.agent]
                self.reporter.error(
                    "E505",
                    f"`{variable.family}[{owner}]` becomes common at age {common}, when nobody remembers it",
                    span,
                    f"remember longer, `forget after {common - 1}`, or share it earlier or never",
                )
                return
