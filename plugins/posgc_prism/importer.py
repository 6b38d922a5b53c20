"""The importer: a PRISM model as a game, its probabilities and rewards step by step.

A step is one transition.  What a state pays is earned when it is left, so at every step, what an action pays with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import ClassVar

import numpy as np

from posgc.plugin import Imported, LimitError, RewardReading, Source, Span, require_sense
from posgc.plugin.complaints import Complaints

__all__ = ["MAX_CHARACTERS", "PrismImporter"]

MAX_CHARACTERS = 2_000_000  # some ten seconds of parsing
_COMMENT = re.compile(r"//[^\n]*")
_MODULE = re.compile(r"\bmodule\s+[A-Za-z_]")
_END = re.compile(r"\bendmodule\b")
_OURS = re.compile(r"[\s\ufeff]*(game|use)\b")


class _Once(Complaints):
    """Says a mistake once, also where renamed modules repeat it."""

    def error(self, code: str, message: str, span: Span | None, help: str = "") -> None:
        if not any((each.code, each.span) == (code, span) for each in self._errors):
            super().error(code, message, span, help)


@dataclass(frozen=True)
class PrismImporter:
    """Reads PRISM's `pomdp`, `mdp`, `dtmc` and PRISM-games' `smg`."""

    name: ClassVar[str] = "prism"
    summary: ClassVar[str] = "POMDPs, MDPs, chains and turn-based games of PRISM (.prism, .nm, .pm, .smg)"
    suffixes: ClassVar[tuple[str, ...]] = (".prism", ".nm", ".pm", ".smg")
    own_horizon: ClassVar[bool] = False

    def applies(self, source: Source) -> str | None:
        """None for a text of this format; only its beginning and shape are looked at."""
        return None if self._recognises(source) else "it has no module with its end"

    def _recognises(self, source: Source) -> bool:
        """Whether the text has a module with its end, and is not a game of our language."""
        if "endmodule" not in source.text or _OURS.match(source.text):
            return False
        text = _COMMENT.sub("", source.text)
        begin = _MODULE.search(text)
        return begin is not None and _END.search(text, begin.end()) is not None

    def read(
        self, source: Source, *, horizon: int | None, discount: float | None, reward: RewardReading | None
    ) -> Imported:
        """The model over the reachable states.  Raises InputError with the mistakes found, LimitError where there are
        too many states or too deep expressions."""
        from posgc_prism.build import build  # what reads is loaded for a file to read; every command loads this module
        from posgc_prism.explore import explore
        from posgc_prism.resolve import resolve
        from posgc_prism.syntax import parse

        require_sense(self, source, horizon, discount, reward)
        if len(source.text) > MAX_CHARACTERS:
            raise LimitError(f"the text has {len(source.text):,} characters; at most {MAX_CHARACTERS:,} are read")
        complaints = _Once(source)
        system = resolve(parse(complaints), complaints)
        if reward == "zero_sum" and len(system.players) != 2:
            said = f"a zero-sum reading needs two agents, and the file has {len(system.players)}"
            complaints.error("I106", said, None, "leave it out")
            complaints.settle()
        reached = explore(system, complaints)
        name = PurePath(source.name).stem
        model = build(system, reached, name, horizon or 1, 1.0 if discount is None else discount, complaints)
        if reward == "zero_sum":
            kernel = model.kernels[0]
            signed = kernel.reward * np.array([1.0, -1.0])[:, None, None]
            model = replace(model, kernels=(replace(kernel, reward=signed),))
        return Imported(model, complaints.notes())
