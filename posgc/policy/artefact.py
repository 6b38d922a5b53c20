"""The policy as an artefact: what it is for, what its maker claims, the strategy itself, and the text of its game.

The strategy says how the agents choose (`posgc.policy.machine` and its siblings); it knows no game.  The header
binds it to one: a policy is read against the same model, the same protocol and the same dropped actions, or refused.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from posgc.language.concepts import ConceptName, DeviationKind
from posgc.language.display import Display
from posgc.language.files import replace_file
from posgc.policy.packed import text_array
from posgc.policy.packing import strategy_arrays, strategy_facts
from posgc.policy.strategy import Strategy

__all__ = ["FORMAT", "Claim", "Header", "Origin", "Policy", "Result", "Strategy"]

FORMAT = "posgc-policy-2"
"""Of the file that `Policy.save` writes."""


@dataclass(frozen=True)
class Header:
    """What a policy is for, and how it was made."""

    game: str
    digest: str  # `Model.digest`
    protocol: str
    lags: tuple[Any, ...]  # `LagTable.content` of the protocol
    dropped: tuple[tuple[int, int], ...]  # the own actions left out of memory
    agents: tuple[str, ...]
    horizon: int
    concept: ConceptName
    backend: str
    options: dict[str, Any]
    against: DeviationKind  # the deviations that it is meant to withstand
    versions: dict[str, str] = field(default_factory=dict)
    compression: str | None = None  # the smaller game that it was found in (`--compress`), None for the game itself


@dataclass(frozen=True)
class Claim:
    """What the maker of a policy says of it, in the unit of the rewards; every field may be left out.

    Nothing is believed: the policy is judged in the true game, and claims are shown beside that.
    """

    values: tuple[float, ...] | None = None  # [n] what each agent earns
    lower: float | None = None  # bounds on what the concept optimises, or on the value of a zero-sum game
    upper: float | None = None  # for a team, `upper` less its value is also at least discount^{h-1} times what any
    # node of step h falls short of its optimum, as the sum of the stages' slacks is
    stage_gap: float | None = None  # the largest certified gap of a stage game
    gap_bound: float | None = None  # sum_h discount^{h-1} max_node gap_h, the paper's H epsilon_e
    residual: tuple[float, float] | None = None  # by how much the first agent's value in the game without end is above
    # the claimed one at least and at most, where the nodes recur (a team or a zero-sum game)
    against: DeviationKind | None = None  # deviations of a form other than the concept's usual one
    notes: tuple[str, ...] = ()  # how it was come by, a sentence each
    caveats: tuple[str, ...] = ()  # what whoever uses it must know, a sentence each
    search: dict[str, int] | None = None  # sizes of the search that found it, by name
    # of a learner that fits games to resampled episodes: the policy's gap in these, an estimate and no bound; `refits`
    # asked for and `judged`, the median `middle`, and a share `level` of them from `lower` to `upper`
    gap_estimate: dict[str, float] | None = None
    stopped: str | None = None  # the limit at which the maker stopped before it had what was asked for, in words
    samples: int | None = None  # steps of the environment that were taken to learn it
    curve: tuple[tuple[int, float], ...] = ()  # learning curve: samples so far, and the value estimated then


@dataclass(frozen=True, eq=False)
class Result:
    """What a planner or learner returns: how the agents play, and what it claims of that."""

    strategy: Strategy
    claim: Claim = Claim()


@dataclass(frozen=True)
class Origin:
    """The text of the game that a policy was made for, and how it was read, so that the file alone can be shown."""

    name: str
    text: str
    share: str | None  # None, like an empty `reward`, stands for a flag that was not given
    settings: dict[str, str]  # `--set` values as text
    horizon: int | None  # of an endless game: where it was cut
    discount: float | None
    reward: str
    endless: bool = False  # for the game without end


@dataclass(frozen=True, eq=False, repr=False)
class Policy(Display):
    """A policy for all H steps of one game."""

    header: Header
    claim: Claim
    strategy: Strategy
    origin: Origin | None = None

    def save(self, path: str | os.PathLike[str], *inputs: str) -> None:
        """Write the policy to a file (`posgc.policy.file` says how), never over one of the `inputs`.

        The file replaces an older one in one step.  Raises InputError, with nothing changed: E615, or E637 where the
        arrays or facts of an opaque player cannot be saved without running code.
        """
        facts = {"format": FORMAT, "kind": self.strategy.kind, "strategy": strategy_facts(self.strategy)}
        header = {**facts, **asdict(self.header), "claim": asdict(self.claim)}
        arrays = {
            "header": text_array(header),
            "origin": text_array(asdict(self.origin) if self.origin else None),
            **strategy_arrays(self.strategy),
        }
        replace_file(path, lambda file: np.savez_compressed(file, allow_pickle=False, **arrays), *inputs)

    def _facts(self) -> tuple[str, list[tuple[str, str]]]:
        header = self.header
        return f"policy of {header.game}", [
            ("concept", header.concept),
            ("protocol", header.protocol),
            ("agents", ", ".join(header.agents)),
            ("horizon", str(header.horizon)),
            *self._sizes(),
            ("back-end", header.backend),
            *([("compression", header.compression)] if header.compression else []),
        ]

    def _sizes(self) -> list[tuple[str, str]]:
        """The kind of the strategy, and how large it is where that can be counted."""
        nodes = [("nodes", str(self.strategy.n_nodes))] if self.strategy.sizes else []
        return [("kind", self.strategy.kind), *nodes]
