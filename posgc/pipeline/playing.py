"""Playing a policy of a game, or one of the players that need none."""

from __future__ import annotations

from dataclasses import dataclass

from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.display import Display
from posgc.pipeline.compiling import Compiled, quiet, timed
from posgc.pipeline.opening import opened
from posgc.play.kinds import player_of
from posgc.play.players import Player, RandomPlayer, UniformPlayer
from posgc.play.sampler import CONFIDENCE, Episodes, Estimate, estimate, record
from posgc.plugin.backend import Progress
from posgc.policy.artefact import Policy
from posgc.policy.file import load_policy
from posgc.policy.mismatch import PolicyMismatch
from posgc.workers import ALONE, Workers

__all__ = ["Simulation", "simulate"]


@dataclass(frozen=True, repr=False)
class Simulation(Display):
    """Returns of a policy by playing it."""

    compiled: Compiled
    policy: str  # which one
    asked: int  # episodes that were wanted
    estimate: Estimate
    traces: Episodes | None  # the first episodes in full; None where none were wanted
    claimed: tuple[float, ...] | None  # [n] what the policy says of its values; None where nothing is said

    @property
    def mean(self) -> dict[str, float]:
        """Mean discounted return of each agent."""
        return dict(zip(self.compiled.model.signature.agents, self.estimate.mean.tolist(), strict=True))

    @property
    def interval(self) -> dict[str, tuple[float, float]] | None:
        """Normal confidence interval of each mean (`posgc.play.sampler.CONFIDENCE`); None for a single episode."""
        found = self.estimate.interval
        agents = self.compiled.model.signature.agents
        return None if found is None else dict(zip(agents, map(tuple, found.tolist()), strict=True))

    def _facts(self) -> tuple[str, list[tuple[str, str]]]:
        interval = self.interval or {}
        means = [
            (
                f"mean of {agent}",
                f"{mean:z.6g}" + (f" in [{interval[agent][0]:z.6g}, {interval[agent][1]:z.6g}]" if interval else ""),
            )
            for agent, mean in self.mean.items()
        ]
        return f"simulation of {self.compiled.model.name}", [
            ("policy", self.policy),
            ("episodes", str(self.estimate.episodes)),
            *means,
            *([("level", f"{CONFIDENCE:g}")] if interval else []),
        ]


def simulate(
    compiled: Compiled,
    policy: str | Policy,
    episodes: int,
    traces: int = 0,
    progress: Progress = quiet,
    workers: Workers = ALONE,
) -> Simulation:
    """Play `uniform`, `random:SEED`, a policy or a policy file, with the seed of the request.

    Raises InputError for a policy that cannot be read or does not belong to the game, LimitError where the
    traces are too long to keep or a process ends before its time.
    """
    model, seed = compiled.model, compiled.request.seed
    player, claimed = _player(compiled, policy)
    try:
        with timed(compiled.seconds, "traces"):
            kept = record(model, player, traces, seed) if traces else None
        with timed(compiled.seconds, "simulate"):
            found = estimate(model, player, episodes, seed, progress, workers)
    except PolicyMismatch as error:
        raise InputError([Diagnostic("E610", f"the policy does not belong to this game: {error}")]) from None
    name = policy if isinstance(policy, str) else f"{policy.header.concept} policy of {policy.header.backend}"
    return Simulation(compiled, name, episodes, found, kept, claimed)


def _player(compiled: Compiled, policy: str | Policy) -> tuple[Player, tuple[float, ...] | None]:
    if isinstance(policy, Policy):
        return _fitting(compiled, policy)
    if policy == "uniform":
        return UniformPlayer(compiled.model), None
    if policy.startswith("random:"):
        try:
            return RandomPlayer(compiled.information, int(policy.removeprefix("random:"))), None
        except ValueError:
            raise InputError(
                [
                    Diagnostic(
                        "E613", f"--policy {policy:.40}: the seed is a whole number from 0", help="--policy random:1"
                    )
                ]
            ) from None
    return _fitting(compiled, load_policy(policy))


def _fitting(compiled: Compiled, policy: Policy) -> tuple[Player, tuple[float, ...] | None]:
    policy = opened(compiled.information, policy)
    return player_of(compiled.information, policy.strategy), policy.claim.values
