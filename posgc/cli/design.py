"""`posgc design GAME`: which sharing protocols are worth their price."""

from __future__ import annotations

import argparse

from posgc.api import design, progress_bar
from posgc.cli.flags import add_output, add_overrides, number, pairs, positive
from posgc.cli.searching import add_search, finish, require_outputs, search_arguments
from posgc.language.concepts import CONCEPTS
from posgc.pipeline import LATTICE_LIMIT
from posgc.report import designed as report
from posgc.report.compared import require_asked_well

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `design`."""
    parser.add_argument("game", metavar="GAME", help="a .posg file, a file that an importer claims, or -")
    cost = "prices a step: 'hear = 1, hear[ann] to bob after 1 = 0.5'; the last one that fits a link counts"
    parser.add_argument("--cost", metavar="PRICES", required=True, help=cost)
    lags = "lags on offer for each link (default 0..2,never)"
    parser.add_argument("--lags", metavar="LIST", default="0..2,never", help=lags)
    along = "the network that items are passed on by: '1-2, 2-3', or one way only 'ann->bob'; default: all to all"
    parser.add_argument("--along", metavar="EDGES", help=along)
    grain = "what has a lag of its own: each link, each agent's item, or each item of all agents (default link)"
    parser.add_argument("--by", choices=("link", "owner", "item"), default="link", help=grain)
    hops = "each link pays for its hops (default), or one that links of an item share is paid for once"
    parser.add_argument("--hops", choices=("each", "once"), default="each", help=hops)
    parser.add_argument("--budget", metavar="X", type=number, help="the most that a protocol may cost, a step")
    least = "the least that a protocol may be worth"
    parser.add_argument("--min-value", metavar="V", type=number, help=least)
    within = "values that differ by no more count as equal (default 1e-6)"
    parser.add_argument("--within", metavar="X", type=number, default=1e-6, help=within)
    value = "whose value is weighed where it is not a team's: an agent, or sum"
    parser.add_argument("--value", metavar="NAME", help=value)
    parser.add_argument("--require", metavar="LIST", help="3: only protocols for which Assumption 3 holds")
    most = f"most protocols of the lattice (default {LATTICE_LIMIT})"
    parser.add_argument("--max-points", metavar="N", type=positive, default=LATTICE_LIMIT, help=most)
    parser.add_argument("-c", "--concept", choices=tuple(CONCEPTS), help="default: team for common rewards, else nash")
    setting = "value of a parameter; repeatable"
    parser.add_argument("-p", "--set", metavar="K=V", action="append", default=[], help=setting)
    add_overrides(parser)
    add_search(parser)
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """0 when the front is known; 3 when protocols that may belong to it were not solved; 1 when nothing is worth what
    is asked for, or values contradict the order of the protocols; 2 for wrong input and for what cannot be written; 130
    after Ctrl-C, when what is known is reported."""
    require_outputs(arguments)
    with progress_bar(arguments.quiet) as progress:
        found = design(
            arguments.game,
            arguments.cost,
            arguments.concept,
            lags=arguments.lags,
            along=arguments.along,
            by=arguments.by,
            hops=arguments.hops,
            budget=arguments.budget,
            min_value=arguments.min_value,
            within=arguments.within,
            value=arguments.value,
            require=arguments.require,
            max_points=arguments.max_points,
            horizon=arguments.horizon,
            progress=progress,
            **search_arguments(arguments),
            settings=pairs("--set", arguments.set),
        )
    require_asked_well(list(found.rows.values()))
    return finish(arguments, found, report)
