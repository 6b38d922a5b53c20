"""Where a run that fits games of hidden states is, and how a checkpoint holds it.

Arrays: `observation`, `action` (int64 [H, E]) and `reward` (float64 [n, H, E]) of the episodes so far; the tables of
the game that fit k is at, `chain{k}_` before their names (`posgc.learning.latent.Latent`); the policy of the last round
that is over, as policy files have it, with `policy_` before the names; `gains` (float64 [R, n]) of the refits, not a
number where a policy was too large to judge.  The facts are {"round", "episodes", "chains", "tried", "found",
"refits"}: numbers and words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, field, fields, replace
from math import isfinite, prod
from typing import Any

import numpy as np
import numpy.typing as npt

from posgc.information.items import Structure
from posgc.learning.estimates import allowed
from posgc.learning.fits import ALL, REST, Chain, Underway
from posgc.learning.fitted import kinds_of_steps
from posgc.learning.latent import Fit, Latent
from posgc.learning.sampling import Batch, joined
from posgc.learning.states import Chosen
from posgc.learning.symbols import Symbols
from posgc.policy.checkpoint import Content, Facts, number_of
from posgc.policy.compatibility import misfit
from posgc.policy.packed import in_range, is_law
from posgc.policy.packing import strategy_arrays, strategy_facts, strategy_of
from posgc.policy.strategy import Strategy

__all__ = ["FoundHidden", "Reached", "content_of", "reached_of"]

Array = npt.NDArray[Any]
TABLES = tuple(f.name for f in fields(Latent))
POLICY = "policy_"


@dataclass(frozen=True)
class FoundHidden:
    """A policy, and what it was planned in."""

    strategy: Strategy
    how: str
    states: int
    log_likelihood: float  # mean of an episode, in nats
    steps: int  # of expectation maximisation
    settled: bool
    chosen: Chosen | None  # None where the number of states was given, or the run was stopped


@dataclass(frozen=True)
class Reached:
    """How far a run is."""

    round: int = 0  # number of the round that is begun, from 0; rounds before it are over
    batches: tuple[Batch, ...] = ()  # all episodes so far
    underway: Underway = field(default_factory=Underway)  # of the round that is begun; of the refits after the last
    found: FoundHidden | None = None  # of the last round that is over and in which something was played

    @property
    def episodes(self) -> int:
        """Episodes so far."""
        return sum(batch.size for batch in self.batches)

    def played(self, batch: Batch) -> Reached:
        """With more episodes."""
        return replace(self, batches=(*self.batches, batch))


def content_of(reached: Reached) -> Content:
    """What a checkpoint holds of a run."""
    arrays: dict[str, Array] = {}
    if reached.batches:
        batch = joined(reached.batches)
        arrays |= {"observation": np.stack(batch.observation), "action": np.stack(batch.action)}
        arrays["reward"] = np.stack(batch.reward, axis=1)
    chains = []
    for k, ((which, states), chain) in enumerate(reached.underway.chains.items()):
        told = {"which": which, "states": states, "begun": chain.begun, "climbed": chain.climbed, "steps": chain.steps}
        if chain.best is not None:
            told |= _of_fit(chain.best)
            arrays |= {f"chain{k}_{name}": getattr(chain.best.latent, name) for name in TABLES}
        chains.append(told)
    found = reached.found
    said: Facts | None = None
    if found is not None:
        said = {"kind": found.strategy.kind, "strategy": strategy_facts(found.strategy), "how": found.how}
        said |= {"states": found.states, "steps": found.steps, **_of_fit(found)}
        said["chosen"] = None if found.chosen is None else list(astuple(found.chosen))
        arrays |= {f"{POLICY}{name}": array for name, array in strategy_arrays(found.strategy).items()}
    gains = reached.underway.gains
    if gains:
        n = max(len(row) for row in gains if row is not None) if any(gains) else 1
        arrays["gains"] = np.array([[np.nan] * n if row is None else row for row in gains], np.float64)
    facts = {"round": reached.round, "episodes": reached.episodes}
    return {**facts, "chains": chains, "tried": reached.underway.tried, "found": said, "refits": len(gains)}, arrays


def _of_fit(fit: Fit | FoundHidden) -> Facts:
    return {"log_likelihood": fit.log_likelihood, "settled": bool(fit.settled)}


def reached_of(facts: Facts, arrays: dict[str, Array], structure: Structure, rounds: int, refits: int) -> Reached:
    """The run that a checkpoint holds.  Raises ValueError, KeyError or TypeError where it does not hold one."""
    round, batches = number_of(facts["round"], rounds), _batches(arrays, structure)
    chains, tried, gains = _chains(facts["chains"], arrays), [_number(x) for x in facts["tried"]], _gains(arrays)
    if sum(batch.size for batch in batches) != facts["episodes"] or len(gains) != facts["refits"]:
        raise ValueError("it does not hold what it says")
    found = None if facts["found"] is None else _found(facts["found"], arrays, structure)
    over = round == rounds
    if over and found is None:
        raise ValueError("it holds no policy of the rounds that are over")
    if any((which > ALL) != over or which > refits for which, _ in chains) or (tried and over):
        raise ValueError("it holds fits of other episodes")
    if len(gains) > refits or (gains and not over) or any(row and len(row) != structure.n_agents for row in gains):
        raise ValueError("it holds other refits")
    if chains:
        _require_tables(chains, batches, structure)
    return Reached(round, batches, Underway(tried, chains, gains), found)


def _batches(arrays: dict[str, Array], structure: Structure) -> tuple[Batch, ...]:
    if "observation" not in arrays:
        return ()
    seen, played, paid = arrays["observation"], arrays["action"], arrays["reward"]
    horizon, n = structure.horizon, structure.n_agents
    if seen.dtype != np.int64 or played.dtype != np.int64 or paid.dtype != np.float64:
        raise ValueError("its episodes have another type")
    size = seen.shape[-1]
    if not size or not seen.shape == played.shape == (horizon, size) or paid.shape != (n, horizon, size):
        raise ValueError("its episodes have another shape")
    if not in_range(seen.ravel(), prod(structure.signature.observation_sizes)) or not np.isfinite(paid).all():
        raise ValueError("its episodes show what cannot be seen, or pay what is no number")
    if not all(np.isin(own, allowed(structure, h)).all() for h, own in enumerate(played, start=1)):
        raise ValueError("its episodes have actions that cannot be played")
    return (Batch(tuple(seen), tuple(played), tuple(paid.swapaxes(0, 1))),)


def _chains(told: Any, arrays: dict[str, Array]) -> dict[tuple[int, int], Chain]:
    found = dict[tuple[int, int], Chain]()
    for k, one in enumerate(told):
        which = REST if one["which"] == REST else number_of(one["which"])
        begun, climbed, steps = (number_of(one[name]) for name in ("begun", "climbed", "steps"))
        best = None
        if begun:
            latent = Latent(*(arrays[f"chain{k}_{name}"] for name in TABLES))
            best = Fit(latent, _number(one["log_likelihood"]), steps, bool(one["settled"]))
        found[which, number_of(one["states"])] = Chain(begun, climbed, steps, best)
    if len(found) != len(told):
        raise ValueError("it holds a fit twice")
    return found


def _require_tables(chains: dict[tuple[int, int], Chain], batches: Iterable[Batch], structure: Structure) -> None:
    """Raises ValueError where the tables of a fit are not those of a game that these episodes can be fitted by."""
    signature, kinds = structure.signature, kinds_of_steps(structure)
    a, o = prod(signature.action_sizes), prod(signature.observation_sizes)
    rewards = Symbols.of(joined(list(batches)), a, o, kinds).rewards
    n, r = rewards.shape
    for (_, s), chain in chains.items():
        if chain.best is None:
            continue
        shapes = (s,), (s, o), (a, s, s), (max(kinds) + 1, s, a, o), (s, a, r), (n, a, s)
        tables = [getattr(chain.best.latent, name) for name in TABLES]
        fit = all(t.dtype == np.float64 and t.shape == shape for t, shape in zip(tables, shapes, strict=True))
        if not s or not fit or not all(map(is_law, tables[:-1])) or not np.isfinite(tables[-1]).all():
            raise ValueError(f"its tables of a game of {s} states are no such game's")


def _found(told: Any, arrays: dict[str, Array], structure: Structure) -> FoundHidden:
    own = {name.removeprefix(POLICY): array for name, array in arrays.items() if name.startswith(POLICY)}
    if told["kind"] not in ("machine", "controllers") or not isinstance(told["strategy"], dict):
        raise ValueError("its policy is of another kind")
    strategy = strategy_of(told["kind"], told["strategy"], own, structure.horizon, structure.n_agents)
    wrong, how, chosen = misfit(structure, strategy, structure.horizon), told["how"], told["chosen"]
    if wrong is not None:
        raise ValueError(wrong)
    if not isinstance(how, str) or not how.isprintable():
        raise ValueError("it does not say how its policy was planned")
    if chosen is not None:
        states, tried = chosen
        chosen = Chosen(number_of(states), tuple(map(_number, tried)))
    states, steps = number_of(told["states"]), number_of(told["steps"])
    return FoundHidden(strategy, how, states, _number(told["log_likelihood"]), steps, bool(told["settled"]), chosen)


def _gains(arrays: dict[str, Array]) -> list[tuple[float, ...] | None]:
    if "gains" not in arrays:
        return []
    table = arrays["gains"]
    if table.dtype != np.float64 or table.ndim != 2 or np.isinf(table).any():
        raise ValueError("its gains are no numbers")
    return [None if np.isnan(row).any() else tuple(row.tolist()) for row in table]


def _number(value: Any) -> float:
    """A finite number.  Raises ValueError for anything else."""
    if type(value) not in (int, float) or not isfinite(value):
        raise ValueError(f"it says {value!r:.40} where a number is due")
    return float(value)
