"""Facts about a game: sizes, and who knows what when."""

from __future__ import annotations

from dataclasses import dataclass

from posgc.information.words import StepWords, describe_lags, describe_steps
from posgc.language.display import Display
from posgc.model.rewards import RewardKind, reward_kind
from posgc.pipeline import Compiled

__all__ = ["Info"]


@dataclass(frozen=True, repr=False)
class Info(Display):
    """What `posgc info` says.  `actions[i]` and `observations[i]`: how many own ones agent i has; `sharing`: one
    sentence for each variable; `steps`: what becomes common and what stays private, runs of like steps joined."""

    name: str
    title: str
    agents: tuple[str, ...]
    states: int
    actions: tuple[int, ...]
    observations: tuple[int, ...]
    horizon: int
    discount: float
    rewards: RewardKind
    protocol: str
    sharing: tuple[str, ...]
    steps: tuple[StepWords, ...]

    @classmethod
    def of(cls, compiled: Compiled) -> Info:
        """The facts of a compiled game."""
        model, information = compiled.model, compiled.information
        signature = model.signature
        return cls(
            model.name,
            model.title,
            signature.agents,
            model.n_states,
            signature.action_sizes,
            signature.observation_sizes,
            model.horizon,
            model.discount,
            reward_kind(model),
            information.protocol.name,
            tuple(describe_lags(information)),
            tuple(describe_steps(information, model.horizon)),
        )

    def _facts(self) -> tuple[str, list[tuple[str, str]]]:
        return f"{self.name} — {self.title}" if self.title else self.name, [
            ("protocol", self.protocol),
            ("agents", ", ".join(self.agents)),
            ("states", str(self.states)),
            ("actions", " × ".join(map(str, self.actions))),
            ("observations", " × ".join(map(str, self.observations))),
            ("horizon", str(self.horizon)),
            ("discount", f"{self.discount:.10g}"),
            ("rewards", self.rewards.replace("_", "-")),
        ]
