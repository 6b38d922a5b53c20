"""What a compression is: a smaller game, the lift of its policies, and what is known of the error.

A compression of the common information replaces c_h by some c^_h with c^_{h+1} = phi(c^_h, z_{h+1})
(Liu & Zhang 2023, equation 5.1) and gives every c^_h a belief over (s, p), from which the transitions and
rewards of the model M follow (Definition 13).  Here M is a `Graph` like the exact one: nodes are the values of
c^_h, edges are phi, beliefs are P^M(s, p | c^_h).  So whatever solves the exact graph solves M.

The contract has three parts.  `applies` says whether the compression serves an information structure; `apply`
makes M; `CompressedGame.lift` carries M's policies to the game.  A graph whose edges are labelled by the game's own
increments and that has one for every increment possible in M *or* in the game needs no lift: its policies are
machines that read increments, and run in the game as they stand.  Equation (5.1) then holds because a node has
one edge for an increment.  That no increment or private information of the game is missing is checked whenever the
policy is verified or its error measured, and where neither is possible, by playing it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
import numpy.typing as npt

from posgc.information.graph import Graph
from posgc.information.items import Information
from posgc.policy.machine import Machine

__all__ = ["Certificate", "CompressedGame", "Compression", "Progress", "unlifted"]

Floats = npt.NDArray[np.float64]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Certificate:
    """A bound on the error of M that was found without the true graph.

    `kind` says what `distance` [H] (entry h - 1 for step h, L1, so at most 2) bounds:

    - `replaced`: the distance of any belief that M propagates to the one that stands for it at step h;
    - `lossless`: the same, where equal beliefs are merged and no others: zero but for rounding;
    - `expected`: E |P(s, p | c_h) - P^M(s, p | c^_h)|_1 under every policy of the game.

    `any_start`: the proof needs Assumption 3 from every (s, p) at every step, not only from the game's own start.  A
    verdict slice by slice gives that; where the assumption was shown in another way, the certificate is
    not used.
    """

    kind: Literal["lossless", "replaced", "expected"]
    distance: Floats
    any_start: bool = False


def unlifted(policy: Machine) -> Machine:
    """The lift of a policy that runs in the game as it stands."""
    return policy


@dataclass(frozen=True)
class CompressedGame:
    """M as a graph, the certificate (None: nothing is known), and the lift of M's policies to the game.

    `graph` may be a lossless quotient of `model`, on whose nodes the beliefs, and so the errors, are those of M.
    """

    graph: Graph
    model: Graph
    certificate: Certificate | None
    lift: Callable[[Machine], Machine] = unlifted


class Compression(Protocol):
    """A way to compress; `options` is a frozen dataclass whose first field may be given without its name.

    A user writes `NAME`, `NAME(value)` or `NAME(value, option=value)`.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    options: ClassVar[type]

    def applies(self, information: Information, options: Any) -> str | None:
        """None when the compression serves this game and structure, else the reason why not, as a sentence."""
        ...

    def apply(self, information: Information, options: Any, max_nodes: int, progress: Progress) -> CompressedGame:
        """M and what is known of it.  Raises LimitError past `max_nodes` nodes."""
        ...

    def candidates(self, information: Information) -> list[Any]:
        """Options worth trying on this game, cheapest model first, for `--compress auto` and `posgc check`."""
        ...
