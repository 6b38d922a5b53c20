"""Whether every agent knows which of its moves exist, where that depends on the state."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from posgc.information.codes import Codec, decode, project
from posgc.information.graph import Layer, grow_layers
from posgc.information.items import Information, Item
from posgc.language.diagnostics import Diagnostic, InputError, LimitError
from posgc.language.ir import Game

__all__ = ["require_known_moves"]

Ints = npt.NDArray[np.int64]


def require_known_moves(information: Information, max_nodes: int, game: Game | None = None) -> None:
    """Raises InputError (E516) with a witness, two states that an agent cannot tell apart and in which it has different
    moves; LimitError where that is not decided with so many common beliefs.

    All that can be possible to an agent is looked at: at each node of the graph under uniform play, and for each
    private information, the states in the support of the belief.  `game` says where in the text the moves are.
    """
    model = information.model
    if model.always_legal:
        return
    trace: list[tuple[Ints, Ints]] = []
    try:
        for layer in grow_layers(information, max_nodes):
            trace.append((layer.parent, layer.parent_z))
            for agent, own in enumerate(layer.table.played or ()):
                found = _unknown(information, layer, trace, agent, own)
                if found is not None:
                    raise _error(found, agent, game)
    except LimitError as error:
        why = f"whether every agent knows which of its moves exist is not decided: {error}"
        raise LimitError(why) from None


def _unknown(
    information: Information, layer: Layer, trace: list[tuple[Ints, Ints]], agent: int, own: Ints
) -> str | None:
    """What the agent cannot tell at a layer, in words; `own` [X, choices] is as in `StepTable.played`."""
    belief, cells, h = layer.belief, layer.table.cells, layer.h
    held = project(information, h, cells.u)[agent][cells.u_of]
    node, cell = np.repeat(np.arange(len(layer)), np.diff(belief.indptr)), belief.indices
    order = np.lexsort((held[cell], node))
    node, cell = node[order], cell[order]
    same = (np.diff(node) == 0) & (np.diff(held[cell]) == 0)
    (apart,) = np.nonzero(same & (own[cell[1:]] != own[cell[:-1]]).any(axis=1))
    if not len(apart):
        return None
    two = int(cell[apart[0]]), int(cell[apart[0] + 1])
    said = _history(information, trace, h, int(node[apart[0]]))
    said += _words(information, information.private_of(agent, h), int(held[two[0]]))
    model, labels = information.model, information.model.choice_labels(agent, h)
    states = [model.state_label(int(cells.s[x])) for x in two]
    moves = [", ".join(labels[k] for k in np.unique(own[x])) for x in two]
    return (
        f"{model.signature.agents[agent]} cannot tell which of its moves exist at step {h}: it knows "
        f"{', '.join(said) or 'nothing'}, and has {moves[0]} where {states[0]}, and {moves[1]} where {states[1]}"
    )


def _error(what: str, agent: int, game: Game | None) -> InputError:
    cure = "let the agent observe what the `when` of its action reads, or choose another protocol with --share"
    if game is None:
        return InputError([Diagnostic("E516", what, help=cure)])
    places = [v.legal[0].span for v in game.actions if v.legal is not None and v.agent == agent]
    return InputError([Diagnostic("E516", what, places[0], cure)], game.source)


def _history(information: Information, trace: list[tuple[Ints, Ints]], h: int, node: int) -> list[str]:
    """What is common at a node, in words."""
    found: list[list[str]] = []
    for t in range(h, 0, -1):
        parent, parent_z = trace[t - 1]
        found.append(_words(information, information.increment(t), int(parent_z[node])))
        node = int(parent[node])
    return [word for part in reversed(found) for word in part]


def _words(information: Information, items: tuple[Item, ...], code: int) -> list[str]:
    digits = decode(Codec.of(information, items), code)
    return [
        f"{information.label(item)}={information.variable(item).values[digit]}"
        for item, digit in zip(items, digits, strict=True)
    ]
