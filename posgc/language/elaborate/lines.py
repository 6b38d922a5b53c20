"""The lines that say what happens: `init`, `next`, `observe`, `chance`, `when`, `reward`, `terminal`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from posgc.language import ir
from posgc.language.dag import Node
from posgc.language.diagnostics import Span
from posgc.language.diagnostics.report import near
from posgc.language.elaborate.declarations import ir_text, label, owner
from posgc.language.elaborate.dependencies import Draw, check_reads, order, unmade
from posgc.language.elaborate.laws import Drawn, Laws
from posgc.language.elaborate.names import AgentArray, AgentName, Family, Key, LostAgents
from posgc.language.elaborate.values import BOOL, INT, REAL, Env, Typed, constant
from posgc.language.signature import Signature, Variable
from posgc.language.text import syntax as ast

__all__ = ["Lines"]

_FITTING = {"init": ("state", "observation"), "next": ("state",), "observe": ("observation",)}
T = TypeVar("T")


class Lines:
    """Everything of a game that is an expression, elaborated and checked."""

    def __init__(self, laws: Laws, game: ast.GameText) -> None:
        self.laws = laws
        self.reporter = laws.reporter
        families = [e for e in laws.names.table.values() if isinstance(e, Family)]
        self._rows = {
            kind: sorted(
                ((f.numbers[key], f, key) for f in families if f.kind == kind for key in f.numbers),
                key=lambda row: row[0],
            )
            for kind in ("state", "action", "observation", "chance")
        }
        self.names = {kind: [label(laws, f, k) for _, f, k in rows] for kind, rows in self._rows.items()}
        self._laws: dict[tuple[str, str, int], tuple[ir.Dist, Span]] = {}
        self._whens: dict[int, ir.Expr] = {}
        for item in game.items:
            if isinstance(item, ast.Draw):
                self._draw(item)
            elif isinstance(item, ast.Chance):
                self._chance(item)
            elif isinstance(item, ast.Variable) and item.when is not None:
                self._when(item, item.when)
        self.rewards = self._rewards([item for item in game.items if isinstance(item, ast.Reward)])
        self.terminal = self._terminal([item for item in game.items if isinstance(item, ast.Terminal)])
        self.states, self.chances = self._states(), self._chances()
        self.actions, self.observations = self._actions(), self._observations()
        self.init_order, self.step_order = self._orders()

    # ---- laws

    def _draw(self, item: ast.Draw) -> None:
        name = item.target.name
        family = self.laws.names.table.get(name)
        if not isinstance(family, Family):
            what = "is not a variable" if name in self.laws.names else "is not declared"
            known = [k for k, v in self.laws.names.table.items() if isinstance(v, Family)]
            self.reporter.error(
                "E201",
                f"`{name}` {what}",
                item.target.span,
                near(name, known) or "declare it with `state` or `observation`",
            )
            return
        if family.kind not in _FITTING[item.kind]:
            self.reporter.error(
                "E215",
                f"`{item.kind}` does not go with the {family.kind} `{name}`",
                item.target.span,
                {
                    "state": "a state has `init` and `next`",
                    "observation": "an observation has `init` and `observe`",
                    "action": "an action is chosen, not drawn",
                    "chance": "a chance has its law where it is declared",
                }[family.kind],
            )
            return
        if family.broken:
            return
        for key, env in self._known_targets(item.target, family):
            self._one_law(item.kind, family, key, item.law, item.drawn, env, item.target.span, item.span)

    def _known_targets(self, target: ast.Target, family: Family) -> Sequence[tuple[Key, Env]]:
        """The declared variables that a left side means."""
        width = len(next(iter(family.numbers)))
        if len(target.indices) != width:
            self.reporter.error(
                "E207",
                f"`{family.name}` has {width or 'no'} ind{'ex' if width == 1 else 'ices'}, not {len(target.indices)}",
                target.span,
                f"write `{family.name}[{', '.join('ijk'[:width] or '...')}]`" if width else f"write `{family.name}`",
            )
            return []

        def known(key: Key) -> Sequence[ir.Value]:
            at = len(key)
            return list(dict.fromkeys(k[at] for k in family.numbers if k[:at] == key))

        found: list[tuple[Key, Env]] = []
        for key, env in self.laws.targets(target, Env(), known):
            if key in family.numbers:
                found.append((key, env))
            else:
                self.reporter.error(
                    "E401",
                    f"there is no `{family.name}[{', '.join(map(ir_text, key))}]`",
                    target.span,
                    "correct the index",
                )
        return found

    def _one_law(
        self, line: str, family: Family, key: Key, law: ast.Expression, drawn: bool, env: Env, head: Span, span: Span
    ) -> None:
        number = family.numbers[key]
        name = label(self.laws, family, key)
        if (line, family.kind, number) in self._laws:
            self.reporter.error("E205", f"`{name}` has a second `{line}`", head, "keep one of them")
            return
        self.laws.uses.clear()
        made = self.laws.law(law, drawn, Drawn(name, family.types[key]), env)
        check_reads(line, made, span, self.laws.uses, self.names, self.reporter)
        self._laws[line, family.kind, number] = made, head

    def _chance(self, item: ast.Chance) -> None:
        family = self.laws.names.table.get(item.target.name)
        if isinstance(family, Family) and family.kind == "chance" and not family.broken and item in family.texts:
            for key, env in self.laws.targets(item.target, Env()):
                self._one_law("chance", family, key, item.law, item.drawn, env, item.target.span, item.span)

    def _when(self, item: ast.Variable, when: ast.Expression) -> None:
        family = self.laws.names.table.get(item.target.name)
        if item.kind != "action":
            self.reporter.error(
                "E215",
                f"`when` does not go with the {item.kind} `{item.target.name}`",
                when.span,
                "only an action can be withheld",
            )
            return
        if not isinstance(family, Family) or family.broken or item not in family.texts:
            return
        for key, env in self.laws.targets(item.target, Env()):
            condition = self._checked("when", when, BOOL, env, item.span)
            if constant(condition) is not True and key in family.numbers:
                self._whens[family.numbers[key]] = condition.ir

    def _checked(self, place: str, node: ast.Expression, ty: object, env: Env, span: Span) -> Typed:
        self.laws.uses.clear()
        typed = self.laws.expr(node, env)
        what = {"when": "what follows `when`", "terminal": "what follows `when`", "reward": "a reward"}[place]
        self.laws.ops.expect(typed, BOOL if ty is BOOL else REAL, what)
        check_reads(place, typed.ir, span, self.laws.uses, self.names, self.reporter)
        return typed

    # ---- rewards and the end

    def _rewards(self, items: Sequence[ast.Reward]) -> tuple[ir.Expr, ...]:
        agents = self.laws.agents or ()
        terms: list[list[Typed]] = [[] for _ in agents]
        for item in items:
            if item.each is not None:
                name = ast.Reference(item.each.text, (), False, item.each.span)
                if self.laws.bindable(name, Env()):
                    for i in range(len(agents)):
                        index = Typed(ir.Const(i + 1, item.each.span), INT)
                        terms[i].append(self._reward(item, Env().bind(item.each.text, index)))
            elif item.target is not None:
                self._reward_of(item, item.target, terms)
        return tuple(self._total(t) for t in terms)

    def _reward(self, item: ast.Reward, env: Env) -> Typed:
        return self._checked("reward", item.value, REAL, env, item.span)

    def _reward_of(self, item: ast.Reward, target: ast.Target, terms: list[list[Typed]]) -> None:
        value = self._reward(item, Env())
        if target.name == "team" and not target.indices and not item.zero_sum:
            for own in terms:
                own.append(value)
            return
        agent = self._agent(target)
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

    def _agent(self, target: ast.Target) -> int | None:
        entity = self.laws.names.table.get(target.name)
        if isinstance(entity, LostAgents):
            return None
        if not isinstance(entity, AgentName | AgentArray):
            known = ["team", *(w for w, e in self.laws.names.table.items() if isinstance(e, AgentName | AgentArray))]
            self.reporter.error(
                "E201",
                f"`{target.name}` is not an agent",
                target.span,
                near(target.name, known) or "write `team`, an agent, or `reward[i] = ...;`",
            )
            return None
        node = ast.Reference(target.name, target.indices, False, target.span)
        number = self.laws.constant(node, Env(), INT, "the agent of a reward")
        return None if number is None else int(number) - 1

    def _total(self, terms: Sequence[Typed]) -> ir.Expr:
        if not terms:
            return ir.Const(0.0, Span(0, 0, 1, 1))
        if not all(t.ty.number or t.ty.kind == "poison" for t in terms):
            return terms[0].ir  # complained about before
        return self.laws.ops.arithmetic("+", terms, terms[0].ir.span, Env(conditional=True)).ir

    def _terminal(self, items: Sequence[ast.Terminal]) -> ir.Expr | None:
        for again in items[1:]:
            self.reporter.error("E205", "`terminal` is declared twice", again.span, "join the conditions with `or`")
        if not items:
            return None
        return self._checked("terminal", items[0].condition, BOOL, Env(), items[0].span).ir

    # ---- the declarations of the IR

    def _law(self, line: str, kind: str, number: int) -> ir.Dist | None:
        found = self._laws.get((line, kind, number))
        return None if found is None else found[0]

    def _text(self, family: Family, key: Key) -> ast.Variable | ast.Chance:
        if len(family.texts) == 1:
            return family.texts[0]
        for text in family.texts:
            if any(k == key for k, _ in self.laws.targets(text.target, Env())):
                return text
        return family.texts[0]

    def _states(self) -> tuple[ir.StateVar, ...]:
        result: list[ir.StateVar] = []
        for number, family, key in self._rows["state"]:
            name, span = self.names["state"][number], self._text(family, key).target.span
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

    def _chances(self) -> tuple[ir.ChanceVar, ...]:
        result: list[ir.ChanceVar] = []
        for number, family, key in self._rows["chance"]:
            span = self._text(family, key).target.span
            law = self._law("chance", "chance", number) or ir.Point(self.laws.ops.poison(span).ir, span)
            result.append(ir.ChanceVar(self.names["chance"][number], family.types[key], law, span))
        return tuple(result)

    def _actions(self) -> tuple[ir.ActionVar, ...]:
        return tuple(
            ir.ActionVar(
                self.names["action"][n], owner(f, key), f.types[key], self._whens.get(n), self._text(f, key).target.span
            )
            for n, f, key in self._rows["action"]
        )

    def _observations(self) -> tuple[ir.ObservationVar, ...]:
        return tuple(
            ir.ObservationVar(
                self.names["observation"][n],
                owner(f, key),
                f.types[key],
                self._law("init", "observation", n),
                self._law("observe", "observation", n),
                self._text(f, key).target.span,
            )
            for n, f, key in self._rows["observation"]
        )

    def signature(self) -> Signature:
        def variables(kind: str) -> tuple[Variable, ...]:
            return tuple(
                Variable(
                    label(self.laws, f, key, with_agent=False),
                    owner(f, key),
                    tuple(ir_text(v) for v in f.types[key].values),
                )
                for _, f, key in self._rows[kind]
            )

        return Signature(self.laws.agents or (), variables("action"), variables("observation"))

    # ---- orders

    def _orders(self) -> tuple[tuple[Draw, ...], tuple[Draw, ...]]:
        first: dict[Draw, Node] = {}
        later: dict[Draw, Node] = {}
        spans: dict[Draw, Span] = {}
        later_spans: dict[Draw, Span] = {}
        for (line, kind, number), (law, head) in sorted(self._laws.items(), key=lambda row: row[1][1].start):
            if line == "init":
                first[kind, number], spans[kind, number] = law, head
            else:
                later[kind, number], later_spans[kind, number] = law, head
        made_first = _made(self._rows["observation"], first)
        made_later = _made(self._rows["observation"], later)
        for draw in first.values():
            unmade(draw, made_first, False, self.names, self.reporter)
        for root in (*later.values(), *self.rewards):
            unmade(root, made_later, True, self.names, self.reporter)
        init = order(first, False, spans, self.names, self.reporter)
        return init, order(later, True, later_spans, self.names, self.reporter)


def _made(rows: Sequence[tuple[int, Family, Key]], laws: Mapping[Draw, T]) -> dict[Draw, bool]:
    return {("observation", number): ("observation", number) in laws for number, _, _ in rows}
