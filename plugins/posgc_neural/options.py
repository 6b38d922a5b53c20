"""Options of the three learners; those of the baselines are the published ones."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

__all__ = ["PICTURES", "BaselineOptions", "FmOptions", "LaciOptions", "RnnOptions"]

Device = Literal["auto", "cpu", "cuda"]
PICTURES = (".svg", ".png", ".pdf")
"""Endings of pictures of curves."""
WIDEST = 10_000
"""The largest memory, width and number of networks."""


def _require(options: BaselineOptions | LaciOptions, wholes: tuple[str, ...], shares: tuple[str, ...]) -> None:
    """Raises ValueError for what is no whole number from 1, or lies outside [0, 1]."""
    for name in wholes:
        value, least = getattr(options, name), f"{name.replace('_', '-')} is a whole number from 1"
        if value < 1:
            raise ValueError(f"{least}, not {value}")
        if name in ("memory", "hidden", "members") and value > WIDEST:
            raise ValueError(f"{least} to {WIDEST:,}, not {value}")
    for name in shares:
        if not 0 <= getattr(options, name) <= 1:
            raise ValueError(f"{name.replace('_', '-')} lies in [0, 1], which {getattr(options, name)} does not")
    if options.time_limit is not None and not options.time_limit >= 0:
        raise ValueError(f"time-limit is a number of seconds from 0, not {options.time_limit}")
    for rate in (value for name, value in vars(options).items() if name in ("rate", "fit_rate")):
        if not 0 < rate < float("inf"):
            raise ValueError(f"a rate of Adam is a number above 0, not {rate}")


def _require_curve(path: str | None) -> None:
    """Raises ValueError where a curve could not be written there, before anything is learned."""
    if path is None:
        return
    ending = Path(path).suffix.lower()
    if ending not in (".csv", *PICTURES):
        raise ValueError(f"curve is a file .csv, .svg, .png or .pdf, not {path}")
    if not Path(path).parent.is_dir():
        raise ValueError(f"curve: there is no folder {Path(path).parent}")
    if ending in PICTURES and importlib.util.find_spec("matplotlib") is None:
        raise ValueError("curve: pictures are drawn by matplotlib; pip install 'posgc[plot]', or write a .csv")


@dataclass(frozen=True)
class BaselineOptions:
    """How both baselines are taught."""

    # episodes, as far as the budget allows
    episodes: int = 40_000
    # episodes that are played at a time, each followed by its own gradient step; ours, the published number is 1
    together: int = 10
    # width of the network
    hidden: int = 10
    # of Adam
    rate: float = 1e-2
    # what the target network's values count
    bootstrap: float = 0.75
    # joint steps that are kept
    replay: int = 4000
    # joint steps of a gradient step
    batch: int = 400
    # episodes after which the target network becomes a copy
    sync: int = 100
    # share of random actions at the beginning and at the end, linear between them
    explore_from: float = 0.8
    explore_to: float = 0.0
    # auto: a GPU where PyTorch finds one
    device: Device = "auto"
    # file for the curve of returns: .csv, or .svg, .png, .pdf
    curve: str | None = None
    # seconds after which the episodes that are being played are the last; none: no limit
    time_limit: float | None = field(default=None, metadata={"recorded": False})

    def __post_init__(self) -> None:
        wholes = ("episodes", "together", "hidden", "replay", "batch", "sync")
        _require(self, wholes, ("bootstrap", "explore_from", "explore_to"))
        _require_curve(self.curve)


@dataclass(frozen=True)
class FmOptions(BaselineOptions):
    """Those of `fm-e`."""

    # tokens that the network reads
    memory: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self, ("memory",), ())


@dataclass(frozen=True)
class RnnOptions(BaselineOptions):
    """Those of `rnn-e`."""

    explore_from: float = 0.2


@dataclass(frozen=True)
class LaciOptions:
    """How `laci-neural` fits its model and plans in it; the paper gives the memory alone."""

    # increments of common information that a window holds
    memory: int = 4
    # width of the two hidden layers of each network
    hidden: int = 64
    # passes over all joint steps in which the model is fitted
    passes: int = 15
    # networks whose means the model is
    members: int = 5
    # weight decay of Adam while the model is fitted
    decay: float = 0.01
    # of Adam while the model is fitted; falls to 0 along a cosine
    fit_rate: float = 3e-3
    # joint steps of a gradient step while the model is fitted
    fit_batch: int = 500
    # Q-learning: episodes of the model
    episodes: int = 100_000
    # episodes of the model that are played at a time
    together: int = 100
    # gradient steps after each time
    gradients: int = 4
    # episodes of the model that are kept
    replay: int = 20_000
    # episodes of a gradient step
    batch: int = 200
    # of Adam; falls to 0 along a cosine
    rate: float = 3e-3
    # episodes of the model after which the target network becomes a copy
    sync: int = 2_000
    # share of random joint actions at the beginning and at the end, linear between them
    explore_from: float = 1.0
    explore_to: float = 0.1
    # probability of an increment in the model, at a window that the policy leads to, below which it is not pursued
    rare: float = 1e-3
    # auto: a GPU where PyTorch finds one
    device: Device = "auto"
    # file for the curve of returns in the model: .csv, or .svg, .png, .pdf
    curve: str | None = None
    # seconds after which no more is fitted, and little more is learned; none: no limit
    time_limit: float | None = field(default=None, metadata={"recorded": False})

    def __post_init__(self) -> None:
        wholes = (
            "memory",
            "hidden",
            "passes",
            "members",
            "fit_batch",
            "episodes",
            "together",
            "gradients",
            "replay",
            "batch",
        )
        _require(self, (*wholes, "sync"), ("explore_from", "explore_to", "rare", "decay"))
        _require_curve(self.curve)
