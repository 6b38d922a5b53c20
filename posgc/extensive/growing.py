"""The layers of a game, grown step by step with array operations from model, protocol and codes of news."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.extensive.layers import ExtensiveGame, InformationSets, Layer
from posgc.extensive.merging import Merger, Rows
from posgc.extensive.moves import StateMoves, live_states
from posgc.extensive.room import Room, require_room
from posgc.information.codes import CODE_LIMIT, first_news, kept, learnt
from posgc.information.items import Information
from posgc.language.diagnostics import LimitError
from posgc.model.arrays import Model

__all__ = ["ENTRY_LIMIT", "extensive_game", "rewards_cancel"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Sets = tuple[InformationSets, ...]

ENTRY_LIMIT = 30_000_000
"""Entries of the tables of one step, and payoffs of all; a step takes some 60 bytes for each (2 GB)."""


def extensive_game(
    information: Information, *, payoffs: int = ENTRY_LIMIT, entries: int = ENTRY_LIMIT, merge: bool | None = None
) -> ExtensiveGame:
    """The game in layers; agents must forget nothing.

    In a game of two agents sets can be merged, which keeps values and Nash equilibria but not correlated ones: they are
    in every such game with `merge`, in none where it is False, and where rewards cancel when nothing is said.

    Every table is counted before it is made, and those of all steps before the first one is unless sets are merged.
    Raises LimitError past `payoffs` payoffs of all steps or `entries` entries of one step's tables, and where codes of
    news need more than 62 bits.
    """
    live = live_states(information.model)
    cancel = rewards_cancel(information.model)
    merging = information.n_agents == 2 and (cancel if merge is None else merge)
    payees = 1 if cancel else information.model.n_agents
    if not merging:
        require_room(information, live, Room(payoffs, entries, payees))
    room = Room(payoffs, entries, payees)
    rows, sets = _first(information, live)
    layers, errors = list[Layer](), np.zeros(information.horizon)
    for h in range(1, information.horizon + 1):
        if merging:
            merger = Merger(information, h, rows, sets)
            rows, sets, errors[h - 1] = merger.run()
        room.layer(h, rows.weight.shape[0], len(information.model.allowed(h)))
        layers.append(_layer(information.model, h, rows, sets, payees))
        if h == information.horizon or not live[h].any():
            break
        rows, sets = _next(information, h, rows, sets, live[h], room)
        if not len(rows.u):
            break  # nothing that can still be earned is reached
    return ExtensiveGame(tuple(layers), errors[: len(layers)])


def rewards_cancel(model: Model) -> bool:
    """Whether there are two agents whose rewards cancel; rewards of 0 do, though both agents share them as well."""
    return model.n_agents == 2 and all((k.reward[0] == -k.reward[1]).all() for k in model.kernels)


def _layer(model: Model, h: int, rows: Rows, sets: Sets, payees: int) -> Layer:
    """What the first `payees` agents earn at a step."""
    tables = model.kernel(h).reward[:payees, model.allowed(h)] * model.discount ** (h - 1)
    shape = payees, rows.weight.shape[0], *(one.n_choices for one in sets)
    payoff = np.stack([rows.weight @ table.T for table in tables]).reshape(shape)
    return Layer(sets, rows.joint, payoff, rows.weight.nnz)


def _first(information: Information, live: Bools) -> tuple[Rows, Sets]:
    """What step 1 begins with."""
    initial = information.model.initial
    some = live[0][initial.state]
    if not some.any():
        some[:1] = True  # nothing can be earned: one history stands for all
    news, u = first_news(information, initial.observation[some])
    entry = sparse.csr_array(
        (initial.probability[some], (np.arange(len(u)), initial.state[some])), shape=(len(u), len(live[0]))
    )
    empty = np.zeros(len(u), dtype=np.int64)
    n = information.model.n_agents
    return _rows(information, 1, [empty] * n, None, list(news), u, entry)


def _rows(
    information: Information,
    h: int,
    before: list[Ints],
    last: Sets | None,
    news: list[Ints],
    u: Ints,
    law: sparse.csr_array,
) -> tuple[Rows, Sets]:
    """Rows and information sets of step h from histories with sequences `before` of the step before, whose sets are
    `last`, news and laws."""
    found, own = [], []
    for i in range(information.model.n_agents):
        choices = 1 if last is None else last[i].n_choices
        n_before = 1 if last is None else len(last[i]) * choices
        codes, at = np.unique(news[i], return_inverse=True)
        if n_before * len(codes) > CODE_LIMIT:
            raise LimitError(f"step {h}: information sets and their news need more than 62 bits; take fewer steps")
        keys, which = np.unique(before[i] * len(codes) + at, return_inverse=True)
        sequence, code = keys // len(codes), codes[keys % len(codes)]
        into = sparse.csr_array((np.ones(len(keys)), (np.arange(len(keys)), sequence)), shape=(len(keys), n_before))
        if last is not None and last[i].played is not None:
            into = sparse.csr_array(into @ _standing(last[i]))
        source, to = sequence // choices, np.arange(len(keys))
        order = np.lexsort((code, source))
        n_choices = len(information.model.choices(i, h))
        found.append(InformationSets(into, n_choices, source[order], code[order], to[order]))
        own.append(which)
    widths = tuple(len(sets) for sets in found)
    if math.prod(widths) > CODE_LIMIT:
        raise LimitError(f"step {h}: combinations of information sets need more than 62 bits; take fewer steps")
    rows = Rows.summed(np.stack(own), u, law, widths)
    if information.model.kernel(h).played is not None:
        found = [replace(sets, played=_played(information, h, rows, i, len(sets))) for i, sets in enumerate(found)]
    return rows, tuple(found)


def _standing(sets: InformationSets) -> sparse.csr_array:
    """[sequences, sequences]: 1 where that of the row is played for that of the column (`InformationSets.played`)."""
    assert sets.played is not None
    size = sets.played.size
    row = np.repeat(np.arange(len(sets)), sets.n_choices) * sets.n_choices + sets.played.ravel()
    return sparse.csr_array((np.ones(size), (row, np.arange(size))), shape=(size, size))


def _played(information: Information, h: int, rows: Rows, agent: int, count: int) -> Ints:
    """`InformationSets.played`; at all states that are possible in a set it is the same (`require_known_moves`)."""
    own = information.model.played_choices(agent, h)
    assert own is not None
    found = np.tile(np.arange(own.shape[1]), (count, 1))
    found[np.repeat(rows.joint[agent], np.diff(rows.weight.indptr))] = own[rows.weight.indices]
    return found


def _next(
    information: Information,
    h: int,
    rows: Rows,
    sets: Sets,
    live: Bools,
    room: Room,
) -> tuple[Rows, Sets]:
    """Rows and information sets of step h + 1."""
    model = information.model
    moves = StateMoves.of(model, h, live)
    ways = int(np.diff(moves.table.indptr)[rows.weight.indices].sum())
    room.ways(h + 1, rows.weight.shape[0], ways)
    before, way, law = moves.ahead(rows.weight)
    action, seen = model.allowed(h)[moves.action[way]], moves.observation[way]
    held, pending = rows.u[before], information.pending(h)
    sizes = [one.n_choices for one in sets]
    played = np.unravel_index(moves.action[way], sizes)
    sequences = [joint[before] * size + own for joint, size, own in zip(rows.joint, sizes, played, strict=True)]
    news = [learnt(information, i, h, pending, held, action, seen) for i in range(model.n_agents)]
    return _rows(information, h + 1, sequences, sets, news, kept(information, h, held, action, seen), law)
