"""What may be asked of the oracle of correlated equilibria."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from posgc.equilibrium.team.oracle import TeamOptions

__all__ = ["CorrelatedOptions"]


@dataclass(frozen=True)
class CorrelatedOptions:
    """What is selected, in which form, by which way, and how hard it is tried.

    Raises ValueError for an unknown form or way, a way that cannot serve the selection or form, a negative or
    infinite epsilon or tolerance, and limits below 1.
    """

    select: str = "welfare"  # "welfare", "egalitarian", "max:AGENT" (an index), "entropy" or "any"
    form: Literal["agent", "strategic"] = "agent"  # of a CE; a CCE has one form
    # "auto" lists few prescriptions and generates columns for many, with regret dynamics where that ends without an
    # equilibrium; another value fixes the way
    way: Literal["auto", "lp", "columns", "regret"] = "auto"
    max_columns: int = 20_000  # joint prescriptions that a node may list
    max_pricings: int = 400  # rounds of column generation, for each step of the selection
    # of the first run of regret dynamics; four times as many follow as long as a node's excess is above `tolerance`
    rounds: int = 64
    max_rounds: int = 1024  # of any run
    # largest violated condition that regret dynamics may leave, relative to the node's payoff unit
    tolerance: float = 1e-4
    # the stage gap, in payoff units, that is good enough, in place of `tolerance` (see the module)
    epsilon: float = 0.0
    team: TeamOptions = field(default_factory=TeamOptions)  # for common-payoff stages and for pricing

    def __post_init__(self) -> None:
        if not 0.0 <= self.epsilon < np.inf:
            raise ValueError(f"epsilon must be a finite number >= 0, not {self.epsilon}")
        if not 0.0 <= self.tolerance < np.inf:
            raise ValueError(f"tolerance must be a finite number >= 0, not {self.tolerance}")
        if min(self.max_columns, self.max_pricings, self.rounds, self.max_rounds) < 1:
            raise ValueError("max_columns, max_pricings, rounds and max_rounds must be at least 1")
        if self.form not in ("agent", "strategic"):
            raise ValueError(f"form must be agent or strategic, not {self.form!r}")
        if self.way not in ("auto", "lp", "columns", "regret"):
            raise ValueError(f"way must be auto, lp, columns or regret, not {self.way!r}")
        listing = "select=entropy" if self.select == "entropy" else "form=strategic" if self.form == "strategic" else ""
        if listing and self.way in ("columns", "regret"):
            raise ValueError(f"{listing} needs every joint prescription listed: way={self.way} cannot serve it")
        if self.way == "regret" and self.select != "any":
            raise ValueError("way=regret serves no selection; add select=any")
