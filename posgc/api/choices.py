"""How to solve: what is asked of the compression and of the back-end, from values of Python or from flags."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real

from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.numerals import real
from posgc.pipeline import CompressionRequest

__all__ = ["compression_asked", "options_asked"]


def compression_asked(
    spec: str | None, epsilon: float | str | None = None, time_limit: float | None = None
) -> CompressionRequest | None:
    """How to compress; None for not at all.

    `time_limit` is of `auto`.  Raises InputError (E613) for a gap that is not a number.
    """
    if spec is None or spec.strip() != "auto":
        return None if spec is None else CompressionRequest(spec)
    target = None if epsilon is None else _number(epsilon)
    if target is not None and not 0 <= target < math.inf:
        raise InputError(
            [
                Diagnostic(
                    "E613", f"--epsilon {epsilon} is not a gap", help="a number from 0, in the unit of the rewards"
                )
            ]
        )
    return CompressionRequest("auto", target, time_limit or CompressionRequest.seconds)


def _number(value: float | str) -> float:
    """The number; NaN for anything else."""
    try:
        return real(value) if isinstance(value, str) else float(value) if isinstance(value, Real) else math.nan
    except ValueError:
        return math.nan


def options_asked(
    options: Mapping[str, object],
    named: Mapping[str, object],
    epsilon: float | str | None,
    compress: CompressionRequest | None,
    time_limit: float | None = None,
) -> dict[str, object]:
    """The back-end's options, with those that were given by a name of their own (None: not given).  `epsilon` is not
    among them where it is the gap that a compression is to meet, nor `time_limit` where `auto` is to keep it.  Raises
    InputError (E613) where the two differ."""
    chosen = {name.replace("_", "-"): value for name, value in options.items()}
    short = {name.replace("_", "-"): value for name, value in named.items()}
    if compress is None or compress.target is None:
        short["epsilon"] = epsilon
    if compress is None or compress.spec.strip() != "auto":
        short["time-limit"] = time_limit
    for name, value in short.items():
        if value is not None and not _same(chosen.setdefault(name, value), value):
            what = f"--{name} {value} contradicts --option {name}={chosen[name]}"
            raise InputError([Diagnostic("E613", what, help="leave one of them out")])
    return chosen


def _same(one: object, other: object) -> bool:
    """Whether the two are one value, or the same number written in two ways."""
    return one == other or (
        isinstance(one, float | str) and isinstance(other, float | str) and _number(one) == _number(other)
    )
