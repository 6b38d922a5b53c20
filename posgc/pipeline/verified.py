"""A verification in the terms of its game: agents by name, and what a deviation after a cut could add."""

from __future__ import annotations

from dataclasses import dataclass

from posgc.judge.judgement import Judgement
from posgc.language.concepts import ConceptName
from posgc.language.display import Display
from posgc.language.rounding import at_most
from posgc.pipeline.compiling import Compiled

__all__ = ["Verified"]


@dataclass(frozen=True, repr=False)
class Verified(Display):
    """What a policy earns in the true game, and what each agent could still gain alone, in the unit of the rewards."""

    compiled: Compiled
    concept: ConceptName
    judgement: Judgement

    @property
    def values(self) -> dict[str, float]:
        """What each agent earns."""
        return dict(zip(self.compiled.model.signature.agents, self.judgement.values, strict=True))

    @property
    def gains(self) -> dict[str, float] | None:
        """What each agent could gain by the deviations of the concept, up to a cut; None where that is not known."""
        gains = self.judgement.gains
        return None if gains is None else dict(zip(self.compiled.model.signature.agents, gains, strict=True))

    @property
    def gap(self) -> float | None:
        """The largest gain as computed, with what a deviation after a cut could add; None where it is not known."""
        gap = self.judgement.gap
        return None if gap is None else gap + (self.compiled.tail or 0.0)

    @property
    def certified_gap(self) -> float | None:
        """What the gap is at most, all errors included; None where nothing is proved."""
        known = self.judgement.certified
        return None if known is None else known + (self.compiled.tail or 0.0)

    def _facts(self) -> tuple[str, list[tuple[str, str]]]:
        gap = self.certified_gap
        memory = []
        if self.compiled.information.protocol.forget is not None and self.judgement.gains is not None:
            forgets = self.judgement.judged_on == "pairs"
            memory = [("deviators", "forget as agents do" if forgets else "remember all that they have known")]
        return f"verification of a {self.concept} policy of {self.compiled.model.name}", [
            ("protocol", self.compiled.information.protocol.name),
            *self._values(),
            (f"{self.judgement.kind} gap", "not known" if gap is None else f"at most {at_most(gap)}"),
            *memory,
        ]

    def _values(self) -> list[tuple[str, str]]:
        """What each agent earns; where that is estimated, with its interval."""
        margins, level = self.judgement.margins, self.judgement.confidence
        if margins is None or level is None:
            return [(f"value of {agent}", f"{value:z.10g}") for agent, value in self.values.items()]
        return [
            (f"value of {agent}, estimated by play", f"{value:z.6g} ± {margin:z.2g} ({level:.0%})")
            for (agent, value), margin in zip(self.values.items(), margins, strict=True)
        ]
