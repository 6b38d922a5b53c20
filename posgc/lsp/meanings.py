"""One line on each word of the language, for hovers and completions."""

from __future__ import annotations

import re
from collections.abc import Mapping

from posgc.language import Span
from posgc.language.text.stop import span_at

__all__ = ["MEANINGS", "word_at"]

_WORD = re.compile(r"[A-Za-z_0-9]+")
_SKIPPED = re.compile(r'"[^"\n]*"|#[^\n]*')

MEANINGS: Mapping[str, str] = {
    "use": "asks for a language block that a plug-in brings",
    "game": "begins the game: its name, its title, its lines",
    "param": "a number that `--set` can change",
    "horizon": "the number of decisions",
    "discount": "the factor by which the rewards of each step count less than those of the step before",
    "agents": "the agents, in order",
    "graph": "links between the values of a type, or between the agents",
    "on": "the type whose values are the vertices of the graph",
    "type": "a name for a type",
    "state": "a hidden variable",
    "action": "what an agent chooses at each step",
    "observation": "what an agent sees at each step",
    "chance": "a draw at each step, which other lines may read; in a protocol, a delay that several items share",
    "let": "a definition, expanded in place",
    "init": "the law of a state or observation at step 1",
    "next": "the law of a state at the next step",
    "observe": "the law of an observation, after the states are drawn",
    "reward": "what is paid in each step: for all (`team`), each (`[i]`) or one agent",
    "zero_sum": "the reward of one of two agents; the other gets the negative",
    "terminal": "begins the condition under which the game is over",
    "when": "the condition under which there is a choice, a value of the action exists, or the game is over",
    "include": "the text of another file in place of this line",
    "share": "a sharing protocol; the first one of a file is its default",
    "extends": "adds rules to those of another protocol",
    "after": "the age, in steps, at which an item becomes known",
    "to": "who gets to know an item; without it, everyone",
    "along": "a delay for each hop of a graph",
    "edges": "the links of the graph on the agents, in a list or by a condition",
    "per": "`per hop`: the delay counts for each link of the way",
    "hop": "`per hop`: the delay counts for each link of the way",
    "every": "the item is handed over at every so many steps only",
    "from": "the first step at which items are handed over",
    "acknowledged": "the owner of the item learns of its arrival",
    "forget": "private items beyond this age are dropped from memory",
    "never": "the item gets lost",
    "geometric": "`geometric(p, n)`: tried after 1, 2, … n steps, each time with success probability p",
    "expect": "a claim that the file makes about itself",
    "assumption": "that Assumption 1, 2 or 3 holds",
    "under": "the protocol of the claim",
    "at": "`at horizon N`: the horizon of the claim",
    "within": "the absolute tolerance of `==`",
    "value": "`value(concept)`, `value(concept, agent)`: the value of a solution",
    "gap": "`gap(concept)`: what a deviation from the solution can gain",
    "gamma": "γ of Assumption 2: how much observations tell of the states",
    "if": "`if a then b else c`",
    "then": "`if a then b else c`",
    "else": "`if a then b else c`",
    "match": "`match (e) { pattern: value; … }`: the first arm that fits",
    "uniform": "evenly over the type of the variable, a set, or the values for which a condition holds",
    "bernoulli": "`bernoulli(p)`: true with probability p",
    "noisy": "`noisy(x, p)`: x with probability p, the rest evenly over the other values",
    "poisson": "`poisson(mean)`, truncated to the range of the variable",
    "binomial": "`binomial(n, p)`: successes among n tries, truncated to the range of the variable",
    "normal": "`normal(mean, deviation)`, discretised and truncated to the range of the variable",
    "and": "both hold; the right side is read only where the left one holds",
    "or": "at least one holds; the right side is read only where the left one does not",
    "not": "holds where its operand does not",
    "mod": "the remainder of a division",
    "in": "one of the values of a set, a range or a type; a neighbour in a graph",
    "true": "the truth value",
    "false": "the truth value",
    "abs": "`abs(x)`: the absolute value",
    "min": "`min(x, y, …)`, or the smallest over an index: `min(i: e)`",
    "max": "`max(x, y, …)`, or the largest over an index: `max(i: e)`",
    "clip": "`clip(x, lo, hi)`: x brought into lo..hi",
    "all": "`all(i: e)`: whether e holds for all; after `to`, everyone",
    "any": "`any(i: e)`: whether e holds for some",
    "sum": "`sum(i: e)`: the sum over an index",
    "count": "`count(i: e)`: for how many e holds",
    "argmax": "`argmax(i: e)`: the first index at which e is largest",
    "step": "the number of the step, from 1",
    "agent": "the type of the agents, 1..n",
    "bool": "the type of true and false",
    "team": "in `reward team`: the same for all agents; in claims, the team optimum",
    "nash": "Nash equilibrium",
    "ce": "correlated equilibrium",
    "cce": "coarse correlated equilibrium",
    "real": "the type of a parameter that is any number",
    "int": "the type of a parameter that is a whole number",
    "full": "observations are common at once, actions after 1",
    "one_step": "observations and actions are common after 1 step",
    "delayed": "`delayed(d)`: observations and actions are common after d steps",
    "one_directional": "`one_directional(a -> b)`: the observations of a are common at once, those of b after 1",
    "controlled_by": "`controlled_by(a, d)`: only the actions of a are shared",
    "uncontrolled": "`uncontrolled(d)`: observations are common after d steps, actions never",
    "exchange": "`exchange(k)`: everything is shared every k steps",
    "none": "nothing is shared",
}


def word_at(text: str, offset: int) -> tuple[str, Span] | None:
    """The word at a character of a text, and its place; None where there is none, and in comments and titles."""
    line = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    row = text[line : end if end >= 0 else len(text)]
    if any(s.start() <= offset - line < s.end() for s in _SKIPPED.finditer(row)):
        return None
    for found in _WORD.finditer(row):
        if found.start() <= offset - line <= found.end():
            return found[0], span_at(text, line + found.start(), line + found.end())
    return None
