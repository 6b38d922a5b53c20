"""Which sharing protocols are worth their price, asked from Python."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Iterable, Mapping
from typing import Literal

from posgc.api.comparing import how_to_solve, keeping, request_to_search
from posgc.api.game import Asked
from posgc.api.progress import shown
from posgc.api.reading import Parameter
from posgc.language.concepts import ConceptName, concept_of
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.sharing.offers import Grain
from posgc.pipeline import LATTICE_LIMIT, Choosable, Demands, Design, Question, Workers
from posgc.pipeline import design as designed
from posgc.plugin.importer import RewardReading

__all__ = ["design"]


def design(
    path: str | os.PathLike[str],
    cost: str | Mapping[str, float | str],
    concept: ConceptName | None = None,
    *,
    lags: str | Iterable[int | str] = "0..2,never",
    along: str | None = None,
    by: Grain = "link",
    hops: Literal["each", "once"] = "each",
    budget: float | None = None,
    min_value: float | None = None,
    within: float = 1e-6,
    value: str | None = None,
    require: str | None = None,
    max_points: int = LATTICE_LIMIT,
    horizon: int | None = None,
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
    settings: Mapping[str, Parameter] | None = None,
    **parameters: Parameter,
) -> Design:
    """The protocols that are worth their price: the Pareto front of cost a step against value, with certificates.

    `cost`: prices a step, `"hear = 1, act = 0.5"` or a mapping, of links that a clause such as `hear[ann] to bob after
    1` fits, at that lag and longer ones; the last one that fits counts.  `lags`: on offer for each link, `"0..2,never"`
    or a list.  `along`: the network that items are passed on by, `"1-2, 2-3"`.  `by`: what has a lag of its own, each
    `link`, each `owner`'s item, or each `item` of all.  `hops`: whether `each` link of an item pays for all its hops,
    or a hop that several share is paid for `once`.  `budget`: the most that a protocol may cost; `min_value`: the least
    that it may be worth; `within`: values that differ by no more count as equal.  `value`: whose value is weighed, an
    agent or `sum`, where it is not a team's.  `require="3"`: only protocols for which Assumption 3 holds.
    The rest is as in `compare`.

    `Design.front` are the protocols with their costs, values and `share` blocks; `counts` says how many were solved and
    how many need not be.  Ctrl-C ends with what is known, `stopped`.

    Raises InputError before anything is solved for a lattice of more than `max_points` protocols (E670), for prices,
    lags and links that make no sense (E671), a store that cannot be used (E661), and every mistake of the file.
    """
    if concept is not None:
        concept_of(concept)
    if require not in (None, "3"):
        what = f"--require {require}: a protocol decides Assumption 3 alone"
        raise InputError([Diagnostic("E614", what, help="--require 3, or nothing; `posgc check` looks at the others")])
    if hops not in ("each", "once"):
        raise InputError([Diagnostic("E671", f"hops are not paid for {hops}", help="each, or once")])
    if hops == "once" and along is None:
        what = "--hops once does nothing without a network"
        raise InputError([Diagnostic("E613", what, help="add --along, or leave it out")])
    wanted = Demands(
        math.inf if budget is None else _number("budget", budget, 0),
        -math.inf if min_value is None else _number("min-value", min_value, -math.inf),
        _number("within", within, 0),
    )
    prices = cost if isinstance(cost, str) else ", ".join(f"{what} = {price}" for what, price in cost.items())
    offered = lags if isinstance(lags, str) else ",".join(map(str, lags))
    given = {**(settings or {}), **parameters}
    request = request_to_search(path, discount, reward, max_nodes, seed, horizon, given)
    if request.endless:
        raise InputError([Diagnostic("E623", "a design is for a number of decisions", help="a whole number from 1")])
    solving = how_to_solve(backend, compress, epsilon, time_limit, options)

    def how(question: Question) -> Question:
        return dataclasses.replace(solving(question), independent=require == "3")

    crew = Workers(workers, ray)
    with keeping(store, request.path) as kept, shown(progress) as told:
        choosable = Choosable(prices, offered, along, by, hops == "once", max_points)
        return designed(request, choosable, concept, wanted, value, how, crew, kept, told)


def _number(what: str, value: float, least: float) -> float:
    """Raises InputError (E671) for what is no number, or too small."""
    if not (math.isfinite(value) and value >= least):
        raise InputError([Diagnostic("E671", f"--{what} {value:g} is not possible", help=f"a number from {least:g}")])
    return float(value)
