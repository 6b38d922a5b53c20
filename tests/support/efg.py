"""A reader of `.efg` texts and a judge of profiles, from the definitions: the referee that needs nothing installed.

It insists on what the peers insist on: rational probabilities that sum to exactly one, payoffs that are repeated and
the same wherever an outcome is used, one player and one list of actions for an information set.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction

from posgc.judge.referee import Profile, SecondOpinion

__all__ = ["Efg", "judge"]

HEAD = re.compile(r'EFG 2 R "[^"]*" \{ ((?:"[^"]*" ?)+)\}')
LINE = {
    "c": re.compile(r'c "" (\d+) "" \{ (.*) \} 0$'),
    "p": re.compile(r'p "" (\d+) (\d+) "([^"]*)" \{ (.*) \} 0$'),
    "t": re.compile(r't "" (\d+) "" \{ (.*) \}$'),
}


@dataclass
class Node:
    """`player` is -1 for chance, -2 for an outcome; `law` is chance's."""

    player: int
    infoset: int = 0
    law: list[Fraction] = field(default_factory=list)
    payoffs: list[Fraction] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)
    width: int = 0


class Efg:
    """The tree of a text; fails with an assertion where the text is not in order."""

    def __init__(self, text: str) -> None:
        first, _, *lines = text.splitlines()
        head = HEAD.fullmatch(first)
        assert head, first
        self.players = re.findall(r'"([^"]*)"', head[1])
        self.labels: dict[tuple[int, int], tuple[str, ...]] = {}
        self.names: dict[tuple[int, str], int] = {}
        self.outcomes: dict[str, list[Fraction]] = {}
        open_nodes: list[Node] = []
        self.root: Node | None = None
        for line in lines:
            node = self._node(line)
            while open_nodes and len(open_nodes[-1].children) == open_nodes[-1].width:
                open_nodes.pop()
            if open_nodes:
                open_nodes[-1].children.append(node)
            else:
                assert self.root is None, "nodes after the end"
                self.root = node
            open_nodes.append(node)
        assert all(len(node.children) == node.width for node in open_nodes), "nodes are missing"

    def _node(self, line: str) -> Node:
        found = LINE[line[0]].fullmatch(line)
        assert found, line
        if line[0] == "t":
            payoffs = [Fraction(x) for x in found[2].split(", ")]
            assert len(payoffs) == len(self.players)
            assert self.outcomes.setdefault(found[1], payoffs) == payoffs
            return Node(-2, payoffs=payoffs)
        labels = tuple(re.findall(r'"([^"]*)"', found[found.lastindex or 0]))
        assert len(labels) > 1, line
        if line[0] == "c":
            law = [Fraction(x) for x in re.sub(r'"[^"]*"', "", found[2]).split()]
            assert sum(law) == 1 and min(law) > 0 and len(law) == len(labels)
            return Node(-1, law=law, width=len(law))
        player, infoset = int(found[1]) - 1, int(found[2])
        assert len(set(labels)) == len(labels)
        assert self.labels.setdefault((player, infoset), labels) == labels
        assert self.names.setdefault((player, found[3]), infoset) == infoset, "two sets with one name"
        return Node(player, infoset, width=len(labels))

    def value(self, node: Node, player: int, profile: Profile) -> float:
        """The player's expected payoff."""
        if node.player == -2:
            return float(node.payoffs[player])
        law = node.law if node.player == -1 else profile[node.player][node.infoset - 1]
        pairs = zip(law, node.children, strict=True)
        return sum(float(p) * self.value(child, player, profile) for p, child in pairs if p)

    def best(self, player: int, profile: Profile) -> float:
        """The value of a best response, under perfect recall: every information set against what comes after it."""
        members: dict[int, list[tuple[float, Node]]] = {}
        assert self.root is not None
        waiting = [(1.0, self.root)]
        while waiting:
            reach, node = waiting.pop()
            law = (
                [1.0] * node.width
                if node.player == player
                else [float(p) for p in (node.law if node.player < 0 else profile[node.player][node.infoset - 1])]
            )
            if node.player == player:
                members.setdefault(node.infoset, []).append((reach, node))
            waiting += [(reach * p, child) for p, child in zip(law, node.children, strict=True)]
        chosen: dict[int, int] = {}

        def choice(infoset: int) -> int:
            if infoset not in chosen:
                nodes = members[infoset]
                worth = [sum(r * value(node.children[a]) for r, node in nodes) for a in range(nodes[0][1].width)]
                chosen[infoset] = worth.index(max(worth))
            return chosen[infoset]

        def value(node: Node) -> float:
            if node.player == -2:
                return float(node.payoffs[player])
            if node.player == player:
                return value(node.children[choice(node.infoset)])
            law = node.law if node.player == -1 else profile[node.player][node.infoset - 1]
            return sum(float(p) * value(child) for p, child in zip(law, node.children, strict=True))

        return value(self.root)


def judge(text: str, profile: Profile) -> SecondOpinion:
    """As a referee judges."""
    game = Efg(text)
    assert game.root is not None
    players = range(len(game.players))
    values = tuple(game.value(game.root, i, profile) for i in players)
    return SecondOpinion(values, max(game.best(i, profile) - values[i] for i in players))
