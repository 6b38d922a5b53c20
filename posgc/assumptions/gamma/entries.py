"""γ of each step and joint action of a model: the matrices to bracket, those that are alike asked once."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.assumptions.gamma.bracket import Belief, Effort, GammaBracket, gamma_bracket
from posgc.assumptions.kernels import Marginals, Stage, marginals
from posgc.model.arrays import Model

__all__ = ["SINGULAR_ENTRIES", "Entries", "GammaEntry", "Witness"]

Ints = npt.NDArray[np.int64]
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
class Entries:
    """The entries of one model's stages; every matrix is bracketed once, until the deadline."""

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
