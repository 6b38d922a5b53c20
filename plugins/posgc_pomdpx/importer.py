"""The importer: a `.pomdpx` file as a game of one agent.

The first observation follows the first action, but a fully observed state variable is known from the first step: it
is an observation of its own name, beside those of the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import ClassVar

from posgc.plugin import Imported, RewardReading, Source, require_sense
from posgc.plugin.complaints import Complaints

__all__ = ["PomdpxImporter"]

_ROOT = re.compile(r"<pomdpx[\s>]")


@dataclass(frozen=True)
class PomdpxImporter:
    """Reads factored POMDPs, MDPs and mixed-observability MDPs in the XML format of the APPL toolkit."""

    name: ClassVar[str] = "pomdpx"
    summary: ClassVar[str] = "factored POMDPs of the APPL toolkit, SARSOP (.pomdpx), one agent"
    suffixes: ClassVar[tuple[str, ...]] = (".pomdpx",)
    own_horizon: ClassVar[bool] = False

    def applies(self, source: Source) -> str | None:
        """None for a text of this format; only its beginning and shape are looked at."""
        return None if self._recognises(source) else "it is not markup with an element `pomdpx`"

    def _recognises(self, source: Source) -> bool:
        """Whether the text is markup with an element `pomdpx`."""
        return source.text[:64].lstrip("\ufeff \t\r\n")[:1] == "<" and bool(_ROOT.search(source.text))

    def read(
        self, source: Source, *, horizon: int | None, discount: float | None, reward: RewardReading | None
    ) -> Imported:
        """The model over the reachable states.  Raises InputError with every mistake found, LimitError where a
        table or the kernel is too large."""
        from posgc_pomdpx.build import build  # what reads is loaded for a file to read; every command loads this module
        from posgc_pomdpx.reader import read_network

        require_sense(self, source, horizon, discount, reward)
        complaints = Complaints(source)
        if reward == "zero_sum":
            complaints.error("I106", "a zero-sum reading needs two agents, and the file has one", None, "leave it out")
        network = read_network(source, complaints)
        return Imported(build(network, PurePath(source.name).stem, horizon or 1, discount), complaints.notes())
