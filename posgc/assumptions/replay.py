"""Replaying a counterexample to Assumption 3, independently of the test that found it.

A plain forward filter: a table from full histories (every action and observation so far, with the current
state) to their probabilities, read off the model's kernel row by row.  Histories that contradict the common
information of the witness are left out as soon as it becomes common.  Who knows what is decided from the
lags alone.  It uses no graph, no merging, no codes and no step tables: it shares nothing but the
model with `posgc.assumptions.independence.vertices`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from math import isfinite
from typing import Any

from posgc.information.items import Information
from posgc.language.diagnostics import Diagnostic, InputError, LimitError
from posgc.language.sharing.lag_table import Kind

__all__ = ["HISTORY_LIMIT", "REPLAY_TOLERANCE", "ReplayResult", "replay"]

REPLAY_TOLERANCE = 1e-9
"""L1 distance above which posteriors differ."""

CLAIM_TOLERANCE = 1e-7
"""L1 distance up to which a posterior is the one that the witness states: its sums ran in another order."""

HISTORY_LIMIT = 2_000_000
"""Histories held at one time; above it about 2 GB would be needed."""

Fact = tuple[Kind, int, int]  # kind, variable, step
History = tuple[tuple[Fact, int], ...]
Table = dict[tuple[History, int], float]
Play = Callable[[History], list[dict[int, int]]]
Posterior = dict[tuple[int, frozenset[tuple[Fact, int]]], float]


@dataclass(frozen=True)
class ReplayResult:
    """What a plain Bayes filter makes of a witness."""

    confirmed: bool  # whether both prescriptions allow the history and the posteriors differ, and are, as claimed
    distance: float  # L1, between the recomputed posteriors; 0 where the history is impossible
    # the largest L1 distance between a recomputed and a stated posterior; 0 where the history is impossible
    claim_error: float
    reason: str  # one sentence


def replay(information: Information, witness: Mapping[str, Any]) -> ReplayResult:
    """Recompute both posteriors; raises InputError (E608) for a malformed witness, LimitError for a long one."""
    claim = _Claim(information, witness)
    table = claim.before()
    if not table:
        return ReplayResult(False, 0.0, 0.0, "the history of the witness has probability 0")
    found = [claim.posterior(table, k) for k in range(2)]
    for k, posterior in enumerate(found):
        if not posterior:
            ordinal = ("first", "second")[k]
            return ReplayResult(False, 0.0, 0.0, f"the increment has probability 0 under the {ordinal} prescription")
    distance = _l1(found[0], found[1])
    error = max(_l1(mine, theirs) for mine, theirs in zip(found, claim.posteriors, strict=True))
    if distance <= REPLAY_TOLERANCE:
        return ReplayResult(False, distance, error, "both prescriptions lead to the same posterior")
    if error > CLAIM_TOLERANCE or abs(distance - claim.distance) > CLAIM_TOLERANCE:
        return ReplayResult(False, distance, error, "the posteriors differ, but are not those stated")
    return ReplayResult(True, distance, error, f"the posteriors differ by {distance:.6g} in L1, as stated")


def _l1(left: Posterior, right: Posterior) -> float:
    return sum(abs(left.get(key, 0.0) - right.get(key, 0.0)) for key in left.keys() | right.keys())


def _malformed(message: str) -> InputError:
    return InputError([Diagnostic("E608", f"malformed witness: {message}")])


class _Claim:
    """A witness with its labels resolved, and the filter that tests it."""

    def __init__(self, information: Information, witness: Mapping[str, Any]) -> None:
        self.model, self.protocol = information.model, information.protocol
        self.dropped = information.dropped
        signature = self.model.signature
        self.variables = {"action": signature.actions, "observation": signature.observations}
        fields = _mapping(witness, "the witness")
        step = _field(fields, "step")
        if isinstance(step, bool) or not isinstance(step, int) or not 1 <= step < self.model.horizon:
            raise _malformed(f"'step' must be an integer in 1..{self.model.horizon - 1}")
        self.step = step
        history = _list(_field(fields, "history"), "'history'")
        if len(history) != step:
            raise _malformed(f"'history' must hold the increments of steps 1..{step}")
        self.common: dict[Fact, int] = {}
        for t, increment in enumerate([*history, _field(fields, "increment")], 1):
            self._add_increment(t, self._facts(increment, "an increment"))
        self.rules = [self._rules(rules) for rules in self._pair(fields, "prescriptions")]
        self.posteriors = [self._posterior(rows) for rows in self._pair(fields, "posteriors")]
        self.distance = _number(_field(fields, "distance"), "'distance'")

    def _pair(self, fields: Mapping[str, Any], name: str) -> list[Any]:
        pair = _list(_field(fields, name), f"'{name}'")
        if len(pair) != 2:
            raise _malformed(f"'{name}' must hold two entries")
        return pair

    def _label(self, fact: Fact) -> str:
        kind, v, t = fact
        variable = self.variables[kind][v]
        return f"{variable.name}[{self.model.signature.agents[variable.agent]}]@{t}"

    def _facts(self, value: Any, what: str) -> dict[Fact, int]:
        """Labelled items as facts."""
        facts: dict[Fact, int] = {}
        for label, text in _mapping(value, what).items():
            fact = self._known_labels().get(label)
            if fact is None:
                raise _malformed(f"there is no item {label!r} by step {self.step + 1}")
            values = self.variables[fact[0]][fact[1]].values
            if text not in values:
                raise _malformed(f"{text!r} is not a value of {label}; its values are {', '.join(values)}")
            facts[fact] = values.index(text)
        return facts

    def _known_labels(self) -> dict[str, Fact]:
        if not hasattr(self, "_labels"):
            facts = [fact for t in range(1, self.step + 2) for fact in self._made(t)]
            self._labels = {self._label(fact): fact for fact in facts}
        return self._labels

    def _made(self, t: int) -> list[Fact]:
        """Observations and actions of step t that are made at all."""
        made: list[Fact] = [("observation", w, t) for w, on in enumerate(self.model.observed[t - 1]) if on]
        if t <= self.step:
            made += [("action", v, t) for v, on in enumerate(self.model.active[t - 1]) if on]
        return made

    def _lags(self, fact: Fact) -> tuple[int, ...]:
        return self.protocol.lags(*fact)

    def _is_common(self, fact: Fact, h: int) -> bool:
        return h - fact[2] >= max(self._lags(fact))

    def _holds(self, agent: int, fact: Fact, h: int) -> bool:
        age, lags = h - fact[2], self._lags(fact)
        remembered = self.protocol.forget is None or age <= self.protocol.forget
        dropped = fact[0] == "action" and (fact[1], fact[2]) in self.dropped
        return lags[agent] <= age < max(lags) and remembered and not dropped

    def _add_increment(self, t: int, facts: dict[Fact, int]) -> None:
        """Check that the facts are exactly what becomes common at step t."""
        expected = {
            fact
            for s in range(1, t + 1)
            for fact in self._made(s)
            if (s < t or fact[0] == "observation") and self._is_common(fact, t) and not self._is_common(fact, t - 1)
        }
        if facts.keys() != expected:
            wanted = ", ".join(sorted(self._label(fact) for fact in expected)) or "nothing"
            raise _malformed(f"what becomes common at step {t} is {wanted}")
        self.common |= facts

    def _rules(self, value: Any) -> list[dict[frozenset[tuple[Fact, int]], dict[int, int]]]:
        """For each agent a map from private information to its action variables' values."""
        rules = []
        by_agent = _mapping(value, "a prescription")
        for i, agent in enumerate(self.model.signature.agents):
            own: set[Fact] = {
                ("action", v, self.step)
                for v, x in enumerate(self.variables["action"])
                if x.agent == i and self.model.active[self.step - 1, v]
            }
            rule = {}
            for row in _list(_field(by_agent, agent), f"the prescription of {agent}"):
                fields = _mapping(row, "a row of a prescription")
                action = self._facts(_field(fields, "action"), "'action'")
                if action.keys() != own:
                    raise _malformed(f"an action of {agent} must give {', '.join(map(self._label, sorted(own)))}")
                private = frozenset(self._facts(_field(fields, "private"), "'private'").items())
                rule[private] = {fact[1]: digit for fact, digit in action.items()}
            rules.append(rule)
        return rules

    def _posterior(self, value: Any) -> Posterior:
        states = {self.model.state_label(s): s for s in range(self.model.n_states)}
        posterior: Posterior = {}
        for row in _list(value, "a posterior"):
            fields = _mapping(row, "an entry of a posterior")
            label = _field(fields, "state")
            if not isinstance(label, str) or label not in states:
                raise _malformed(f"there is no state {label!r}")
            private = frozenset(self._facts(_field(fields, "private"), "'private'").items())
            posterior[states[label], private] = _number(_field(fields, "probability"), "'probability'")
        return posterior

    def before(self) -> Table:
        """Probabilities of the histories of step h that agree with the witness, under uniform play."""
        initial = self.model.initial
        table: Table = {}
        for s, o, p in zip(initial.state, initial.observation, initial.probability, strict=True):
            seen = self._consistent(self._digits("observation", int(o), 1), 1)
            if seen is not None:
                table[seen, int(s)] = table.get((seen, int(s)), 0.0) + float(p)
        for t in range(1, self.step):  # uniform play: all choices, whatever the history
            table = self._advance(table, t, self._choices(t))
        return table

    def posterior(self, table: Table, k: int) -> Posterior:
        """P(s', p' | history, increment) when prescription k is played at step h, empty if that is impossible."""
        h, rules = self.step, self.rules[k]

        def play(history: History) -> list[dict[int, int]]:
            action: dict[int, int] = {}
            for i, rule in enumerate(rules):
                private = frozenset(entry for entry in history if self._holds(i, entry[0], h))
                if private not in rule:
                    shown = ", ".join(f"{self._label(f)}={self._value(f, d)}" for f, d in sorted(private)) or "nothing"
                    agent = self.model.signature.agents[i]
                    raise _malformed(f"prescription {k + 1} does not say what {agent} does on {shown}")
                action |= rule[private]
            return [action]

        agents = range(self.model.n_agents)
        weight: Posterior = {}
        for (history, s), p in self._advance(table, h, play).items():
            private = frozenset(x for x in history if any(self._holds(i, x[0], h + 1) for i in agents))
            weight[s, private] = weight.get((s, private), 0.0) + p
        total = sum(weight.values())
        return {key: p / total for key, p in weight.items()} if total > 0 else {}

    def _advance(self, table: Table, t: int, play: Play) -> Table:
        """One step forward: every action in play(history) with equal weight, then every (s', o') of the kernel."""
        kernel, n_states = self.model.kernel(t), self.model.n_states
        following: Table = {}
        for (history, s), p in table.items():
            actions = play(history)
            for action in actions:
                chosen = self._joint_action(action)
                played = chosen if kernel.played is None else int(kernel.played[chosen, s])
                row, acted = played * n_states + s, history + self._digits("action", played, t)
                for e in range(kernel.indptr[row], kernel.indptr[row + 1]):
                    made = acted + self._digits("observation", int(kernel.observation[e]), t + 1)
                    seen = self._consistent(made, t + 1)
                    if seen is not None:
                        key = seen, int(kernel.state[e])
                        following[key] = following.get(key, 0.0) + p * float(kernel.probability[e]) / len(actions)
            if len(following) > HISTORY_LIMIT:
                raise LimitError(f"replaying the witness takes more than {HISTORY_LIMIT} histories at step {t + 1}")
        return following

    def _consistent(self, history: History, t: int) -> History | None:
        """The history, or None where something common by step t is not what the witness says."""
        agrees = all(self.common[fact] == digit for fact, digit in history if self._is_common(fact, t))
        return history if agrees else None

    def _digits(self, kind: Kind, joint: int, t: int) -> History:
        """The made variables' values in a joint index, first variable most significant."""
        made = {fact[1] for fact in self._made(t) if fact[0] == kind}
        digits = []
        for v in reversed(range(len(self.variables[kind]))):
            joint, digit = divmod(joint, len(self.variables[kind][v].values))
            if v in made:
                digits.append(((kind, v, t), digit))
        return tuple(reversed(digits))

    def _joint_action(self, action: Mapping[int, int]) -> int:
        joint = 0
        for v, variable in enumerate(self.variables["action"]):
            joint = joint * len(variable.values) + action.get(v, 0)
        return joint

    def _choices(self, t: int) -> Play:
        active = [fact[1] for fact in self._made(t) if fact[0] == "action"]
        ranges = (range(len(self.variables["action"][v].values)) for v in active)
        every = [dict(zip(active, digits, strict=True)) for digits in product(*ranges)]
        return lambda history: every

    def _value(self, fact: Fact, digit: int) -> str:
        return self.variables[fact[0]][fact[1]].values[digit]


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise _malformed(f"{what} must be an object")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise _malformed(f"{what} must be a list")
    return value


def _field(fields: Mapping[str, Any], name: str) -> Any:
    if name not in fields:
        raise _malformed(f"{name!r} is missing")
    return fields[name]


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise _malformed(f"{what} must be a number")
    return float(value)
