"""`.efg`: a tree of perfect recall as a POSG, where its moves can be given steps; `posgc_gambit_files.efg_stages` says
which trees those are, `posgc_gambit_files.efg_model` what the game is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import ClassVar

from posgc.plugin import Diagnostic, Imported, InputError, RewardReading, Source, require_sense

__all__ = ["EfgImporter"]


@dataclass(frozen=True)
class EfgImporter:
    """Reads trees that are POSGs, and refuses others with the reason."""

    name: ClassVar[str] = "efg"
    summary: ClassVar[str] = "games in extensive form of Gambit (.efg) that have a clock and perfect recall"
    suffixes: ClassVar[tuple[str, ...]] = (".efg",)
    own_horizon: ClassVar[bool] = True

    def applies(self, source: Source) -> str | None:
        """None for a text of this format; only its beginning and shape are looked at."""
        return None if self._recognises(source) else "it does not begin with `EFG 2`"

    def _recognises(self, source: Source) -> bool:
        """Whether the text begins with `EFG 2`."""
        return source.text.lstrip("\ufeff \t\r\n")[:64].split()[:2] == ["EFG", "2"]

    def read(
        self, source: Source, *, horizon: int | None, discount: float | None, reward: RewardReading | None
    ) -> Imported:
        """The model.  Raises InputError at the first mistake, and I107 where the tree is not a POSG; LimitError above
        MAX_ROWS."""
        from posgc_gambit_files.efg_model import Builder  # what reads is loaded for a file to read
        from posgc_gambit_files.efg_reader import read_tree
        from posgc_gambit_files.efg_stages import arrange
        from posgc_gambit_files.tokens import Tokens

        require_sense(self, source, horizon, discount, reward)
        tokens = Tokens(source)
        tree = read_tree(tokens)
        stages = arrange(tree, tokens)
        steps = max(stages.step.values(), default=1)
        for wrong, code, message, cure in (
            (reward is not None, "I106", "the file gives every player a payoff of its own", "leave --reward out"),
            (discount not in (None, 1.0), "I105", "a tree has no discount: its payoffs are totals", "--discount 1"),
            (
                horizon is not None and horizon < steps,
                "E623",
                f"the tree has {steps} steps, and --horizon {horizon} would cut it",
                f"--horizon {steps}, or none",
            ),
        ):
            if wrong:
                raise InputError([Diagnostic(code, message, None, cure)], source)
        builder = Builder(tree, stages, max(horizon or 1, steps))
        return Imported(builder.model(PurePath(source.name).stem))
