"""The text of an `.efg` file as a tree: nodes in prefix order, without recursion.

Information sets and outcomes are told in full where they first occur; later their number is enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from posgc.plugin import LimitError
from posgc_gambit_files.tokens import Tokens, Word, distinct

__all__ = ["MAX_NODES", "Infoset", "Node", "Tree", "read_tree"]

MAX_NODES = 300_000
_SLACK = Fraction(1, 10**9)


@dataclass(frozen=True)
class Infoset:
    """What a player may do."""

    player: int  # from 0; -1 is chance
    number: int
    name: str
    actions: tuple[str, ...]
    chances: tuple[Fraction, ...] = ()  # probabilities of the actions, for chance only


@dataclass(frozen=True)
class Node:
    """A node of the tree."""

    infoset: Infoset | None  # None at an end
    payoff: tuple[Fraction, ...] | None  # paid where the node has an outcome
    children: list[int]
    parent: int
    place: int  # that of the action of `parent` that leads here
    word: Word


@dataclass(frozen=True)
class Tree:
    """Nodes in prefix order, the root first."""

    title: str
    players: tuple[str, ...]
    nodes: list[Node]


def read_tree(tokens: Tokens) -> Tree:
    """The tree.  Raises InputError at the first mistake (I101 to I105), LimitError above MAX_NODES nodes."""
    tokens.take("EFG")
    tokens.take("2")
    if not (tokens.at("R") or tokens.at("D")):
        tokens.wants("`R` or `D`")
    tokens.step()
    title = tokens.string("a title")
    players = tokens.players()
    if tokens.at_string():
        tokens.step()  # the comment
    reader = _Reader(tokens, len(players))
    waiting = [-1]
    while waiting:
        if len(reader.nodes) >= MAX_NODES:
            raise LimitError(f"the tree has more than {MAX_NODES:,} nodes: write a smaller game")
        parent = waiting.pop()
        here = reader.node(parent)
        if parent >= 0:
            reader.nodes[parent].children.append(here)
        infoset = reader.nodes[here].infoset
        waiting += [here] * (len(infoset.actions) if infoset else 0)
    if tokens.next is not None:
        tokens.wants("the end, for every action has its subtree")
    return Tree(title, players, reader.nodes)


class _Reader:
    def __init__(self, tokens: Tokens, players: int) -> None:
        self.tokens, self.players = tokens, players
        self.nodes: list[Node] = []
        self.infosets: dict[tuple[int, int], Infoset] = {}
        self.outcomes: dict[int, tuple[Fraction, ...] | None] = {0: None}

    def node(self, parent: int) -> int:
        tokens = self.tokens
        word = tokens.next
        if word is None or word.quoted or word.text not in ("c", "p", "t"):
            tokens.wants("a node (`c`, `p` or `t`)")
        tokens.step()
        tokens.string("the node's name")
        infoset = None if word.text == "t" else self._infoset(word)
        payoff = self._outcome()
        place = len(self.nodes[parent].children) if parent >= 0 else 0
        self.nodes.append(Node(infoset, payoff, [], parent, place, word))
        return len(self.nodes) - 1

    def _infoset(self, word: Word) -> Infoset:
        tokens, player = self.tokens, -1
        if word.text == "p":
            at = tokens.next
            player = tokens.count("the player") - 1
            if not 0 <= player < self.players:
                tokens.fail(f"there is no player {player + 1}", at, f"1 to {self.players}", "I102")
        at = tokens.next
        number = tokens.count("the number of the information set")
        known = self.infosets.get((player, number))
        name = tokens.string("a name") if tokens.at_string() else known.name if known else ""
        if not tokens.at("{"):
            if known is None:
                tokens.fail(f"information set {number} is not told in full before", at, "add its actions", "I102")
            return known
        actions, chances = self._actions(word.text == "c")
        if known is None:
            known = self.infosets[player, number] = Infoset(player, number, name, actions, chances)
        elif len(known.actions) != len(actions) or (player >= 0 and known.actions != actions):
            others = ", ".join(f'"{action}"' for action in known.actions)
            tokens.fail(
                f"information set {number} has other actions elsewhere: {others}",
                at,
                "the nodes of an information set have the same actions",
            )
        elif known.chances != chances:
            return Infoset(player, number, name, actions, chances)
        return known

    def _actions(self, chance: bool) -> tuple[tuple[str, ...], tuple[Fraction, ...]]:
        tokens = self.tokens
        begin = tokens.take("{")
        actions, chances = [], []
        while not tokens.at("}"):
            actions.append(tokens.string("an action"))
            if chance:
                word = tokens.next
                chances.append(tokens.number("a probability"))
                if not 0 <= chances[-1] <= 1:
                    tokens.fail("a probability lies in [0, 1]", word, "correct it", "I105")
        tokens.take("}")
        if not actions:
            tokens.fail("no actions", begin, "an information set has at least one action")
        total = sum(chances, Fraction(0))
        if chance and abs(total - 1) > _SLACK:
            tokens.fail(
                f"the probabilities of chance sum to {float(total):.12g}, not 1",
                begin,
                "exact fractions such as 1/3 sum to 1",
                "I103",
            )
        return distinct(actions), tuple(p / total for p in chances)

    def _outcome(self) -> tuple[Fraction, ...] | None:
        tokens, at = self.tokens, self.tokens.next
        number = tokens.count("the outcome")
        if tokens.at_string():
            tokens.step()
        if tokens.at("{"):
            payoff = tuple(tokens.numbers(self.players, "a payoff for each player"))
            if self.outcomes.setdefault(number, payoff) != payoff:
                tokens.fail(f"outcome {number} pays something else elsewhere", at, "one number for one outcome")
        elif number not in self.outcomes:
            tokens.fail(f"outcome {number} is not told in full before", at, "add its payoffs", "I102")
        return self.outcomes[number]
