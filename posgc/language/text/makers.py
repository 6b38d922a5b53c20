"""The syntax node of each rule of the grammar, made of its parts.  Raises `InputError` (E407 number out of range)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

from lark import Token

from posgc.language.diagnostics import Diagnostic, InputError, Span
from posgc.language.numerals import LARGEST, vanishes, whole
from posgc.language.text import syntax as ast

__all__ = ["MAKERS", "Maker", "broken_item", "word_of"]

_EVERYONE = object()

Parts = Sequence[Any]
Maker = Callable[[list[Any], Span], Any]
"""Makes the node of one rule of its parts and its place."""


def _token_span(token: Token) -> Span:
    return Span(token.start_pos or 0, token.end_pos or 0, token.line or 1, token.column or 1)


def word_of(token: Token) -> ast.Word:
    """The token as a node."""
    return ast.Word(str(token), _token_span(token))


def _integer(token: Token) -> int:
    try:
        return whole(token)
    except ValueError:
        raise _out_of_range(token, "too large") from None


def _real(token: Token) -> float:
    value = float(token)
    if not isfinite(value):
        raise _out_of_range(token, "too large")
    if vanishes(token, value):
        raise _out_of_range(token, "too small, and would be read as 0")
    return value


def _out_of_range(token: Token, how: str) -> InputError:
    return InputError(
        [
            Diagnostic(
                "E407",
                f"this number is {how}",
                _token_span(token),
                f"integers are at most {LARGEST}, other numbers are 0 or lie between 5e-324 and 1e308",
            )
        ]
    )


def broken_item(p: Parts, s: Span) -> ast.Broken:
    name = word_of(p[1]) if p[1] is not None else None
    return ast.Broken(str(p[0]), name, tuple(word_of(token) for token in p[2:]), s)


def _start(p: Parts, s: Span) -> ast.GameText:
    name, title, items = p[-1]
    return ast.GameText(tuple(p[:-1]), name, title, items, s)


def _game(p: Parts, _: Span) -> tuple[str, str, tuple[ast.Item, ...]]:
    return str(p[0]), str(p[1])[1:-1] if p[1] is not None else "", tuple(p[2:])


def _param(p: Parts, s: Span) -> ast.Param:
    annotation = word_of(p[1]) if p[1] is not None else None
    return ast.Param(p[0], annotation, p[2], p[3] if len(p) > 3 else None, s)


def _graph(p: Parts, s: Span) -> ast.Graph:
    return ast.Graph(word_of(p[0]), _word_or_none(p[1]), tuple(p[2:]), None, None, s)


def _graph_where(p: Parts, s: Span) -> ast.Graph:
    return ast.Graph(word_of(p[0]), _word_or_none(p[3]), (), (word_of(p[1]), word_of(p[2])), p[4], s)


def _word_or_none(token: Token | None) -> ast.Word | None:
    return None if token is None else word_of(token)


def _variable(p: Parts, s: Span) -> ast.Variable:
    return ast.Variable(p[0].value, p[1], p[2], p[3] if len(p) > 3 else None, s)


def _by_value(p: Parts, s: Span) -> ast.Binder:
    name = word_of(p[0])
    return ast.Binder(ast.Reference(name.text, (), False, name.span), p[1], s)


def _chance(p: Parts, s: Span) -> ast.Chance:
    return ast.Chance(p[0], p[1], p[2][1], p[2][0], s)


def _let(p: Parts, s: Span) -> ast.Definition:
    return ast.Definition(p[0], (), p[1], s)


def _let_function(p: Parts, s: Span) -> ast.Definition:
    head = word_of(p[0])
    return ast.Definition(ast.Target(head.text, (), head.span), tuple(map(word_of, p[1:-1])), p[-1], s)


def _draw(p: Parts, s: Span) -> ast.Draw:
    return ast.Draw(p[0].value, p[1], p[2][1], p[2][0], s)


def _share(p: Parts, s: Span) -> ast.Share:
    if len(p) == 2 and isinstance(p[1], Token):
        return ast.Share(p[0], None, None, s)
    return ast.Share(p[0], p[1], tuple(p[2:]), s)


def _expect(p: Parts, s: Span) -> ast.Expect:
    rest = [x for x in p[1:] if x is not None]
    protocol = next((x for x in rest if isinstance(x, ast.ProtocolRef)), None)
    horizon = next((_integer(x) for x in rest if isinstance(x, Token)), None)
    return ast.Expect(p[0], protocol, horizon, s)


def _assumption(p: Parts, s: Span) -> ast.Assumption:
    return ast.Assumption(p[0] is not None, _integer(p[-1]), s)


def _value_claim(p: Parts, s: Span) -> ast.ValueClaim:
    return ast.ValueClaim(p[0], p[1] if len(p) > 1 else None, s)


def _rule(p: Parts, s: Span) -> ast.Rule:
    item, *way, delay, hop, every = p  # parts that hold `_rules` of the grammar leave no gap where they are missing
    edges = next((x for x in way if isinstance(x, ast.EdgeList | ast.EdgesWhere | ast.EdgesOf)), None)
    audience = next((x for x in way if x is not edges and x is not _EVERYONE), None)
    return ast.Rule(item, audience, edges, delay, hop is not None, every, s)


def _channel(p: Parts, s: Span) -> ast.Channel:
    item, *audience, law, acknowledged = p
    return ast.Channel(item, next((x for x in audience if x is not _EVERYONE), None), law, acknowledged, s)


def _edge(p: Parts, s: Span) -> ast.Edge:
    return ast.Edge(p[0], p[2], p[1].type == "LINK", s)


def _place(p: Parts, s: Span) -> ast.Place:
    if p[0].type == "INT":
        return ast.Place(None, _integer(p[0]), s)
    return ast.Place(str(p[0]), _integer(p[1]) if p[1] is not None else None, s)


def _sum(p: Parts, s: Span) -> ast.Sum:
    return ast.Sum(("+", *(str(x) for x in p[1::2])), tuple(p[0::2]), s)


def _product(p: Parts, s: Span) -> ast.Product:
    return ast.Product(("*", *(str(x) for x in p[1::2])), tuple(p[0::2]), s)


def _reference(p: Parts, s: Span) -> ast.Reference:
    return ast.Reference(str(p[0]), _between(p), p[-1] is not None, s)


def _component_of(p: Parts, s: Span) -> ast.ComponentOf:
    value = p[0] if p[2] is None else _primed(p[0])
    return ast.ComponentOf(value, word_of(p[1]), s)


def _primed(node: ast.Expression) -> ast.Expression:
    """What a prime behind components belongs to: `pos.x'` is `pos'.x`."""
    if isinstance(node, ast.ComponentOf):
        return replace(node, value=_primed(node.value))
    assert isinstance(node, ast.Reference | ast.Call)  # as the grammar has it
    return replace(node, primed=True)


def _call(p: Parts, s: Span) -> ast.Call:
    return ast.Call(str(p[0]), _between(p), p[-1] is not None, s)


def _between(p: Parts) -> tuple[ast.Expression, ...]:
    return tuple(x for x in p[1:-1] if x is not None)


def _indexed(p: Parts) -> tuple[ast.Expression, ...]:
    return tuple(x for x in p[1:] if x is not None)


def _arm(p: Parts, s: Span) -> ast.Arm:
    return ast.Arm(p[0].parts if isinstance(p[0], ast.TuplePattern) else (p[0],), p[1], s)


def _match(p: Parts, s: Span) -> ast.Match:
    arms = tuple(x for x in p if isinstance(x, ast.Arm))
    return ast.Match(tuple(p[: len(p) - len(arms)]), arms, s)


def _word_pattern(p: Parts, s: Span) -> ast.Reference:
    index = () if p[1] is None else (ast.Literal_(_integer(p[1]), _token_span(p[1])),)
    return ast.Reference(str(p[0]), index, False, s)


def _bound(p: Parts, _: Span) -> int | float:
    number = _integer(p[1]) if p[1].type == "INT" else _real(p[1])
    return number if p[0] is None else -number


MAKERS: dict[str, Maker] = {
    "poison": lambda p, s: ast.Poison(s),
    "broken": broken_item,
    "broken_rule": lambda p, s: ast.Poison(s),
    "broken_arm": lambda p, s: ast.Arm((ast.Poison(s),), ast.Poison(s), s),
    "start": _start,
    "request": lambda p, s: p[0],
    "use": lambda p, s: ast.Use(str(p[0]), s),
    "game": _game,
    "param": _param,
    "closed": lambda p, s: ast.Closed(p[0], p[1], s),
    "horizon": lambda p, s: ast.Horizon(p[0], s),
    "discount": lambda p, s: ast.Discount(p[0], s),
    "agents": lambda p, s: ast.Agents(tuple(p), s),
    "agent": lambda p, s: ast.AgentGroup(word_of(p[0]), p[1], s),
    "graph": _graph,
    "graph_where": _graph_where,
    "typedef": lambda p, s: ast.TypeDef(str(p[0]), _token_span(p[0]), p[1], s),
    "variable": _variable,
    "by_value": _by_value,
    "chance": _chance,
    "let": _let,
    "let_function": _let_function,
    "draw": _draw,
    "reward": lambda p, s: ast.Reward(p[0], None, False, p[1], s),
    "reward_each": lambda p, s: ast.Reward(None, p[0], False, p[1], s),
    "zero_sum": lambda p, s: ast.Reward(p[0], None, True, p[1], s),
    "terminal": lambda p, s: ast.Terminal(p[0], s),
    "include": lambda p, s: ast.Include(str(p[0])[1:-1], s),
    "expect": _expect,
    "assumption": _assumption,
    "value_claim": _value_claim,
    "tilde": lambda p, s: (True, p[0]),
    "point": lambda p, s: (False, p[0]),
    "target": lambda p, s: ast.Target(str(p[0]), _indexed(p), s),
    "enumeration": lambda p, s: ast.Enumeration(tuple(p), s),
    "name": lambda p, s: word_of(p[0]),
    "named": lambda p, s: ast.Named(str(p[0]), s),
    "range": lambda p, s: ast.RangeOf(p[0], p[1], s),
    "share": _share,
    "protocol": lambda p, s: ast.ProtocolRef(str(p[0]), _indexed(p), s),
    "rule": _rule,
    "channel": _channel,
    "shared_delay": lambda p, s: ast.SharedDelay(p[0], p[1], s),
    "acknowledged": lambda p, s: ast.Acknowledged(p[0], s),
    "every": lambda p, s: ast.Every(p[0], p[1], s),
    "forget": lambda p, s: ast.Forget(p[0], s),
    "item": lambda p, s: ast.ItemRef(str(p[0]), _indexed(p), s),
    "everyone": lambda p, s: _EVERYONE,
    "edge_list": lambda p, s: ast.EdgeList(tuple(p), s),
    "edges_where": lambda p, s: ast.EdgesWhere(tuple(p), s),
    "edges_of": lambda p, s: ast.EdgesOf(str(p[0]), s),
    "edge": _edge,
    "place": _place,
    "conditional": lambda p, s: ast.Conditional(p[0], p[1], p[2], s),
    "or_": lambda p, s: ast.Junction("or", tuple(p), s),
    "and_": lambda p, s: ast.Junction("and", tuple(p), s),
    "not_": lambda p, s: ast.Negation("not", p[-1], s),
    "minus": lambda p, s: ast.Negation("neg", p[-1], s),
    "compare": lambda p, s: ast.Compare(str(p[1]), p[0], p[2], s),
    "member": lambda p, s: ast.Member(p[0], p[1], s),
    "sum": _sum,
    "product": _product,
    "power": lambda p, s: ast.Power(p[0], p[1], s),
    "number": lambda p, s: ast.Literal_(_real(p[0]), s),
    "integer": lambda p, s: ast.Literal_(_integer(p[0]), s),
    "truth": lambda p, s: ast.Literal_(str(p[0]) == "true", s),
    "final_step": lambda p, s: ast.FinalStep(s),
    "match": _match,
    "uniform": lambda p, s: ast.Uniform(next((x for x in p if x is not None), None), s),
    "mixture": lambda p, s: ast.Mixture(tuple(p), s),
    "pair": lambda p, s: (p[0], p[1]),
    "reference": _reference,
    "call": _call,
    "set": lambda p, s: ast.SetOf(tuple(p), s),
    "tuple_type": lambda p, s: ast.TupleType(tuple(p), s),
    "component": lambda p, s: ast.Component(word_of(p[0]), p[1], s),
    "component_of": _component_of,
    "iverson": lambda p, s: ast.Iverson(p[0], s),
    "list": lambda p, s: ast.ListOf(tuple(p), s),
    "filtered": lambda p, s: ast.Filtered(p[0], p[1], s),
    "binder": lambda p, s: ast.Binder(p[0], p[1], s),
    "keyword": lambda p, s: ast.Keyword(str(p[0]), p[1], s),
    "link": lambda p, s: ast.Link(p[0], p[2], s),
    "arm": _arm,
    "pattern": lambda p, s: p[0],
    "tuple_pattern": lambda p, s: ast.TuplePattern(tuple(p), s),
    "wildcard": lambda p, s: ast.Any_(s),
    "word": _word_pattern,
    "truth_pattern": lambda p, s: ast.Literal_(str(p[0]) == "true", s),
    "constant": lambda p, s: ast.Literal_(p[0], s),
    "span": lambda p, s: ast.NumberSpan(p[0], p[1], s),
    "bound": _bound,
}
