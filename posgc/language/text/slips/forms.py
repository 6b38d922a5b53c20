"""How statements are written: the cure where a statement is wrong in no way that is known better."""

from __future__ import annotations

from posgc.language.diagnostics.example_agents import agents_in, with_agents
from posgc.language.text.stop import Stop

__all__ = ["OPERAND", "form", "form_of"]

OPERAND = {"NAME", "INT", "LPAR"}
_FORMS = {
    "use": "write `use NAME;` before `game`",
    "game": 'a file holds `game NAME "title" { ... }`',
    "param": "write `param p = 0.3 in [0, 1];` or `param n: int = 3 in 1..8;`",
    "horizon": "write `horizon 3;`",
    "discount": "write `discount 0.9;`",
    "agents": "write `agents ann, bob;` or `agents robot[3];`",
    "type": "write `type room = {hall, kitchen};` or `type level = 0..3;`",
    "state": "write `state s: {a, b};` or `state s[i]: 0..3;`",
    "action": "write `action act[i]: {a, b};`",
    "observation": "write `observation o[i]: {a, b};`",
    "chance": "write `chance c: bool ~ bernoulli(0.5);`",
    "let": "write `let f = ...;`, `let f[i] = ...;` or `let f(x) = ...;`",
    "init": "write `init s ~ ...;` or `init s = ...;`",
    "next": "write `next s ~ ...;` or `next s = ...;`",
    "observe": "write `observe o[i] ~ ...;` or `observe o[i] = ...;`",
    "reward": "write `reward team = ...;`, `reward ann = ...;` or `reward[i] = ...;`",
    "terminal": "write `terminal when ...;`",
    "graph": "write `graph road = {ann-bob};` or `graph road(v, w) on TYPE = ...;`",
    "include": 'write `include "common.posg";`',
    "share": "write `share full;` or `share name { o after 1; act after 1; }`",
    "expect": "write `expect assumption 3 under full;` or `expect value(team) == 2 within 1e-9 at horizon 2;`",
}
_WITHIN = {
    "share": "a rule reads `o[i] to j after 1;`, `o after 1 every 2 from 1;` or `forget after 2;`",
    "match": "an arm reads `pattern: value;`",
}


def form(keyword: str) -> str:
    """How the statements are written that begin with a word."""
    return _FORMS[keyword]


def form_of(stop: Stop) -> str:
    """How what stands here is written."""
    return with_agents(_form_of(stop), agents_in(stop.text))


def _form_of(stop: Stop) -> str:
    if stop.last == "zero_sum":
        return "write `reward zero_sum ann = ...;`: the other agent gets the negative"
    law_is_missing = stop.token == ";" and {"TILDE", "EQUAL"} & stop.accepts
    if stop.keyword == "expect" or (stop.keyword == "reward" and stop.token == ",") or law_is_missing:
        return _FORMS[stop.keyword]
    if stop.within == "share" and not [b for k, b in stop.open if k >= stop.level]:
        return _WITHIN["share"]
    if stop.accepts >= OPERAND:
        return "an expression is wanted here"
    if {"PLUS", "SEMICOLON"} <= stop.accepts:
        return "an operator, or `;`, is wanted here"
    if "PLUS" in stop.accepts:
        return "an operator is wanted here, or what ends the part"
    if stop.within in _WITHIN:
        return _WITHIN[stop.within]
    if stop.keyword in _FORMS:
        return _FORMS[stop.keyword]
    return _FORMS["game"] if not stop.level else "a statement begins with a word such as `state`, `let` or `reward`"
