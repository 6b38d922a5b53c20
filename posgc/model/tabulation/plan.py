"""The order in which a batch of rows is branched by draws, paid, and merged again.

Three facts keep the table of branches small, and none of them changes the law of (s', o') or the
conditional expectation of the reward given (s, a, s', o'):

* a `chance` that nothing evaluated reads is never drawn;
* a `chance` is drawn just before its first reader, and once its last reader is done, rows that differ in
  nothing else are merged: what is drawn later does not read it, so their futures have the same law, and
  their rewards are averaged with their probabilities;
* a reward is evaluated as soon as everything it reads is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from posgc.language import ir
from posgc.model.tabulation.law import Target
from posgc.model.tabulation.reads import Flow, Slot

__all__ = ["Draw", "Merge", "Pay", "Plan", "schedule"]


@dataclass(frozen=True)
class Draw:
    slot: Slot
    law: ir.Dist
    target: Target


@dataclass(frozen=True)
class Pay:
    """Evaluate one of the distinct rewards."""

    number: int  # among the distinct rewards
    reward: ir.Expr


@dataclass(frozen=True)
class Merge:
    """Rows that agree on `keep` (slots and their sizes), and descend from one row, become one."""

    keep: tuple[tuple[Slot, int], ...]


Item = Draw | Pay | Merge


@dataclass(frozen=True)
class Plan:
    items: tuple[Item, ...]
    drawn: tuple[Draw, ...]  # the draws that are outcomes, `chance` excepted


def schedule(draws: Sequence[Draw], rewards: Iterable[ir.Expr], flow: Flow) -> Plan:
    """A plan for the draws, given in an order in which each reads only earlier ones."""
    chances = {d.slot: d for d in draws if d.slot[0] == "chance"}
    outcomes = [d for d in draws if d.slot not in chances]
    drawable = {d.slot for d in outcomes}
    waiting = [Pay(k, r) for k, r in enumerate(rewards)]
    done: set[Slot] = set()
    order: list[Draw | Pay] = []

    def closure(reads: frozenset[Slot]) -> frozenset[Slot]:
        """`reads` with all that the chances among them read."""
        total, fresh = set(reads), set(reads)
        while fresh:
            below = {r for s in fresh if s in chances for r in flow.reads(chances[s].law)}
            fresh = below - total
            total |= fresh
        return frozenset(total)

    def place(item: Draw | Pay, needs: frozenset[Slot]) -> None:
        for slot, chance in chances.items():
            if slot in needs and slot not in done:
                done.add(slot)
                order.append(chance)
        order.append(item)

    def pay() -> None:
        for item in tuple(waiting):
            needs = closure(flow.reads(item.reward))
            if not (needs & drawable) - done:
                place(item, needs)
                waiting.remove(item)

    pay()
    for draw in outcomes:
        place(draw, closure(flow.reads(draw.law)))
        done.add(draw.slot)
        pay()
    return Plan(tuple(_with_merges(order, flow)), tuple(outcomes))


def _with_merges(order: Sequence[Draw | Pay], flow: Flow) -> Iterable[Item]:
    last: dict[Slot, int] = {}
    for k, item in enumerate(order):
        for slot in flow.reads(item.law if isinstance(item, Draw) else item.reward):
            last[slot] = k
    final = max((k for k, item in enumerate(order) if isinstance(item, Draw)), default=-1)
    live: list[tuple[Slot, int]] = []
    for k, item in enumerate(order):
        yield item
        if isinstance(item, Draw):
            live.append((item.slot, item.target.domain.size))
        kept = [(s, size) for s, size in live if s[0] != "chance" or last[s] > k]
        # After the last draw all rows are merged in any case.
        if len(kept) < len(live) and k < final:
            yield Merge(tuple(kept))
        live = kept
