"""Games in extensive form, written down by hand as `.efg` texts from their rules.

A node is `(player, information set, {action: node})`, `("chance", {action: (probability, node)})` or the payoffs.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import permutations
from typing import Any

__all__ = ["WRITTEN", "auction", "centipede", "efg", "kuhn"]

Node = Any


def efg(title: str, players: tuple[str, ...], root: Node) -> str:
    """The text; information sets are numbered as they are met."""
    lines = [f'EFG 2 R "{title}" {{ {" ".join(f"{chr(34)}{p}{chr(34)}" for p in players)} }}', '""']
    sets: dict[tuple[int, object], int] = {}
    counts = [0] * (len(players) + 1)
    outcomes: dict[tuple[Fraction, ...], int] = {}

    def write(node: Node) -> None:
        if not isinstance(node[0], str):
            number = outcomes.setdefault(tuple(map(Fraction, node)), len(outcomes) + 1)
            lines.append(f't "" {number} "" {{ {", ".join(str(Fraction(x)) for x in node)} }}')
            return
        if node[0] == "chance":
            counts[0] += 1
            law = " ".join(f'"{name}" {Fraction(p)}' for name, (p, _) in node[1].items())
            lines.append(f'c "" {counts[0]} "" {{ {law} }} 0')
            children = [child for _, child in node[1].values()]
        else:
            player = players.index(node[0]) + 1
            key = player, node[1]
            if key not in sets:
                counts[player] += 1
                sets[key] = counts[player]
            names = " ".join(f'"{name}"' for name in node[2])
            lines.append(f'p "" {player} {sets[key]} "{node[1]}" {{ {names} }} 0')
            children = list(node[2].values())
        for child in children:
            write(child)

    write(root)
    return "\n".join([*lines, ""])


def uniform(nodes: dict[str, Node]) -> Node:
    return "chance", {name: (Fraction(1, len(nodes)), node) for name, node in nodes.items()}


def kuhn(cards: int = 3, rake: Fraction = Fraction(0)) -> str:
    """Kuhn's poker (1950): ante 1, bet 1, one card each; who wins pays `rake` times the opponent's stake."""

    def deal(mine: int, hers: int) -> Node:
        def show(stake: int) -> Node:
            won = stake * (1 - rake)
            return (won, -stake) if mine > hers else (-stake, won)

        call = "bob", f"{hers} bet", {"fold": (1 - rake, -1), "call": show(2)}
        answer = "ann", f"{mine} check bet", {"fold": (-1, 1 - rake), "call": show(2)}
        checked = "bob", f"{hers} check", {"check": show(1), "bet": answer}
        return "ann", f"{mine}", {"check": checked, "bet": call}

    return efg(
        "Kuhn poker", ("ann", "bob"), uniform({f"{a} {b}": deal(a, b) for a, b in permutations(range(cards), 2)})
    )


def one_card() -> str:
    """Myerson (1991), section 2.1: a red or black card, raise or fold, meet or pass."""

    def card(sign: int) -> Node:
        meet = "bob", "raised", {"meet": (2 * sign, -2 * sign), "pass": (1, -1)}
        return "ann", "red" if sign > 0 else "black", {"raise": meet, "fold": (sign, -sign)}

    return efg("One card", ("ann", "bob"), uniform({"red": card(1), "black": card(-1)}))


def beer_quiche() -> str:
    """Cho & Kreps (1987): strong with 9/10; breakfast is worth 1 where it suits, not to be fought 2; who fights the
    weak earns 1, and so does who lets the strong go."""

    def stranger(strong: bool) -> Node:
        def breakfast(beer: bool) -> Node:
            pleased = int(beer == strong)
            fought = {"fight": (pleased, int(not strong)), "leave": (pleased + 2, int(strong))}
            return "bully", "beer" if beer else "quiche", fought

        return "stranger", "strong" if strong else "weak", {"beer": breakfast(True), "quiche": breakfast(False)}

    tenth = Fraction(1, 10)
    root = "chance", {"strong": (9 * tenth, stranger(True)), "weak": (tenth, stranger(False))}
    return efg("Beer or quiche", ("stranger", "bully"), root)


def centipede(legs: int = 6) -> str:
    """Rosenthal (1981): who takes gets four fifths of a pot that doubles whenever it is passed."""
    pot = Fraction(5 * 2**legs)
    node: Node = (pot * 4 / 5, pot / 5) if legs % 2 == 0 else (pot / 5, pot * 4 / 5)
    for leg in reversed(range(legs)):
        pot = Fraction(5 * 2**leg)
        taken = (pot * 4 / 5, pot / 5) if leg % 2 == 0 else (pot / 5, pot * 4 / 5)
        node = ("ann", "bob")[leg % 2], f"leg {leg + 1}", {"take": taken, "pass": node}
    return efg("Centipede", ("ann", "bob"), node)


def trust() -> str:
    """Berg, Dickhaut & McCabe (1995) with whole sums: of 2 sent, trebled, the trustee returns none, half or all."""

    def sent(sum_: int) -> Node:
        if not sum_:
            return (2, 0)
        back = {"none": 0, "half": 3 * sum_ // 2, "all": 3 * sum_}
        return "trustee", f"sent {sum_}", {name: (2 - sum_ + r, 3 * sum_ - r) for name, r in back.items()}

    return efg("Trust", ("sender", "trustee"), ("sender", "start", {str(k): sent(k) for k in (0, 1, 2)}))


def inspection() -> str:
    """Dresher (1962), one stage: the inspector pays 1 to look; who is caught pays 3, who is not gains 2."""
    act = {"legal": (-1, 0), "violate": (1, -3)}, {"legal": (0, 0), "violate": (-2, 2)}
    look = {name: ("inspectee", "start", moves) for name, moves in zip(("look", "stay"), act, strict=True)}
    return efg("Inspection", ("inspector", "inspectee"), ("inspector", "start", look))


def auction(values: int = 3) -> str:
    """A sealed-bid first-price auction: values 1 to `values` are drawn independently, bids are whole numbers below the
    own value, ties are broken by a coin."""

    def bids(mine: int, hers: int) -> Node:
        def opened(a: int, b: int) -> Node:
            if a == b:
                return Fraction(mine - a, 2), Fraction(hers - b, 2)
            return (Fraction(mine - a), Fraction(0)) if a > b else (Fraction(0), Fraction(hers - b))

        def second(a: int) -> Node:
            return "bob", f"{hers}", {str(b): opened(a, b) for b in range(hers)}

        return "ann", f"{mine}", {str(a): second(a) for a in range(mine)}

    worth = range(1, values + 1)
    return efg("Auction", ("ann", "bob"), uniform({f"{a} {b}": bids(a, b) for a in worth for b in worth}))


def education() -> str:
    """Spence (1973) in the small: an able worker pays 1 to study, another 3; an employer who cannot tell them apart
    pays 4 for a skilled post, in which the able earn the firm 6 and others 2, or 2 for one in which all earn it 3."""

    def worker(able: bool) -> Node:
        def post(studied: bool) -> Node:
            cost = (1 if able else 3) if studied else 0
            hired = {"skilled": (4 - cost, (6 if able else 2) - 4), "simple": (2 - cost, 1)}
            return "firm", "studied" if studied else "not", hired

        return "worker", "able" if able else "other", {"study": post(True), "work": post(False)}

    return efg("Education", ("worker", "firm"), uniform({"able": worker(True), "other": worker(False)}))


def entry() -> str:
    """Selten (1978), one market: an entrant stays out or comes in, the incumbent fights or shares."""
    answer = "incumbent", "entered", {"fight": (-1, -1), "share": (1, 1)}
    return efg("Entry", ("entrant", "incumbent"), ("entrant", "start", {"in": answer, "out": (0, 2)}))


WRITTEN: dict[str, tuple[Callable[[], str], tuple[tuple[float, float], ...] | None]] = {
    "kuhn": (kuhn, ((-1 / 18, 1 / 18),)),  # Kuhn (1950)
    "one card": (one_card, ((1 / 3, -1 / 3),)),  # Myerson (1991)
    # both pool; with less than all beer the bully would know the weak
    "beer or quiche": (beer_quiche, ((2.9, 0.9), (2.1, 0.9))),
    "centipede": (centipede, ((4.0, 1.0),)),  # in every equilibrium the first takes
    "trust": (trust, ((2.0, 0.0),)),  # nothing is returned on the path, so nothing is sent
    # looked at with 2/5 the inspectee is indifferent, and violating with 1/4 makes the inspector so: worth -1/2 and 0
    "inspection": (inspection, ((-0.5, 0.0),)),
    "entry": (entry, ((1.0, 1.0), (0.0, 2.0))),
    # several equilibria, or no payoffs by hand: what is found is checked by its gap
    "education": (education, None),
    "auction": (auction, None),
    "raked poker": (lambda: kuhn(4, Fraction(1, 10)), None),
}
"""Texts, and the payoffs of all their Nash equilibria where these were found by hand."""
