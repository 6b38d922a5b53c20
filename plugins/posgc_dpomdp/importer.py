"""The importers: which texts are theirs, and the reader's first stages; `reading` has the others.

Every command loads this module, so it loads what reads when there is a file to read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from posgc.plugin import Imported, RewardReading, Source, require_sense
from posgc.plugin.complaints import Complaints

__all__ = ["DpomdpImporter", "PomdpImporter"]

_AGENTS = re.compile(r"^[ \t\ufeff]*agents[ \t]*:", re.MULTILINE)
_OTHERS = re.compile(r"^[ \t]*(discount|values|states|start|actions|observations)[ \t]*:", re.MULTILINE)

_COMMENT = re.compile(r"#[^\n]*")
_PREAMBLE = re.compile(r"(?<![^\s\ufeff])(discount|values|states|actions|observations)\s*:")
_OURS = re.compile(r"[\s\ufeff]*(game|use)\b")

_MOOT = frozenset({"N102", "N103", "N104", "N105", "N109", "N110", "W101"})
"""Notes about MADP's reader, which does not read `.pomdp` files."""


@dataclass(frozen=True)
class DpomdpImporter:
    """Reads the `.dpomdp` format of the MADP toolbox (Oliehoek et al., JMLR 2017) and the dialects of SDMS."""

    name: ClassVar[str] = "dpomdp"
    summary: ClassVar[str] = "Dec-POMDPs of the MADP toolbox (.dpomdp), and the quoted dialects of SDMS"
    suffixes: ClassVar[tuple[str, ...]] = (".dpomdp", ".posg", ".zsposg", ".pomdp")
    own_horizon: ClassVar[bool] = False

    def applies(self, source: Source) -> str | None:
        """None for a text of this format; only its beginning and shape are looked at."""
        return None if self._recognises(source) else "it lacks the header lines of a .dpomdp file"

    def _recognises(self, source: Source) -> bool:
        """Whether the text has the header lines of the format, whatever the file is called."""
        return bool(_AGENTS.search(source.text) and _OTHERS.search(source.text))

    def read(
        self, source: Source, *, horizon: int | None, discount: float | None, reward: RewardReading | None
    ) -> Imported:
        """The model over the reachable states, with notes on what was leniently read.

        `discount` overrides the file's; `reward` is `team` (the same for all) or `zero_sum` (the first of two
        agents', the second gets the negative); None is `team` but for files that end in `.zsposg`.  Raises
        InputError with every mistake found, LimitError when the game is too large to tabulate.
        """
        from posgc_dpomdp.header import read_header
        from posgc_dpomdp.reading import read_model
        from posgc_dpomdp.syntax import parse

        require_sense(self, source, horizon, discount, reward)
        complaints = Complaints(source)
        document = parse(complaints)
        header = read_header(document, complaints)
        if reward == "zero_sum" and len(header.agents) != 2:
            message = f"a zero-sum reading needs two agents, and the file has {len(header.agents)}"
            complaints.error("I106", message, None, "--reward team")
        return read_model(document, header, complaints, horizon or 1, discount, reward)


@dataclass(frozen=True)
class PomdpImporter:
    """Reads the `.pomdp` format of A. R. Cassandra's pomdp-solve, and its MDPs: one agent."""

    name: ClassVar[str] = "pomdp"
    summary: ClassVar[str] = "POMDPs and MDPs in Cassandra's format (.pomdp, .mdp), one agent"
    suffixes: ClassVar[tuple[str, ...]] = (".pomdp", ".mdp")
    own_horizon: ClassVar[bool] = False

    def applies(self, source: Source) -> str | None:
        """None for a text of this format; only its beginning and shape are looked at."""
        return None if self._recognises(source) else "it lacks the preamble of a .pomdp file"

    def _recognises(self, source: Source) -> bool:
        """Whether the text has at least three items of the preamble, no agents, and is not a game of our language."""
        text = _COMMENT.sub("", source.text)
        words = {found.group(1) for found in _PREAMBLE.finditer(text)}
        return len(words) >= 3 and not _AGENTS.search(text) and not _OURS.match(text)

    def read(
        self, source: Source, *, horizon: int | None, discount: float | None, reward: RewardReading | None
    ) -> Imported:
        """The model over the reachable states; raises as `DpomdpImporter.read` does.

        A file without `observations:` is an MDP: the agent observes the state, the first one included.
        """
        from posgc_dpomdp.header import read_single_header
        from posgc_dpomdp.pomdp_syntax import parse_pomdp
        from posgc_dpomdp.reading import read_model

        require_sense(self, source, horizon, discount, reward)
        complaints = Complaints(source, _MOOT)
        document = parse_pomdp(complaints)
        header = read_single_header(document, complaints)
        if reward == "zero_sum":
            complaints.error("I106", "a zero-sum reading needs two agents, and the file has one", None, "leave it out")
        return read_model(document, header, complaints, horizon or 1, discount, reward)
