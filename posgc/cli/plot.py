"""`posgc plot compression GAME`: what each compression costs and what it gives, as a picture and as a table."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from posgc.api import progress_bar
from posgc.cli.flags import add_declared, add_game, add_output, declared, pairs, request_of, seconds, unwritten
from posgc.language.concepts import CONCEPTS, ConceptName
from posgc.language.files import replace_file, require_writable
from posgc.model.rewards import reward_kind
from posgc.pipeline import compile_request, solve_each
from posgc.plugin.registry import registry
from posgc.report import documents, text
from posgc.report.chart import draw, require_drawing

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `plot`."""
    parser.add_argument("what", metavar="WHAT", choices=("compression",), help="what to draw: compression")
    add_game(parser)
    parser.add_argument("-c", "--concept", choices=tuple(CONCEPTS), help="default: team for common rewards, else nash")
    parser.add_argument("-b", "--backend", metavar="NAME", help="default: the first that applies")
    option = "back-end option; repeatable"
    parser.add_argument("-O", "--option", metavar="K=V", action="append", default=[], help=option)
    add_declared(parser, (compression.options for compression in registry().compressions.values()))
    parser.add_argument(
        "--time-limit",
        metavar="S",
        type=seconds,
        default=300.0,
        help="seconds after which nothing more is tried (default 300)",
    )
    parser.add_argument(
        "-o",
        "--out",
        metavar="FILE",
        default="compression.svg",
        help="the picture: .svg, .png or .pdf (default compression.svg)",
    )
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """0 when the picture is written; 3 when no candidate could be solved."""
    require_drawing(arguments.out)
    require_writable(arguments.out, arguments.game)
    specs = list(_swept(arguments))
    with progress_bar(arguments.quiet) as progress:
        compiled = compile_request(request_of(arguments), progress)
        concept: ConceptName = arguments.concept or ("team" if reward_kind(compiled.model) == "common" else "nash")
        found = solve_each(
            compiled,
            concept,
            specs,
            arguments.backend,
            pairs("--option", arguments.option),
            progress,
            arguments.time_limit,
        )
    solved = any(attempt.result is not None for attempt in found.attempts)
    lost = 0
    if solved:
        picture = draw(found, Path(arguments.out).suffix[1:].lower())
        lost = unwritten(lambda: replace_file(arguments.out, lambda file: file.write(picture), arguments.game))
    written = arguments.out if solved and not lost else None
    if arguments.json:
        print(documents.written(documents.plot(found, written)))
    else:
        text.plot(found, written)
    return lost if solved else 3


def _swept(arguments: argparse.Namespace) -> Iterator[str]:
    """What the flags of the compressions ask for, and once what stands beside it."""
    beside: list[str] = []
    for compression in registry().compressions.values():
        flags = declared([compression.options])
        fixed = {
            flag.option: getattr(arguments, name) or flag.default for name, flag in flags.items() if not flag.sweep
        }
        for name, flag in flags.items():
            for value in (flag.sweep and getattr(arguments, name)) or ():
                rest = "".join(f", {option}={text}" for option, text in fixed.items())
                number = int(value) if value == int(value) else value
                yield f"{compression.name}({number!r}{rest})"
                if flag.beside is not None and flag.beside not in beside:
                    beside.append(flag.beside)
    yield from beside
