"""A model as the text of a `.posg` file: sparse rules, readable names, and the same arrays when it is read.

What is written is the chain of conditional laws of `posgc.model.writing.factors`, each as a `match` over the fields
it needs (`posgc.model.writing.match_arms`).  Probabilities and rewards are printed so that they read back as the same
numbers; a kernel entry is a product of printed conditionals, so it may differ in the last digits: the promise is
`posgc.model.compare.same_arrays`, and `posgc import` has it checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

import numpy as np

from posgc.language.diagnostics import LimitError
from posgc.language.signature import Variable
from posgc.model.arrays import Floats, Ints, Model
from posgc.model.writing.factors import Law, digits, emission_laws, existing_values, start_laws, transition_law
from posgc.model.writing.identifiers import Identifiers, is_range
from posgc.model.writing.literals import WIDTH, distribution, indented, is_random, number, quoted, spans, wrapped
from posgc.model.writing.match_arms import match_arms

__all__ = ["MAX_TEXT", "MAX_WRITTEN", "posg_text"]

MAX_WRITTEN = 2_000_000
"""Kernel entries beyond which a model is not written as text."""

MAX_TEXT = 1_000_000
"""Characters beyond which a text is refused: reading it back would take some tens of seconds."""


def posg_text(model: Model, about: Sequence[str] = (), *, horizon: bool = True) -> str:
    """The `.posg` text in canonical layout; `about` are lines of comment, `horizon` whether to fix it.

    Several state variables are written as one.  Raises LimitError above MAX_WRITTEN entries or MAX_TEXT.
    """
    entries = sum(len(k.state) for k in model.kernels)
    if entries > MAX_WRITTEN:
        raise LimitError(
            f"{entries:,} kernel entries are too many to be written as a .posg text; the limit is "
            f"{MAX_WRITTEN:,}: use the file as it is, every command takes it"
        )
    text = "\n".join(_Writer(model).lines(about, horizon))
    if len(text) > MAX_TEXT:
        raise LimitError(
            f"the .posg text would have {len(text):,} characters; the limit is {MAX_TEXT:,}: use the "
            "file as it is, every command takes it"
        )
    return indented(text)


@dataclass(frozen=True)
class _Field:
    """What an arm may read: its name in an expression, and the words of its values."""

    text: str
    word: Callable[[int], str]


class _Writer:
    def __init__(self, model: Model) -> None:
        self.model = model
        self.names = Identifiers()
        signature = model.signature
        self.game = self.names.declare(model.name, f"g_{model.name}")
        self.numbered = signature.agents == tuple(str(i + 1) for i in range(len(signature.agents)))
        if self.numbered:
            self.names.declare("player")
            self.agents = [str(i + 1) for i in range(len(signature.agents))]
        else:
            self.agents = [self.names.declare(name) for name in signature.agents]
            pairs = zip(self.agents, signature.agents, strict=True)
            self.names.changed.update((new, old) for new, old in pairs if new != old)
        single = len(model.state_names) == 1
        self.state = self.names.declare(model.state_names[0] if single else "s", "s")
        self.variables = {
            name: self.names.declare(name)
            for name in dict.fromkeys(v.name for v in (*signature.actions, *signature.observations))
        }
        self.value = "" if model.always_legal else self.names.declare("value")
        self.labels = model.state_labels[0] if single else tuple(map(model.state_label, range(model.n_states)))
        self.number: Ints = model.state_values[:, 0] if single else np.arange(model.n_states)
        labels = (label for values in self._types() if not is_range(values) for label in values)
        for label in sorted(labels, key=lambda label: re.fullmatch(r"\w+", label) is None):
            self.names.word(label)
        self.seen_first = [v for v in range(len(signature.observations)) if model.observed[0, v]]
        self.seen = [v for v in range(len(signature.observations)) if model.observed[1:, v].any()]
        if any(not model.observed[1:, v].all() for v in self.seen):
            raise LimitError("an observation that is made at some of the later steps only cannot be written")

    def _types(self) -> list[tuple[str, ...]]:
        return [self.labels, *(v.values for v in (*self.model.signature.actions, *self.model.signature.observations))]

    # ---- the parts of the file

    def lines(self, about: Sequence[str], horizon: bool) -> Iterator[str]:
        model = self.model
        title = model.title.replace('"', "'").replace("\n", " ")
        yield f"game {self.game} " + (f'"{title}" ' if title else "") + "{"
        yield from (f"# {line}" for paragraph in about for line in wrap(paragraph, WIDTH))
        yield from self._renamed()
        if horizon:
            yield f"horizon {model.horizon};"
        if model.discount != 1:
            yield f"discount {number(model.discount)};"
        yield f"agents player[{len(self.agents)}];" if self.numbered else f"agents {', '.join(self.agents)};"
        yield ""
        yield f"state {self.state}: {self._type(self.labels)};"
        yield from self._declarations("action", model.signature.actions, self._when)
        yield from self._declarations("observation", model.signature.observations, lambda _: "")
        yield ""
        yield from self._start()
        yield ""
        yield from self._dynamics()
        yield ""
        yield from self._rewards()
        yield "}"

    def _renamed(self) -> Iterator[str]:
        if self.names.changed:
            pairs = ", ".join(f"{new} is {quoted(old)}" for new, old in self.names.changed.items())
            yield from (f"# {line}" for line in wrap(f"Names in the source: {pairs}.", WIDTH, break_on_hyphens=False))

    def _type(self, values: Sequence[str]) -> str:
        if is_range(values):
            return f"{values[0]}..{values[-1]}"
        return "{" + wrapped([self.names.word(value) for value in values]) + "}"

    def _declarations(self, kind: str, variables: Sequence[Variable], suffix: Callable[[int], str]) -> Iterator[str]:
        """One line for all agents where their variables are alike, else one for each."""
        for name, text in self.variables.items():
            own = [(k, v) for k, v in enumerate(variables) if v.name == name]
            ends = [f": {self._type(v.values)}{suffix(k)};" for k, v in own]
            if len(own) == len(self.agents) > 1 and len(set(ends)) == 1:
                yield f"{kind} {text}[i]{ends[0]}"
            else:
                yield from (f"{kind} {self._name(v)}{end}" for (_, v), end in zip(own, ends, strict=True))

    def _when(self, k: int) -> str:
        steps = spans(np.flatnonzero(self.model.active[:, k]) + 1)
        if self.model.active[:, k].all():
            law = existing_values(self.model, self.number, k)
            fields = [_Field(self.value, self._word(self.model.signature.actions[k].values)), self._state("")]
            rule = "" if law is None else self._match(fields, law.context, law.value, ["false", "true"])
            return rule and f" when ({self.value}: {rule})"
        tests = [f"step in {span}" if ".." in span else f"step == {span}" for span in steps]
        return " when " + (" or ".join(tests) or "false")

    def _start(self) -> Iterator[str]:
        law, seen = start_laws(self.model, self.number, self.seen_first)
        yield self._draw("init", self.state, [], law, self._state(""), len(self.labels))
        yield from self._observations("init", self.seen_first, [self._state("")], "", seen)

    def _dynamics(self) -> Iterator[str]:
        model = self.model
        acts = [self._field(v, "") for v in model.signature.actions]
        laws = [transition_law(model, kernel, self.number) for kernel in model.kernels]
        line = self._draw(
            "next",
            self.state,
            [*acts, self._state("")],
            self._joined(laws),
            self._state("'"),
            len(self.labels),
            kept=len(acts),
        )
        if line != f"next {self.state} = {self.state};":
            yield line
        fields = [*acts, self._state("'"), self._state("")]
        chains = [emission_laws(model, kernel, self.number, self.seen) for kernel in model.kernels]
        joined = [self._joined(each) for each in zip(*chains, strict=True)]
        yield from self._observations("observe", self.seen, fields, "'", joined)

    def _observations(
        self, verb: str, variables: Sequence[int], fields: list[_Field], prime: str, laws: Sequence[Law]
    ) -> Iterator[str]:
        """One draw for each variable; where those of all agents read alike, one for all."""
        rules: dict[str, list[str]] = {}
        for v, law in zip(variables, laws, strict=True):
            variable = self.model.signature.observations[v]
            rule = self._draw("", "", fields, law, self._field(variable, prime), len(variable.values)).lstrip()
            rules.setdefault(f"{self.variables[variable.name]} {rule}", []).append(self._name(variable))
            fields = [*fields, self._field(variable, prime)]
        for text, targets in rules.items():
            name, rule = text.split(" ", 1)
            everyone = len(targets) == len(self.agents) > 1
            yield from (f"{verb} {target} {rule}" for target in ([f"{name}[i]"] if everyone else targets))

    def _joined(self, laws: Sequence[Law]) -> Law:
        """The laws of all kernels as one, with the kernel as the last field."""
        context = [np.column_stack([law.context, np.full(len(law.value), k)]) for k, law in enumerate(laws)]
        return Law(
            np.concatenate(context),
            np.concatenate([law.value for law in laws]),
            np.concatenate([law.probability for law in laws]),
        )

    # ---- laws and rewards

    def _draw(
        self,
        verb: str,
        target: str,
        fields: Sequence[_Field],
        law: Law,
        own: _Field,
        size: int,
        kept: int | None = None,
    ) -> str:
        """`verb target ~ law;`, for a variable of `size` values; where the law is a point on the value of the
        field `kept`, it is written as that field."""
        cuts = np.flatnonzero(np.any(np.diff(law.context, axis=0) != 0, axis=1)) + 1
        leaves: dict[str, int] = {}
        context, leaf = [], []
        for part in np.split(np.arange(len(law.value)), cuts):
            at = law.context[part[0]]
            values, chances = law.value[part].tolist(), law.probability[part].tolist()
            if kept is not None and values == [at[kept]]:
                text = fields[kept].text
            else:
                text = distribution([own.word(v) for v in values], chances, size)
            context.append(at)
            leaf.append(leaves.setdefault(text, len(leaves)))
        rule = self._match(fields, np.array(context), np.array(leaf), list(leaves))
        return f"{verb} {target} {'~' if is_random(leaves) else '='} {rule};"

    def _rewards(self) -> Iterator[str]:
        model = self.model
        kernels, n = model.kernels, len(self.agents)
        expected = all(k.sample_reward is None for k in kernels)
        contexts, paid = zip(*(self._paid(k, expected) for k in range(len(kernels))), strict=True)
        context, reward = np.concatenate(contexts), np.concatenate(paid, axis=1)
        acts = [self._field(v, "") for v in model.signature.actions]
        fields = [*acts, self._state("")]
        if not expected:
            fields += [self._state("'"), *(self._field(model.signature.observations[v], "'") for v in self.seen)]
        if (reward == reward[0]).all():
            yield f"reward team = {self._function(fields, context, reward[0])};"
        elif n == 2 and (reward[1] == -reward[0]).all():
            first = "player[1]" if self.numbered else self.agents[0]
            yield f"reward zero_sum {first} = {self._function(fields, context, reward[0])};"
        else:
            for i, agent in enumerate(self.agents):
                name = f"player[{agent}]" if self.numbered else agent
                yield f"reward {name} = {self._function(fields, context, reward[i])};"

    def _paid(self, k: int, expected: bool) -> tuple[Ints, Floats]:
        """Contexts (action digits, s[, s', observations], kernel) and the rewards [n, ·] paid there."""
        model, kernel = self.model, self.model.kernels[k]
        lengths = np.diff(kernel.indptr)
        row = np.flatnonzero(lengths) if expected else np.repeat(np.arange(len(lengths)), lengths)
        action, now = np.divmod(row, model.n_states)
        fields = [digits(action, [len(v.values) for v in model.signature.actions]), self.number[now]]
        reward = kernel.reward.reshape(len(self.agents), -1)[:, row]
        if not expected:
            seen = digits(kernel.observation, [len(v.values) for v in model.signature.observations])
            fields += [self.number[kernel.state], seen[:, self.seen]]
            reward = reward if kernel.sample_reward is None else kernel.sample_reward
        return np.column_stack([*fields, np.full(len(row), k)]), reward

    def _function(self, fields: Sequence[_Field], context: Ints, value: Floats) -> str:
        distinct, leaf = np.unique(value, return_inverse=True)
        return self._match(fields, context, leaf.reshape(-1), [number(x) for x in distinct.tolist()])

    def _match(self, fields: Sequence[_Field], context: Ints, leaf: Ints, leaves: Sequence[str]) -> str:
        """The expression that gives each context its leaf; a field beyond `fields` is the kernel."""
        found = match_arms(context, leaf)
        used = sorted({f for pattern, _ in found for f, _ in pattern})
        if not used:
            return leaves[found[0][1]]
        heads = ["step" if f == len(fields) else fields[f].text for f in used]
        rows = []
        for pattern, end in found:
            given = dict(pattern)
            for steps in self._spans_of(given.pop(len(fields))) if len(fields) in given else [""]:
                words = [
                    steps or "_" if f == len(fields) else fields[f].word(given[f]) if f in given else "_" for f in used
                ]
                rows.append(f"{'(' + ', '.join(words) + ')' if len(words) > 1 else words[0]}: {leaves[end]};")
        return f"match ({', '.join(heads)}) {{\n" + "\n".join(rows) + "\n}"

    def _spans_of(self, kernel: int) -> list[str]:
        return spans(np.flatnonzero(np.array(self.model.kernel_of_step) == kernel) + 1)

    # ---- names

    def _name(self, variable: Variable) -> str:
        return f"{self.variables[variable.name]}[{self.agents[variable.agent]}]"

    def _field(self, variable: Variable, prime: str) -> _Field:
        return _Field(self._name(variable) + prime, self._word(variable.values))

    def _state(self, prime: str) -> _Field:
        return _Field(self.state + prime, self._word(self.labels))

    def _word(self, values: Sequence[str]) -> Callable[[int], str]:
        return values.__getitem__ if is_range(values) else lambda i: self.names.word(values[i])
