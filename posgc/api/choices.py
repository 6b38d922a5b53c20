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

    Raises InputError (E613) for a gap that is not a number, and for a time limit that would do nothing.
    """
    automatic = spec is not None and spec.strip() == "auto"
    if time_limit is not None and not automatic:
        raise InputError([Diagnostic("E613", "--time-limit serves --compress auto only", help="leave it out")])
    if spec is None or not automatic:
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
) -> dict[str, object]:
    """The back-end's options, with those that were given by a name of their own (None: not given).  `epsilon` is not
    among them where it is the gap that a compression is to meet.  Raises InputError (E613) where the two differ."""
    chosen = dict(options)
    short = dict(named)
    if compress is None or compress.target is None:
        short["epsilon"] = epsilon
    for name, value in short.items():
        if value is not None and chosen.setdefault(name, value) != value:
            raise InputError(
                [
                    Diagnostic(
                        "E613",
                        f"--{name} {value} contradicts --option {name}={chosen[name]}",
                        help="leave one of them out",
                    )
                ]
            )
    return chosen
