"""Flags that several commands share."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from posgc.api import Game
from posgc.information.graph import DEFAULT_MAX_NODES
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.numerals import real, whole
from posgc.language.rounding import at_most
from posgc.pipeline import Request, compile_request
from posgc.plugin.backend import Progress
from posgc.plugin.options import Flag, flags_of
from posgc.report.colour import complain

__all__ = [
    "add_game",
    "add_limits",
    "add_output",
    "add_overrides",
    "add_referee",
    "add_workers",
    "game_of",
    "gap",
    "integer",
    "natural",
    "number",
    "numbers",
    "pairs",
    "positive",
    "request_of",
    "seconds",
    "unwritten",
]

Number = TypeVar("Number", int, float)


def add_game(parser: argparse.ArgumentParser, several: bool = False) -> None:
    """GAME, or several of them, and the flags that say how to read it."""
    what = "a .posg file, a file that an importer claims, or -"
    parser.add_argument("game", metavar="GAME", help=what, nargs="+" if several else None)
    add_reading(parser)


def add_reading(parser: argparse.ArgumentParser) -> None:
    """How to read a game, wherever it comes from."""
    share = "sharing protocol, e.g. full, one_step, 'delayed(2)'"
    parser.add_argument("-s", "--share", metavar="PROTOCOL", help=share)
    parser.add_argument("--folder", metavar="DIR", help="where included files lie, instead of beside the game")
    setting = "value of a parameter; repeatable"
    parser.add_argument("-p", "--set", metavar="K=V", action="append", default=[], help=setting)
    add_overrides(parser, _horizon, "number of decisions; inf: discounted without end, cut where it no longer matters")
    add_limits(parser)


def add_limits(parser: argparse.ArgumentParser) -> None:
    """--max-nodes and --seed."""
    parser.add_argument(
        "--max-nodes",
        metavar="N",
        type=positive,
        default=DEFAULT_MAX_NODES,
        help=f"most nodes of the common-information graph (default {DEFAULT_MAX_NODES})",
    )
    parser.add_argument("--seed", metavar="N", type=natural, default=0, help="seed of whatever is random (default 0)")


def add_overrides(
    parser: argparse.ArgumentParser, horizon: Callable[[str], object] | None = None, what: str = "number of decisions"
) -> None:
    """What a file may leave open, or say otherwise; `horizon` reads the value of --horizon."""
    parser.add_argument("-H", "--horizon", metavar="H", type=horizon or _finite, help=what)
    parser.add_argument("--discount", metavar="G", type=_discount, help="discount factor, instead of the file's")
    parser.add_argument("--reward", choices=("team", "zero_sum"), help="how an imported file's one reward is meant")


def add_output(parser: argparse.ArgumentParser) -> None:
    """--json and --quiet."""
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress bar")


def add_workers(parser: argparse.ArgumentParser, do: str) -> None:
    """--workers and --ray; `do` is what they are for."""
    number = f"processes that {do} (default 1, or all of --ray)"
    parser.add_argument("-j", "--workers", metavar="N", type=positive, help=number)
    ray = f"a Ray cluster whose processes {do}: auto, local, HOST:PORT or ray://HOST:PORT"
    parser.add_argument("--ray", metavar="ADDRESS", help=ray)


def add_referee(parser: argparse.ArgumentParser) -> None:
    """--referee."""
    parser.add_argument(
        "--referee",
        metavar="NAME",
        help="have another program recompute values and gap on the exported game tree (`posgc plugins` lists them); "
        "exit with 1 when it disagrees",
    )


def add_declared(parser: argparse.ArgumentParser, kinds: Iterable[type]) -> None:
    """The flags that options of plug-ins ask for; where two ask for one name, the first decides what it is."""
    for flag in declared(kinds).values():
        what: dict[str, Any] = {"choices": flag.choices} if flag.choices else {"metavar": flag.metavar}
        if flag.sweep:
            what = {"metavar": "LIST", "type": numbers}
        help = flag.help if flag.sweep else f"{flag.help}; short for --option {flag.option.replace('_', '-')}=…"
        parser.add_argument(flag.name, help=help, **what)


def declared(kinds: Iterable[type]) -> dict[str, Flag]:
    """Flags by the name under which argparse keeps their values."""
    found: dict[str, Flag] = {}
    for flag in (flag for kind in kinds for flag in flags_of(kind)):
        found.setdefault(flag.name.lstrip("-").replace("-", "_"), flag)
    return found


def request_of(arguments: argparse.Namespace, game: str | None = None) -> Request:
    """The request that the common flags make, for the game that they name unless one is given.  Raises InputError for a
    malformed --set."""
    endless = arguments.horizon == math.inf
    return Request(
        arguments.game if game is None else game,
        arguments.share,
        pairs("--set", arguments.set),
        None if endless else arguments.horizon,
        arguments.discount,
        arguments.reward,
        arguments.max_nodes,
        arguments.seed,
        endless,
        arguments.folder,
    )


def game_of(arguments: argparse.Namespace, progress: Progress, game: str | None = None) -> Game:
    """The game that the common flags ask for.  Raises InputError and LimitError as `compile_request` does."""
    return Game(compile_request(request_of(arguments, game), progress))


def pairs(flag: str, words: list[str]) -> dict[str, str]:
    """`k=v` words as a mapping; a later one wins."""
    result = {}
    for word in words:
        name, separator, value = word.partition("=")
        if not separator or not name.strip() or not value.strip():
            raise InputError([Diagnostic("E613", f"{flag} {word}: expected name=value", help=f"{flag} name=value")])
        result[name.strip()] = value.strip()
    return result


def unwritten(write: Callable[[], object]) -> int:
    """The exit status where what `write` writes cannot be written, which is complained of, else 0: a result that is
    known is printed all the same."""
    try:
        write()
    except InputError as error:
        complain(error)
        return error.status
    return 0


def gap(text: str) -> float:
    """A bound that a gap is compared with: any number, or `inf`."""
    return _read(real, text)


def exceeds(certified: float, required: float | None) -> bool:
    """Whether what is certified is more than --require-gap asks for; if so, says so on standard error."""
    if required is None or certified <= required:
        return False
    said = "no gap is certified" if math.isinf(certified) else f"a gap of at most {at_most(certified, 6)} is certified"
    print(f"gap: {said}, and --require-gap asks for {required:g}", file=sys.stderr)
    return True


def numbers(text: str) -> tuple[float, ...]:
    """A list of numbers with commas between."""
    return tuple(_read(real, word.strip()) for word in text.split(","))


def number(text: str) -> float:
    """Any number but an infinite one."""
    value = _read(real, text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text} is not finite")
    return value


def seconds(text: str) -> float:
    """A time limit."""
    value = _read(real, text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text} is not a time")
    return value


def integer(text: str) -> int:
    """A whole number."""
    return _read(whole, text)


def positive(text: str) -> int:
    """A whole number from 1."""
    value = _read(whole, text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not positive")
    return value


def natural(text: str) -> int:
    """A whole number from 0."""
    value = _read(whole, text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative")
    return value


def _read(kind: Callable[[str], Number], text: str) -> Number:
    try:
        return kind(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _horizon(text: str) -> float:
    return math.inf if text == "inf" else _override("horizon", positive, text)


def _finite(text: str) -> float:
    return _override("horizon", positive, text)


def _discount(text: str) -> float:
    value = _override("discount", gap, text)
    if not 0 <= value <= 1:
        raise InputError([Diagnostic("E623", f"the discount {text} is not in [0, 1]", help="a factor of 1 means none")])
    return value


def _override(what: str, kind: Callable[[str], Number], text: str) -> Number:
    """What overrides the file has a code of its own (E623), as it has where its range is wrong."""
    try:
        return kind(text)
    except argparse.ArgumentTypeError as error:
        cure = "a whole number from 1, such as 10" if what == "horizon" else "a number in [0, 1], such as 0.9"
        raise InputError([Diagnostic("E623", f"--{what}: {error}", help=cure)]) from None
