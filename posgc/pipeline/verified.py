"""A verification in the terms of its game: agents by name, and what a deviation after a cut could add."""

from __future__ import annotations

from dataclasses import dataclass

from posgc.judge.verify import Verification
from posgc.language.display import Display
from posgc.language.rounding import at_most
from posgc.pipeline.compiling import Compiled
from posgc.policy.artefact import Concept

__all__ = ["Verified"]


@dataclass(frozen=True, repr=False)
class Verified(Display):
    """What a policy earns in the true game, and what each agent could still gain alone, in the unit of the rewards."""

    compiled: Compiled
    concept: Concept
    verification: Verification

    @property
    def values(self) -> dict[str, float]:
        """What each agent earns."""
        return dict(zip(self.compiled.model.signature.agents, self.verification.values, strict=True))

    @property
    def gains(self) -> dict[str, float]:
        """What each agent could gain by the deviations of the concept, up to a cut."""
        return dict(zip(self.compiled.model.signature.agents, self.verification.gains, strict=True))

    @property
    def gap(self) -> float:
        """The largest gain as computed, with what a deviation after a cut could add."""
        return self.verification.gap + (self.compiled.tail or 0.0)

    @property
    def certified_gap(self) -> float:
        """What the gap is at most, all errors included."""
        return self.verification.certified + (self.compiled.tail or 0.0)

    def _facts(self) -> tuple[str, list[tuple[str, str]]]:
        memory = [] if self.compiled.information.protocol.forget is None else [("deviators", "forget as agents do")]
        return f"verification of a {self.concept} policy of {self.compiled.model.name}", [
            ("protocol", self.compiled.information.protocol.name),
            *((f"value of {agent}", f"{value:z.10g}") for agent, value in self.values.items()),
            (f"{self.verification.kind} gap", f"at most {at_most(self.certified_gap)}"),
            *memory,
        ]
