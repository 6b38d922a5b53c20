"""Read, compile and tabulate a game, and work out who knows what."""

from __future__ import annotations

import dataclasses
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from posgc.information.dropping import drop_own_actions
from posgc.information.evolution import require_evolution
from posgc.information.graph import DEFAULT_MAX_NODES
from posgc.information.items import Information
from posgc.information.moves import require_known_moves
from posgc.language import analyse
from posgc.language.diagnostics import Diagnostic, InputError, LimitError, Source, with_line_feeds
from posgc.language.diagnostics.likeness import closest
from posgc.language.ir import Game
from posgc.language.sharing.lag_table import LagTable, require_lags
from posgc.language.sharing.requests import protocol
from posgc.language.text.includes import with_includes
from posgc.model import Model, tabulate
from posgc.model.channels.lowering import lowered
from posgc.model.compare import stretched
from posgc.model.infinite import require_steady, steps_that_matter, tail
from posgc.model.mistakes_of_value import with_values
from posgc.model.rewards import require_moderate
from posgc.plugin.backend import Progress
from posgc.plugin.failing import failure
from posgc.plugin.importer import Imported, Importer, RewardReading
from posgc.plugin.registry import registry

__all__ = [
    "AssumptionFails",
    "Compiled",
    "Read",
    "Reading",
    "Request",
    "analysed",
    "compile_read",
    "compile_request",
    "importer_of",
    "model_of",
    "quiet",
    "read_game",
    "read_source",
    "timed",
    "unclaimed",
]

_FIRST_WORD = re.compile(r"(?:\s|#[^\n]*(?:\n|\Z))*(?:game|use|include)\b")

FILE_LIMIT = 64 << 20
"""Bytes of a game file that are read at all."""


class AssumptionFails(InputError):
    """The input is in order, but what was asked for rests on an assumption that fails."""

    status = 1


def quiet(stage: str, done: int, total: int) -> None:
    """A progress callback that says nothing."""


Reading = tuple[Game | None, Model, tuple[Diagnostic, ...]]
"""A game of our language or None, its model, and what is to be said of them."""


@dataclass(frozen=True)
class Request:
    """What a user asks of a game file, before anything is known of it; `endless` asks for the discounted game without
    end, cut where what follows no longer matters.  `share` is the name of a protocol, or its table of lags.  `folder`
    is where files that are included lie, None for that of the game's own file."""

    path: str
    share: str | LagTable | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    horizon: int | None = None
    discount: float | None = None
    reward: RewardReading | None = None
    max_nodes: int = DEFAULT_MAX_NODES
    seed: int = 0
    endless: bool = False
    folder: str | None = None


@dataclass(frozen=True)
class Compiled:
    """A model under a protocol; `source` is None for a model that was not read from a text."""

    request: Request
    source: Source | None
    model: Model
    information: Information
    diagnostics: tuple[Diagnostic, ...]
    seconds: dict[str, float]

    @property
    def tail(self) -> float | None:
        """What a deviation after the last step could gain where the game has no end and was cut; else None."""
        return float(np.ptp(tail(self.model), axis=1).max()) if self.request.endless else None


def read_source(path: str) -> Source:
    """The text of a file, or of standard input for `-`.  Raises InputError when it cannot be read."""
    name = "<standard input>" if path == "-" else path
    try:
        if path == "-":
            raw = sys.stdin.buffer.read(FILE_LIMIT + 1)
        else:
            if os.path.exists(path) and not os.path.isfile(path):
                raise _unreadable(name, "it is not a regular file")
            with open(path, "rb") as file:
                raw = file.read(FILE_LIMIT + 1)
        if len(raw) > FILE_LIMIT:
            raise _unreadable(name, f"it is larger than {FILE_LIMIT >> 20} MB")
        return Source(name, with_line_feeds(raw.decode("utf-8-sig")))
    except FileNotFoundError as error:
        raise _unreadable(name, error.strerror or str(error), _like(path)) from None
    except OSError as error:
        raise _unreadable(name, error.strerror or str(error)) from None
    except UnicodeDecodeError as error:
        raise _unreadable(name, f"it is not text (byte {error.start} is not UTF-8)") from None


def read_game(path: str, folder: str | None = None) -> Source:
    """As `read_source`, with the files that a `.posg` file includes in their places.

    These lie in the folder of the file or below it, or in the one given.  Raises InputError when one cannot be read.
    """
    source = read_source(path)
    if folder is None and path != "-":
        folder = os.path.dirname(path) or os.curdir
    return source if folder is None or not _is_ours(source) else with_includes(source, Path(folder))


def _unreadable(name: str, why: str, cure: str = "") -> InputError:
    cure = cure or "give a game file, or - for standard input"
    return InputError([Diagnostic("E606", f"cannot read {name}: {why}", help=cure)])


def _like(path: str) -> str:
    """A cure that names the file of the folder whose name is most like the one that is not there; "" where none is."""
    folder, name = os.path.split(path)
    found = closest(name, os.listdir(folder or ".")) if os.access(folder or ".", os.R_OK) else None
    return "" if found is None else f"did you mean {os.path.join(folder, found)}?"


Read = Callable[[Request, Progress], Reading]
"""How the model of a request is made."""


def compile_request(request: Request, progress: Progress = quiet, source: Source | None = None) -> Compiled:
    """Read, compile and tabulate a game, and work out who knows what.

    Raises InputError for every mistake in the file or the flags, LimitError past a limit.
    """
    source = read_game(request.path, request.folder) if source is None else source
    return compile_read(request, source, lambda request, progress: model_of(request, source, progress), progress)


def compile_read(request: Request, source: Source | None, read: Read, progress: Progress = quiet) -> Compiled:
    """As `compile_request`, with the model from `read`, which is asked twice for a game without end."""
    seconds: dict[str, float] = {}
    with timed(seconds, "compile"):
        if request.endless:
            request = dataclasses.replace(request, horizon=2)
        game, model, diagnostics = read(request, progress)
        if request.endless:
            require_steady(model)
            model = stretched(model, steps_that_matter(model))
            request = dataclasses.replace(request, horizon=model.horizon)
        require_moderate(model)
    with timed(seconds, "information"):
        asked = request.share
        lags = asked if isinstance(asked, LagTable) else protocol(model.signature, asked, game)
        require_lags(model.signature, lags)
        model, lags = lowered(model, lags)
        information = Information(model, lags)
        require_evolution(information)
        require_known_moves(information, request.max_nodes, game)
        information = drop_own_actions(information)
    return Compiled(request, source, model, information, diagnostics, seconds)


def model_of(request: Request, source: Source, progress: Progress) -> Reading:
    importer = importer_of(source)
    if importer is not None:
        if request.settings:
            raise InputError(
                [
                    Diagnostic(
                        "E601",
                        f"--set has no meaning for a {importer.name} file: it has no parameters",
                        help="leave --set out",
                    )
                ]
            )
        imported = _imported(importer, source, request)
        return None, imported.model, imported.diagnostics
    if not _is_ours(source):
        raise unclaimed(source)
    if request.reward is not None:
        raise InputError(
            [
                Diagnostic(
                    "E611",
                    "--reward re-reads imported files only",
                    help="a game says itself whose its rewards are: `reward team = …;`, `reward zero_sum AGENT = …;`",
                )
            ]
        )
    game = analysed(source, request.settings, request.horizon, request.discount, request.endless)
    model = tabulate(
        game, progress=lambda _, share: progress("tabulate", round(1000 * share), 1000), closed=request.endless
    )
    return game, model, game.warnings


def analysed(
    source: Source, settings: Mapping[str, str], horizon: int | None, discount: float | None, endless: bool = False
) -> Game:
    """The game of a text of our language.  Raises InputError for every mistake in it, those of value included."""
    analysis = analyse(source, settings, horizon, discount, endless, registry().blocks)
    if analysis.failure is not None:
        raise with_values(analysis, endless)
    return analysis.required()


def importer_of(source: Source) -> Importer | None:
    """The first importer that takes the text.  Raises InputError (E638) where a stranger's importer fails to answer."""
    for importer in registry().importers.values():
        try:
            if importer.applies(source) is None:
                return importer
        except Exception as error:  # a stranger's importer may raise anything at all
            if registry().is_ours(importer):
                raise
            raise failure("importer", importer.name, error) from error
    return None


def _imported(importer: Importer, source: Source, request: Request) -> Imported:
    """What the importer reads.  Raises what it finds wrong with the text, and E638 where a stranger's fails."""
    try:
        read = importer.read(source, horizon=request.horizon, discount=request.discount, reward=request.reward)
        if not isinstance(read, Imported) or not isinstance(read.model, Model):
            raise TypeError("it returned something other than an Imported with a Model")
        agents = read.model.signature.agents
        if len(set(agents)) != len(agents) or not 0 <= read.model.discount <= 1:
            raise ValueError("its model has two agents of one name, or a discount outside of [0, 1]")
        if not all(isinstance(d, Diagnostic) for d in read.diagnostics):
            raise TypeError("its diagnostics are not all of type Diagnostic")
        errors = [d for d in read.diagnostics if d.severity == "error"]
    except (InputError, LimitError, MemoryError):
        raise
    except Exception as error:  # a stranger's importer may raise anything at all
        if registry().is_ours(importer):
            raise
        raise failure("importer", importer.name, error) from error
    if errors:
        raise InputError(errors, source)
    return read


def unclaimed(source: Source) -> InputError:
    """E620, for a text that no importer claims where one should."""
    known = ", ".join(registry().importers) or "none"
    return InputError(
        [
            Diagnostic(
                "E620",
                "no importer claims this file",
                help=f"formats: {known}; a .posg file begins with `game` and needs no importing",
            )
        ],
        source,
    )


def _is_ours(source: Source) -> bool:
    """Whether a text that no importer claims is to be read as our language, by its ending or its first word."""
    return source.name.lower().endswith(".posg") or _FIRST_WORD.match(source.text) is not None


@contextmanager
def timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - start
