"""Where games come from: a file, a text, or arrays."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from numbers import Integral, Real
from pathlib import Path

import numpy.typing as npt

from posgc.api.arrays import model_of_arrays
from posgc.api.game import Asked, Game
from posgc.api.progress import shown
from posgc.language.diagnostics import Diagnostic, InputError, Source, with_line_feeds
from posgc.language.sharing.lag_table import LagTable
from posgc.language.text.includes import with_includes
from posgc.pipeline import Request, compile_read, compile_request
from posgc.plugin.importer import RewardReading

__all__ = ["Parameter", "from_arrays", "load", "loads", "request_of_arguments", "text_of"]

Parameter = float | int | bool | str
"""The value of a parameter of a game; text is read as `--set` reads it, such as `1/3`."""

Horizon = float | int | None
"""Decisions, or `math.inf`: the discounted game without end, cut where what follows no longer matters."""


def load(
    path: str | os.PathLike[str],
    share: str | LagTable | None = None,
    *,
    horizon: Horizon = None,
    discount: float | None = None,
    reward: RewardReading | None = None,
    progress: Asked = None,
    **parameters: Parameter,
) -> Game:
    """The game of a `.posg` file, or of a file of any format that an importer reads; `-` is standard input.

    `share`: the sharing protocol, such as `one_step` or `delayed(2)`, or a table of lags; by default the file's first.
    `horizon`, `discount`: instead of the file's.  `reward`: how an imported file's one reward is meant.  `parameters`
    are those that the game declares.

    Raises InputError with every mistake of the file or the arguments, LimitError where the game is too large.
    """
    request = request_of_arguments(os.fspath(path), share, horizon, discount, reward, parameters)
    with shown(progress) as told:
        return Game(compile_request(request, told))


def loads(
    text: str,
    share: str | LagTable | None = None,
    *,
    name: str = "<text>",
    folder: str | os.PathLike[str] | None = None,
    horizon: Horizon = None,
    discount: float | None = None,
    reward: RewardReading | None = None,
    progress: Asked = None,
    **parameters: Parameter,
) -> Game:
    """As `load`, from a text; `name` is what messages call it, and `folder` is where the files lie that it includes."""
    if not isinstance(text, str):
        raise TypeError(f"loads takes the text of a game, not {type(text).__name__}; load takes the path of a file")
    request = request_of_arguments(name, share, horizon, discount, reward, parameters)
    source = Source(name, with_line_feeds(text.removeprefix("\ufeff")))
    if folder is not None:
        source = with_includes(source, Path(folder))
    with shown(progress) as told:
        return Game(compile_request(request, told, source))


def from_arrays(
    T: npt.ArrayLike,
    O: npt.ArrayLike,
    R: npt.ArrayLike,
    *,
    initial: npt.ArrayLike,
    horizon: float | int,
    share: str | LagTable,
    discount: float = 1.0,
    agents: Sequence[str] | None = None,
    name: str = "game",
) -> Game:
    """A game from NumPy arrays, the same at every step; no file is needed.

    For n agents with A_i actions and O_i observations each, and S states:

    - `T` [A_1, …, A_n, S, S']: probability of s' after (a, s);
    - `O` [A_1, …, A_n, S', O_1, …, O_n]: probability of the joint observation after (a, s');
    - `R` [n, A_1, …, A_n, S]: the expected reward of each agent, or [A_1, …, A_n, S]: one that all share;
    - `initial` [S]: the law of the first state; nothing is observed before the first decision.

    `agents` names the agents (`1`, `2`, … by default).  Actions are called `act`, observations `obs`, values by their
    number.  Raises InputError: E634 where shapes disagree, a row is not a distribution to within 1e-9, or a reward is
    not finite; E635 for lags that do not fit; E623 for horizon or discount; LimitError where the tables are too large.
    """
    request = request_of_arguments("<arrays>", share, horizon, discount, None, {})
    arrays = model_of_arrays(T, O, R, initial, discount, agents, name)
    return Game(compile_read(request, None, lambda asked, _: (None, arrays(asked.horizon or 1), ())))


def request_of_arguments(
    path: str,
    share: str | LagTable | None,
    horizon: Horizon,
    discount: float | None,
    reward: RewardReading | None,
    parameters: dict[str, Parameter],
) -> Request:
    """Raises InputError (E611, E622, E623) for values that make no sense, TypeError for a protocol that is not one."""
    if not (share is None or isinstance(share, str | LagTable)):
        raise TypeError(f"share is the name of a protocol or a LagTable, not {type(share).__name__}")
    endless = isinstance(horizon, Real) and horizon == math.inf
    if not (endless or horizon is None or (_is(horizon, Integral) and horizon >= 1)):
        raise _impossible(f"the horizon {horizon!r} is not a number of decisions", "a whole number from 1, or math.inf")
    if not (discount is None or (_is(discount, Real) and 0 <= discount <= 1)):
        raise _impossible(f"the discount {discount!r} is not in [0, 1]", "a factor of 1 means none")
    if reward not in (None, "team", "zero_sum"):
        raise InputError([Diagnostic("E611", f"unknown reading of rewards {reward!r}", help="team, or zero_sum")])
    steps = None if endless or horizon is None else int(horizon)
    settings = {key: text_of(key, value) for key, value in parameters.items()}
    return Request(path, share, settings, steps, None if discount is None else float(discount), reward, endless=endless)


def _is(value: object, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _impossible(what: str, cure: str) -> InputError:
    return InputError([Diagnostic("E623", what, help=cure)])


def text_of(name: str, value: Parameter) -> str:
    """The value as `--set` is given it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, Real) and math.isfinite(value):
        return repr(float(value))
    raise InputError([Diagnostic("E622", f"the parameter {name} is {value!r}", help="a finite number, or text")])
