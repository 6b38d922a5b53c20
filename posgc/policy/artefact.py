"""The policy: prescriptions on the nodes of a finite-state machine that reads the common information.

All agents run the same machine.  It starts in node `root_to[k]` when the first increment z_1 has code
`root_z[k]`; at step h, in node m, a mixture component is drawn from `weight` (the shared seed omega_h,
drawn afresh and independently at each step), every agent i looks up its own private information p_{i,h}
in its component table and plays what it finds; when the increment z_{h+1} becomes common, the machine
moves along the edge of m with that code.  A product policy (Nash, team) has one component a node.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from posgc.language.display import Display
from posgc.language.files import replace_file

__all__ = ["FORMAT", "Concept", "Edges", "Header", "Machine", "MachineStep", "Origin", "Policy", "PolicyStep"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Concept = Literal["team", "nash", "ce", "cce"]

FORMAT = "posgc-policy-1"
"""The format of policy files (`posgc.policy.file`)."""


@dataclass(frozen=True)
class Header:
    """What a policy is for and what its maker says of it.

    `digest` is `Model.digest`, `lags` the protocol's table (action lags, observation lags, forget) and
    `dropped` the own actions left out of memory: a policy can only be read against the same three.
    `values`, `lower` and `upper` (of the sum that the concept optimises) are the solver's claims, in the
    unit of the rewards; `notes` says how they were come by.  A team's `upper` less its value is also at least
    discount^{h-1} times what any node of step h may fall short of its optimum, as the sum of the stages' slacks is;
    None where no such bound is known.  `stage_gap` is the largest certified gap of a stage
    game and `gap_bound` the end-to-end bound that the stage gaps imply: sum_h discount^{h-1} max_node gap_h (the
    paper's H epsilon_e); None where a back-end solves no stage games.  `residual`: by how
    much the first agent's value in the game without end is above its claimed one at least and at most, where the nodes
    recur (a team or a zero-sum game).  `compression` is the smaller game that the
    policy was found in (`--compress`), None for the game itself; the claims are then of that game.
    """

    game: str
    digest: str
    protocol: str
    lags: tuple[Any, ...]
    dropped: tuple[tuple[int, int], ...]
    agents: tuple[str, ...]
    horizon: int
    concept: Concept
    backend: str
    options: dict[str, Any]
    values: tuple[float, ...]
    lower: float | None = None
    upper: float | None = None
    stage_gap: float | None = None
    gap_bound: float | None = None
    notes: tuple[str, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    compression: str | None = None
    residual: tuple[float, float] | None = None


class MachineStep(Protocol):
    """The edges of one step, as in `PolicyStep`."""

    @property
    def z(self) -> Ints: ...
    @property
    def edge_indptr(self) -> Ints: ...
    @property
    def edge_z(self) -> npt.NDArray[np.integer[Any]]: ...
    @property
    def edge_to(self) -> npt.NDArray[np.integer[Any]]: ...


@dataclass(frozen=True, eq=False)
class Edges:
    """A `MachineStep` and nothing else."""

    z: Ints
    edge_indptr: Ints
    edge_z: npt.NDArray[np.integer[Any]]
    edge_to: npt.NDArray[np.integer[Any]]


class Machine(Protocol):
    """A finite-state machine that reads increments: what is left of a policy without its prescriptions."""

    @property
    def root_z(self) -> Ints: ...
    @property
    def root_to(self) -> Ints: ...
    @property
    def steps(self) -> Sequence[MachineStep]: ...


@dataclass(frozen=True)
class Origin:
    """The text of the game that a policy was made for, and how it was read, so that the file alone can be shown.

    `settings` are `--set` values as text; None, or an empty `reward`, stands for a flag that was not given.  `endless`:
    for the game without end; `horizon` is then where it was cut.
    """

    name: str
    text: str
    share: str | None
    settings: dict[str, str]
    horizon: int | None
    discount: float | None
    reward: str
    endless: bool = False


@dataclass(frozen=True, eq=False)
class PolicyStep:
    """Prescriptions of one step: N nodes, K mixture components in all, P_i private informations of agent i.

    `private[i]`: codes of p_i (`posgc.information.codes.Codec`), ascending, [P_i].
    Node m mixes components `indptr[m]:indptr[m + 1]` with probabilities `weight` [K].
    `tables[i]`: integers [K, P_i], the position of the action among the agent's choices of the step
    (`Model.choices`), or floats [K, P_i, A_i], a distribution over them.
    Edges of node m are `edge_indptr[m]:edge_indptr[m + 1]`: increment code `z[edge_z]` leads to node
    `edge_to` of the next step; no edges at the last step.
    """

    private: tuple[Ints, ...]
    indptr: Ints
    weight: Floats
    tables: tuple[npt.NDArray[Any], ...]
    z: Ints
    edge_indptr: Ints
    edge_z: npt.NDArray[np.integer[Any]]
    edge_to: npt.NDArray[np.integer[Any]]

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def behaviour(self, agent: int, components: Ints, private: Ints, n_choices: int) -> Floats:
        """The agent's action distributions [len(components), A_i] for one private index each (or one for all)."""
        table = self.tables[agent]
        chosen = table[components, private]
        if table.ndim == 3:
            return np.asarray(chosen, dtype=np.float64)
        law: Floats = (chosen[:, None] == np.arange(n_choices)).astype(np.float64)
        return law


@dataclass(frozen=True, eq=False, repr=False)
class Policy(Display):
    """A policy for all H steps; `root_z` codes of z_1 (ascending) and the node each leads to."""

    header: Header
    root_z: Ints
    root_to: Ints
    steps: tuple[PolicyStep, ...]
    origin: Origin | None = None

    def save(self, path: str | os.PathLike[str], *inputs: str) -> None:
        """Write the policy to a file (`posgc.policy.file` says how), never over one of the `inputs`.

        The file replaces an older one in one step.  Raises InputError (E615), with nothing changed.
        """
        steps = self.steps
        arrays: dict[str, npt.NDArray[Any]] = {
            "header": _text({"format": FORMAT, **asdict(self.header)}),
            "origin": _text(asdict(self.origin) if self.origin else None),
            "root_z": self.root_z,
            "root_to": self.root_to,
        }
        for name in ("indptr", "weight", "z", "edge_indptr", "edge_z", "edge_to"):
            _pack(arrays, name, [getattr(step, name) for step in steps])
        for i in range(len(self.header.agents)):
            _pack(arrays, f"private_{i}", [step.private[i] for step in steps])
            tables = [step.tables[i] for step in steps]
            _pack(arrays, f"pure_{i}", [t if t.ndim == 2 else np.zeros(0, np.int8) for t in tables])
            _pack(arrays, f"mixed_{i}", [t if t.ndim == 3 else np.zeros(0) for t in tables])
        replace_file(path, lambda file: np.savez_compressed(file, allow_pickle=False, **arrays), *inputs)

    def _facts(self) -> tuple[str, list[tuple[str, str]]]:
        header = self.header
        return f"policy of {header.game}", [
            ("concept", header.concept),
            ("protocol", header.protocol),
            ("agents", ", ".join(header.agents)),
            ("horizon", str(header.horizon)),
            ("nodes", str(sum(len(step) for step in self.steps))),
            ("back-end", header.backend),
            *([("compression", header.compression)] if header.compression else []),
        ]


def _text(content: Any) -> npt.NDArray[np.uint8]:
    return np.frombuffer(json.dumps(content).encode(), dtype=np.uint8)


def _pack(arrays: dict[str, npt.NDArray[Any]], name: str, parts: list[npt.NDArray[Any]]) -> None:
    arrays[name] = np.concatenate([part.ravel() for part in parts])
    arrays[f"{name}_len"] = np.array([part.size for part in parts], dtype=np.int64)
