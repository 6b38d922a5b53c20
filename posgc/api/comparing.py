"""What sharing protocols are worth, compared from Python."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from numbers import Integral

from posgc.api.choices import compression_asked, options_asked
from posgc.api.game import Asked
from posgc.api.progress import shown
from posgc.api.reading import Parameter, request_of_arguments, text_of
from posgc.language.concepts import ConceptName, concept_of
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.numerals import whole
from posgc.pipeline import Comparison, Grid, Question, Request, Store, Workers
from posgc.pipeline import compare as compared
from posgc.plugin.importer import RewardReading

__all__ = ["compare", "how_to_solve", "keeping", "request_to_search"]


def compare(
    path: str | os.PathLike[str],
    shares: Sequence[str] | None = None,
    concept: ConceptName | None = None,
    *,
    horizon: int | str | Iterable[int] | None = None,
    backend: str | None = None,
    compress: str | None = None,
    epsilon: float | str | None = None,
    time_limit: float | None = None,
    options: Mapping[str, object] | None = None,
    discount: float | None = None,
    reward: RewardReading | None = None,
    max_nodes: int | None = None,
    seed: int = 0,
    workers: int | None = None,
    ray: str | None = None,
    store: str | os.PathLike[str] | None = None,
    progress: Asked = None,
    settings: Mapping[str, Parameter | Sequence[Parameter]] | None = None,
    **parameters: Parameter | Sequence[Parameter],
) -> Comparison:
    """What each protocol is worth at each horizon, with certificates; for a team with bounds where nothing was found.

    `shares`: protocols, by default those of the file and the standard structures that fit.  `concept`: by default
    `team` for common rewards, else `nash`.  `horizon`: a number, `"2,3,5..7"`, or numbers; by default the file's.
    `parameters` of the game, which may also stand in `settings`, may be sequences of values: every combination is a
    part of the grid.  `workers`: processes, by default this one alone.  `ray`: the address of a Ray cluster that solves
    the points instead (`auto`, `local`, `HOST:PORT`, `ray://HOST:PORT`), by default as many at a time as it has
    processors.
    `store`: a file in which rows are kept as they come, and from which those that are there are taken.  `time_limit`
    is for each point, where the back-end has one.  The rest is as in `load` and `Game.solve`.

    `Comparison.rows` are the points in order; `brackets` bounds on each, `orders` the order of the protocols, `defects`
    what contradicts it (which would be a mistake of posgc's).  Ctrl-C ends with what is known, `stopped`.

    Raises InputError before anything is solved for a grid of more than 10,000 points (E660), a store that cannot be
    used (E661), an unknown protocol, and every mistake of the file; for a cluster that cannot be used (E663).
    """
    if isinstance(shares, str):
        raise TypeError("shares is a list of protocols, not one text")
    if shares is not None and (not shares or not all(isinstance(share, str) for share in shares)):
        raise ValueError(f"shares is a list of protocols, by name or as written, not {shares!r}")
    if concept is not None:
        concept_of(concept)
    request = request_to_search(path, discount, reward, max_nodes, seed)
    grid = Grid(shares, None if horizon is None else _ranges(horizon), _settings({**(settings or {}), **parameters}))
    how = how_to_solve(backend, compress, epsilon, time_limit, options)
    crew = Workers(workers, ray)
    with keeping(store, request.path) as kept, shown(progress) as told:
        return compared(request, grid, concept, how, crew, kept, told)


def request_to_search(
    path: str | os.PathLike[str],
    discount: float | None,
    reward: RewardReading | None,
    max_nodes: int | None,
    seed: int,
    horizon: int | None = None,
    parameters: Mapping[str, Parameter] | None = None,
) -> Request:
    """The request of all points but for what differs between them."""
    request = request_of_arguments(os.fspath(path), None, horizon, discount, reward, dict(parameters or {}))
    return dataclasses.replace(request, seed=seed, max_nodes=request.max_nodes if max_nodes is None else max_nodes)


def how_to_solve(
    backend: str | None,
    compress: str | None,
    epsilon: float | str | None,
    time_limit: float | None,
    options: Mapping[str, object] | None,
) -> Callable[[Question], Question]:
    """What adds to a question how it is to be answered at every point."""
    wanted = compression_asked(compress, epsilon, time_limit)
    chosen = options_asked(options or {}, {}, epsilon, wanted)
    return lambda question: dataclasses.replace(
        question, backend=backend, options=chosen, compress=wanted, time_limit=time_limit
    )


@contextmanager
def keeping(store: str | os.PathLike[str] | None, game: str) -> Iterator[Store | None]:
    """The store at a path, open as long as the run takes."""
    kept = None if store is None else Store(store, game)
    try:
        yield kept
    finally:
        if kept is not None:
            kept.close()


def _range(word: str, text: str) -> range:
    first, dots, last = word.partition("..")
    try:
        low = whole(first.strip())
        high = whole(last.strip()) if dots else low
    except ValueError as error:
        raise _impossible(text, str(error)) from None
    if not 1 <= low <= high:
        raise _impossible(text, f"{word} holds no number of decisions")
    return range(low, high + 1)


def _ranges(horizon: int | str | Iterable[int]) -> tuple[range, ...]:
    if isinstance(horizon, str):
        return tuple(_range(word.strip(), horizon) for word in horizon.split(","))
    if isinstance(horizon, range):
        numbers: list[object] = [horizon.start, horizon[-1]] if horizon else []
    else:
        numbers = [horizon] if isinstance(horizon, Integral) else list(horizon)  # type: ignore[arg-type]
    if not numbers or not all(isinstance(h, Integral) and not isinstance(h, bool) and int(h) >= 1 for h in numbers):
        raise _impossible(repr(horizon), "not all are numbers of decisions")
    if isinstance(horizon, range):
        return (horizon if horizon.step > 0 else horizon[::-1],)
    return tuple(range(int(h), int(h) + 1) for h in numbers)  # type: ignore[call-overload]


def _impossible(text: str, why: str) -> InputError:
    cure = "whole numbers from 1 and ranges of them, such as 2,3,5..7"
    return InputError([Diagnostic("E623", f"--horizon {text}: {why}", help=cure)])


def _settings(parameters: Mapping[str, Parameter | Sequence[Parameter]]) -> dict[str, tuple[str, ...]]:
    """The values of each parameter as text, each once."""
    found: dict[str, tuple[str, ...]] = {}
    for name, given in parameters.items():
        values = [given] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
        if not values:
            raise InputError([Diagnostic("E622", f"parameter {name}: no value is given", help="give at least one")])
        found[name] = tuple(dict.fromkeys(text_of(name, value) for value in values))
    return found
