"""Which steps the moves of a tree belong to, so that a player sees at each step what the tree lets it know.

A POSG has a clock, and every player knows what step it is.  So a tree is a POSG where the nodes of each
information set can be given one and the same step, later than every step on the way there: where it is
*timeable* (S. K. Jakobsen, T. B. Sørensen and V. Conitzer, "Timeability of extensive-form games", ITCS 2016).
Players must recall what they knew and did.  Then a player who is told its information set when it moves, and
nothing at other steps, knows exactly what the tree says: its earlier information sets and moves, at fixed
steps, follow from the present one, and the clock adds nothing.

Moves are simultaneous where they can be: if all actions at a node lead to one information set of another
player, with no chance and no payoff between, that player moves at the same step.  If this makes a cycle of
steps, all moves are taken one after the other; if there is still one, the tree is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from posgc_gambit_files.efg_reader import Infoset, Tree
from posgc_gambit_files.tokens import Tokens, Word

__all__ = ["Landing", "Stage", "Stages", "arrange"]

Key = tuple[int, int]
Payoff = tuple[Fraction, ...]


@dataclass(frozen=True)
class Landing:
    """What may follow a joint move."""

    chance: Fraction  # its probability
    payoff: Payoff  # paid on the way
    head: int | None  # the first node of the next stage; None at the end


@dataclass(frozen=True)
class Stage:
    """Moves of one step."""

    movers: tuple[Infoset, ...]  # who moves, in the order of the tree
    # the landings after each joint move, row-major over the movers' actions, first mover most significant
    after: tuple[tuple[Landing, ...], ...]


@dataclass(frozen=True)
class Stages:
    """Stages by their first node, the step of each (from 1), and the landings before the first move."""

    first: tuple[Landing, ...]
    stages: dict[int, Stage]
    step: dict[int, int]


def arrange(tree: Tree, tokens: Tokens) -> Stages:
    """The stages of a tree.  Raises InputError (I107) where a player forgets, or no steps can be given."""
    import networkx as nx  # slow to load, and every command loads this module

    _require_recall(tree, tokens)
    for simultaneous in (True, False):
        first, stages = _stages(tree, simultaneous)
        graph: nx.DiGraph[int] = nx.DiGraph()
        group = _groups(stages)
        graph.add_nodes_from(set(group.values()))
        graph.add_edges_from(
            (_class(stage, group), _class(stages[landing.head], group))
            for stage in stages.values()
            for landings in stage.after
            for landing in landings
            if landing.head is not None
        )
        if nx.is_directed_acyclic_graph(graph):
            steps = {c: h for h, layer in enumerate(nx.topological_generations(graph), 1) for c in layer}
            return Stages(first, stages, {head: steps[_class(stage, group)] for head, stage in stages.items()})
    cycle = {node for edge in nx.find_cycle(graph) for node in edge}
    head = min(head for head, stage in stages.items() if _class(stage, group) in cycle)
    tokens.fail(
        "this move comes before and after another one, depending on play, so that no step can be given to "
        "them without telling the players more than the tree does",
        tree.nodes[head].word,
        "a POSG has a clock; this tree has none",
        "I107",
    )


def _class(stage: Stage, group: dict[Key, int]) -> int:
    return group[_key(stage.movers[0])]


def _key(infoset: Infoset) -> Key:
    return infoset.player, infoset.number


def _require_recall(tree: Tree, tokens: Tokens) -> None:
    """Every node of an information set must follow the same last information set and action of its player."""
    last: list[dict[int, tuple[Key, int]]] = []
    known: dict[Key, tuple[tuple[Key, int] | None, Word]] = {}
    for node in tree.nodes:
        own: dict[int, tuple[Key, int]] = {}
        if node.parent >= 0:
            parent = tree.nodes[node.parent]
            own = last[node.parent]
            if parent.infoset is not None and parent.infoset.player >= 0:
                own = {**own, parent.infoset.player: (_key(parent.infoset), node.place)}
        last.append(own)
        if node.infoset is not None and node.infoset.player >= 0:
            player, here = node.infoset.player, own.get(node.infoset.player)
            there, first = known.setdefault(_key(node.infoset), (here, node.word))
            if there != here:
                place = tokens.span(first)
                tokens.fail(
                    f"player {tree.players[player]} forgets in information set {node.infoset.number} what it knew or "
                    f"did: at this node it {_did(tree, here)}, at the node of line {place.line}, column {place.column} "
                    f"it {_did(tree, there)}",
                    node.word,
                    "an agent of a POSG remembers",
                    "I107",
                )


def _did(tree: Tree, move: tuple[Key, int] | None) -> str:
    """The last move of a player, in words."""
    if move is None:
        return "has not moved before"
    (player, number), place = move
    infoset = next(i for node in tree.nodes if (i := node.infoset) and _key(i) == (player, number))
    return f"last chose `{infoset.actions[place][:40]}` in information set {number}"


def _stages(tree: Tree, simultaneous: bool) -> tuple[tuple[Landing, ...], dict[int, Stage]]:
    nothing = (Fraction(0),) * len(tree.players)
    first = tuple(_landings(tree, 0, nothing))
    stages: dict[int, Stage] = {}
    heads = [landing.head for landing in first if landing.head is not None]
    while heads:
        head = heads.pop()
        movers, leaves = _block(tree, head, simultaneous)
        after = tuple(tuple(_landings(tree, leaf, nothing)) for leaf in leaves)
        stages[head] = Stage(movers, after)
        heads += [landing.head for landings in after for landing in landings if landing.head is not None]
    return first, dict(sorted(stages.items()))


def _block(tree: Tree, head: int, simultaneous: bool) -> tuple[tuple[Infoset, ...], list[int]]:
    """The movers of the stage at a node, and the nodes after it, first mover most significant."""
    infoset = tree.nodes[head].infoset
    assert infoset is not None
    movers, level = [infoset], list(tree.nodes[head].children)
    while simultaneous:
        following = {None if (i := tree.nodes[k].infoset) is None else _key(i) for k in level}
        infoset = tree.nodes[level[0]].infoset
        if (
            len(following) > 1
            or infoset is None
            or infoset.player in {-1, *(m.player for m in movers)}
            or any(tree.nodes[k].payoff is not None for k in level)
        ):
            break
        movers.append(infoset)
        level = [child for k in level for child in tree.nodes[k].children]
    return tuple(movers), level


def _landings(tree: Tree, start: int, paid: Payoff) -> Iterator[Landing]:
    """Where play goes from a node by chance alone, with what is paid on the way and on arrival."""
    stack = [(start, Fraction(1), paid)]
    while stack:
        here, chance, paid = stack.pop()
        node = tree.nodes[here]
        if node.payoff is not None:
            paid = tuple(a + b for a, b in zip(paid, node.payoff, strict=True))
        if node.infoset is None or node.infoset.player >= 0:
            yield Landing(chance, paid, None if node.infoset is None else here)
            continue
        pairs = zip(node.children, node.infoset.chances, strict=True)
        stack += [(child, chance * p, paid) for child, p in reversed(list(pairs)) if p > 0]


def _groups(stages: dict[int, Stage]) -> dict[Key, int]:
    """A number for each information set, the same for those that move at one step."""
    import networkx as nx

    joined: nx.Graph[Key] = nx.Graph()
    for stage in stages.values():
        keys = [_key(infoset) for infoset in stage.movers]
        joined.add_nodes_from(keys)
        joined.add_edges_from((keys[0], key) for key in keys)
    return {key: k for k, part in enumerate(nx.connected_components(joined)) for key in part}
