"""Assumption 2, γ-observability (Liu & Zhang 2023), of a model: a bracket on γ for every step and action.

The paper asks ‖O_hᵀ(b − b')‖₁ >= γ ‖b − b'‖₁ for all beliefs and all h, with γ > 0 (Golowich, Moitra &
Rohatgi 2022): observations tell beliefs apart, so that filters forget their prior.  Where emissions read
the action there is a γ for every (h, a), and the assumption's is the least.  Two quantities are reported.

**Literal.**  Over all pairs of beliefs about s'.  States that never follow a, and have no declared emission
under it, are left out.  Step h emits o_{h+1}; o_{H+1} is read by no decision and does not count.  Nor do
initial observations: the first belief is the known initial law, and there is no second one to tell apart.

**On reachable differences.**  When an observation comes, two filters that differ at h differ by T(a)ᵀ(b − b') with
b, b' on the states reachable at h.  γ over these differences is at least the literal γ, and 1 where T(a) forgets its
start.  E.g. opening a door of the tiger problem tells nothing of where the tiger now is (literal γ = 0), but nothing
of the past is left to tell (reachable γ = 1).  The paper's theorems are about the literal one.

**Where the observation reads the old state**, or is drawn together with s', take (s, s') as the state.  Its
law after b is b(s) T(s' | s, a): rows for different s have disjoint supports, so ‖Tᵀ(b − b')‖₁ = ‖b − b'‖₁
and γ on reachable differences is the γ of the matrix W(o' | s, a) of reachable s.  The same number stands
under literal (over all s), as the pair state's literal γ would be without meaning, for it includes pairs
that no belief can weigh apart.  Whether the observation reads the old state is asked of the states that are
compared: where only states unreachable at h make it do so, a belief about s' says all at step h, and γ on reachable
differences is that of the emission from reachable states.  It is never below the γ of W: by the above both have the
numerator ‖Wᵀ(b − b')‖₁, and ‖Tᵀ(b − b')‖₁ ≤ ‖b − b'‖₁.

**Weakly revealing** (Liu et al. 2022), σ_S(O_h) > 0 for the S-th singular value: γ >= σ_S/√S, since
‖Eᵀx‖₁ >= ‖Eᵀx‖₂ >= σ_S ‖x‖₂ >= σ_S ‖x‖₁/√S; and σ_S >= γ/((2 + γ)√O).  σ_S is reported with the literal γ.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.assumptions.gamma.bracket import Belief, Effort, GammaBracket, gamma_bracket
from posgc.assumptions.gamma.certificates import ROUNDING
from posgc.assumptions.kernels import Marginals, Stage, marginals, stages
from posgc.assumptions.verdict import ANSWER
from posgc.language.display import Display
from posgc.language.rounding import bracket
from posgc.model.arrays import Model

__all__ = ["GammaEntry", "GammaSummary", "ObservabilityReport", "Witness", "observability"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Json = dict[str, object]

# Largest matrix whose singular values are computed, in entries.
SINGULAR_ENTRIES = 250_000


@dataclass(frozen=True)
class Witness:
    """Two beliefs whose ratio is the upper end of an entry, as (state index, label, probability)."""

    b: tuple[tuple[int, str, float], ...]
    b2: tuple[tuple[int, str, float], ...]


@dataclass(frozen=True)
class GammaEntry:
    """lower <= γ <= upper for some steps and joint actions whose matrices are the same.

    An entry that was not computed has the bracket [0, 1] and a method that begins with `not decided`.
    """

    steps: tuple[int, ...]
    actions: tuple[int, ...]  # joint action indices
    action_labels: tuple[str, ...]
    lower: float
    upper: float
    method: str
    witness: Witness | None  # beliefs about s' where γ is the literal one, else beliefs about s
    sigma: float | None  # σ_S of the emission matrix, where it is literal and small enough

    def as_json(self) -> Json:
        """Steps as inclusive runs [first, last]."""
        witness = self.witness and {
            name: [{"state": label, "probability": p} for _, label, p in belief]
            for name, belief in (("b", self.witness.b), ("b2", self.witness.b2))
        }
        return {
            "steps": _runs(self.steps),
            "actions": list(self.action_labels),
            "lower": self.lower,
            "upper": self.upper,
            "method": self.method,
            "sigma": self.sigma,
            "witness": witness,
        }


@dataclass(frozen=True, repr=False)
class GammaSummary(Display):
    """The least over the entries; every step h < H and action that can be played is in exactly one."""

    entries: tuple[GammaEntry, ...]

    @property
    def lower(self) -> float:
        return min((e.lower for e in self.entries), default=1.0)

    @property
    def upper(self) -> float:
        return min((e.upper for e in self.entries), default=1.0)

    @property
    def worst(self) -> GammaEntry | None:
        """The first entry of least upper end, None where nothing is observed before a decision."""
        return min(self.entries, key=lambda e: e.upper, default=None)

    @property
    def holds(self) -> bool | None:
        """True if γ > 0 is proved, False if γ = 0 is, None otherwise."""
        return True if self.lower > 0 else False if self.upper == 0 else None

    @property
    def in_words(self) -> str:
        """The bracket, with the rounding that its ends may have; what counts as 0 is called 0."""
        lower, upper = max(0.0, self.lower - ROUNDING), min(1.0, self.upper + ROUNDING)
        return "0" if self.upper == 0 else bracket(lower, upper)

    def _facts(self) -> tuple[str, list[tuple[str, str]]]:
        return f"γ {self.in_words}", []

    def as_json(self) -> Json:
        """`holds`, the bracket `gamma` and the list `per_action`."""
        return {
            "holds": self.holds,
            "gamma": {"lower": self.lower, "upper": self.upper},
            "per_action": [e.as_json() for e in self.entries],
        }


@dataclass(frozen=True, repr=False)
class ObservabilityReport(Display):
    """Assumption 2 taken literally, and on reachable differences."""

    literal: GammaSummary
    reachable: GammaSummary

    @property
    def holds(self) -> bool | None:
        """Whether the assumption holds as the paper states it."""
        return self.literal.holds

    @property
    def answer(self) -> str:
        """`holds` in words."""
        return ANSWER[self.holds]

    def _facts(self) -> tuple[str, list[tuple[str, str]]]:
        return f"Assumption 2: {self.answer}", [
            ("γ", self.literal.in_words),
            ("γ on reachable differences", self.reachable.in_words),
        ]

    def as_json(self) -> Json:
        """That of `literal`, and that of `reachable` under `reachable_differences`."""
        return {**self.literal.as_json(), "reachable_differences": self.reachable.as_json()}


def observability(
    model: Model, *, effort: Effort | None = None, seconds: float = 4.0, seed: int = 0
) -> ObservabilityReport:
    """Bracket γ of every (h, a) of `model`, both ways.

    After `seconds` of wall clock no further matrix is begun; what is left is reported as not decided.
    """
    workshop = _Workshop(model, effort or Effort(), time.monotonic() + seconds, seconds, seed)
    grouped = stages(model)
    # what is most telling first, should time run out: the literal ones, then the largest sets of states
    literal = tuple(e for stage in _without_reachability(grouped) for e in workshop.entries(stage, True))
    by_size = sorted(grouped, key=lambda stage: -int(stage.reachable.sum()))
    reachable = [e for stage in by_size for e in workshop.entries(stage, False)]
    return ObservabilityReport(
        GammaSummary(literal), GammaSummary(tuple(sorted(reachable, key=lambda e: (e.steps, e.actions))))
    )


def _without_reachability(grouped: Iterable[Stage]) -> list[Stage]:
    """`grouped` with stages joined that differ in the reachable states only; all states count as reachable."""
    joined: dict[tuple[int, bytes], Stage] = {}
    for stage in grouped:
        key = (stage.kernel, stage.actions.tobytes())
        before = joined[key].steps if key in joined else ()
        everywhere = np.ones_like(stage.reachable)
        joined[key] = Stage(tuple(sorted(before + stage.steps)), stage.kernel, stage.actions, everywhere)
    return list(joined.values())


@dataclass(frozen=True)
class _Question:
    """One γ to bracket."""

    emission: sparse.csr_array  # [S, O]
    differences: sparse.csr_array | None  # [R, S]; None: of all beliefs
    states: Ints  # the model's state of every row of the witness
    note: str  # what to say about the answer
    weakly: bool  # σ_S is wanted

    @property
    def key(self) -> bytes:
        """A digest of the matrices."""
        digest = hashlib.sha256(self.note.encode())
        for part in (self.emission, self.differences):
            if part is not None:
                part.sort_indices()
                for array in (np.array(part.shape), part.indptr, part.indices, part.data):
                    digest.update(array.tobytes())
        digest.update(self.states.tobytes())
        return digest.digest()


@dataclass
class _Workshop:
    """Answers questions about one model, each matrix once, until the deadline."""

    model: Model
    effort: Effort
    deadline: float
    seconds: float
    seed: int
    answers: dict[bytes, tuple[GammaBracket, float | None]] = field(default_factory=dict)
    tables: dict[int, Marginals] = field(default_factory=dict)

    def entries(self, stage: Stage, literal: bool) -> list[GammaEntry]:
        """The entries of one stage, actions with the same matrices together, in order of the first."""
        alike: dict[bytes, tuple[_Question, list[int]]] = {}
        table = self._table(stage)
        for a in stage.actions:
            question = self._question(table, stage, int(a), literal)
            if question is not None:
                alike.setdefault(question.key, (question, []))[1].append(int(a))
        return [self._entry(stage, tuple(actions), key, q) for key, (q, actions) in alike.items()]

    def _question(self, table: Marginals, stage: Stage, a: int, literal: bool) -> _Question | None:
        """What to ask of action a; None if it cannot be played in any of the stage's states."""
        size = self.model.n_states
        rows = slice(a * size, (a + 1) * size)
        transition = table.transition[rows]
        states = np.flatnonzero(stage.reachable & (np.diff(transition.indptr) > 0))
        if not len(states):
            return None
        if not table.factors[a]:
            note = "pair state (s, s'), as the observation does not read (a, s') alone"
            return _Question(table.observation[rows][states], None, states, note, False)
        emission = table.emission[rows]
        note = "" if table.declared else "emission found in the numbers"
        if not literal:
            return _Question(emission, transition[states], states, note, False)
        states = np.flatnonzero(np.diff(emission.indptr) > 0)
        return _Question(emission[states], None, states, note, True)

    def _table(self, stage: Stage) -> Marginals:
        """The marginals of the stage's kernel: over its own states, should the observation factor there only."""
        m, kernel = self.model, self.model.kernels[stage.kernel]
        sizes = m.n_actions, m.n_states, m.n_observations
        if stage.kernel not in self.tables:
            self.tables[stage.kernel] = marginals(kernel, *sizes)
        table = self.tables[stage.kernel]
        if table.factors[stage.actions].all() or stage.reachable.all():
            return table
        return marginals(kernel, *sizes, stage.reachable)

    def _entry(self, stage: Stage, actions: tuple[int, ...], key: bytes, question: _Question) -> GammaEntry:
        if key not in self.answers and time.monotonic() < self.deadline:
            rng = np.random.default_rng(self.seed)
            bracket = gamma_bracket(question.emission, question.differences, effort=self.effort, rng=rng)
            self.answers[key] = (bracket, _sigma(question.emission) if question.weakly else None)
        undecided = GammaBracket(0.0, 1.0, f"not decided: {self.seconds:g} s had passed", None, None)
        bracket, sigma = self.answers.get(key, (undecided, None))
        method = "; ".join(filter(None, (bracket.method, question.note)))
        labels = tuple(_action_label(self.model, a) for a in actions)
        witness = None
        if bracket.witness_b is not None and bracket.witness_b2 is not None:
            witness = Witness(
                self._atoms(bracket.witness_b, question.states), self._atoms(bracket.witness_b2, question.states)
            )
        return GammaEntry(stage.steps, actions, labels, bracket.lower, bracket.upper, method, witness, sigma)

    def _atoms(self, belief: Belief, states: Ints) -> tuple[tuple[int, str, float], ...]:
        chosen = (int(s) for s in states[belief.index])
        return tuple((s, self.model.state_label(s), float(p)) for s, p in zip(chosen, belief.weight, strict=True))


def _sigma(emission: sparse.csr_array) -> float | None:
    """The S-th singular value of `emission`[S, O]; None where the matrix is too large to ask."""
    states, observations = emission.shape
    if states > observations:
        return 0.0
    if states * observations > SINGULAR_ENTRIES:
        return None
    return float(np.linalg.svd(emission.toarray(), compute_uv=False)[-1])


def _action_label(model: Model, a: int) -> str:
    """Joint action a in words, its variables' values joined by commas."""
    variables = model.signature.actions
    digits = np.unravel_index(a, tuple(len(v.values) for v in variables)) if variables else ()
    return ", ".join(v.values[int(d)] for v, d in zip(variables, digits, strict=True))


def _runs(steps: tuple[int, ...]) -> list[list[int]]:
    """Ascending steps as inclusive runs."""
    at = np.array(steps)
    breaks = np.flatnonzero(np.diff(at) > 1)
    first, last = np.r_[at[0], at[breaks + 1]], np.r_[at[breaks], at[-1]]
    return [[int(x), int(y)] for x, y in zip(first, last, strict=True)]
