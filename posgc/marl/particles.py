"""Three of the multi-agent particle environments (Lowe et al. 2017), as the package `mpe2` has them.

All are teams.  Actions are discrete and an episode has 25 steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.diagnostics.likeness import suggestion
from posgc.marl.installed import require_marl

__all__ = ["ENVIRONMENTS", "HORIZON", "particles"]

ENVIRONMENTS: Mapping[str, str] = MappingProxyType(
    {
        "spread": "simple_spread_v3",
        "speaker_listener": "simple_speaker_listener_v4",
        "reference": "simple_reference_v3",
    }
)
"""Modules of `mpe2` by the names that are used here."""

HORIZON = 25
"""Steps of an episode, the environments' own default."""


def particles(name: str) -> Callable[[], Any]:
    """What makes an environment of the name, with PettingZoo's parallel interface.

    Raises InputError: E644 for a name that is not one of `ENVIRONMENTS`, E636 without `posgc[marl]`.
    """
    if name not in ENVIRONMENTS:
        cure = suggestion(name, ENVIRONMENTS) or "the environments are " + ", ".join(ENVIRONMENTS)
        raise InputError([Diagnostic("E644", f"there is no environment `{name}`", help=cure)])
    require_marl()
    from pettingzoo.utils.conversions import parallel_wrapper_fn

    # The wrappers of `parallel_env` ask again what sharing asks already, and take as long as the environment itself.
    made = parallel_wrapper_fn(import_module(f"mpe2.{ENVIRONMENTS[name]}").raw_env)
    return lambda: made(max_cycles=HORIZON)
