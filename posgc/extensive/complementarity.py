"""Equilibria of two agents by complementary pivoting on the sequence form, from a prior.

With plans x (E x = e) and y (F y = f) of the two agents (`posgc.extensive.choices`) that earn x' A y and x' B y, a plan
of the first is a best response to y if there are p with

    r = E' p - A y >= 0,    x . r = 0,

by duality of the linear programme that it solves, and likewise s = F' q - B' x of the second: a linear complementarity
problem (Koller, Megiddo & von Stengel 1996).  It is solved along the path of von Stengel, van den Elzen & Talman
(2002).  Fix a *prior*, plans (a, b) of which every sequence has positive probability, and let agents face the mixture
of prior and answer, with weights 1 - u and u:

    E x = u e,    F y = u f,    r = E' p - A (y + (1 - u) b),    s = F' q - B' (x + (1 - u) a).

At u = 0 both answer the prior.  Complementary pivoting (Lemke 1965) goes from there along a path of solutions with
x . r = y . s = 0, which ends at u = 1: in an equilibrium.  All along, x / u is a best response to what the first agent
faces, so that the path's plans x + (1 - u) a and y + (1 - u) b leave each agent no more to gain than 1 - u times what
its prior misses.

**Degeneracy.**  Sets that a plan does not reach, and payoffs that are equal, make basic variables 0, and pivoting could
cycle.  Right-hand sides are perturbed symbolically, in the sense of a lexicographic rule: each basic variable is a
triple (value, first, second) that is compared in this order.  The first perturbation moves payoffs, so that the answer
to the prior is unique, and the second, smaller one gives every set a positive probability.  Both are generic, drawn
from a fixed seed.

**Scales.**  The values of sets deep in the tree are small, as chance rarely leads there: the equations of r are divided
by the largest sum of payoffs of a sequence in a set or after it, and p is measured in the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.extensive.basis import Basis, Singular
from posgc.extensive.choices import Choices

__all__ = ["Bimatrix", "Path"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PIVOT = 1e-11
"""Least entry of a direction, relative to its largest, that may be divided by."""
SMALL = 1e-5
"""One below this is looked at again with a new factorisation, as it may be all rounding."""
TIE = 1e-11
"""Basic variables may be below 0 by this; ratios that this makes equal are told apart by the perturbations."""
LOST = 1e-6
"""A basic variable that is further below 0, after a new factorisation, means that rounding has led astray."""


@dataclass(frozen=True, eq=False)
class Bimatrix:
    """A game of two in sequence form, and its equations K z = k over z = (x, y, r, s, p, q, u)."""

    agents: tuple[Choices, Choices]
    payoffs: tuple[sparse.csr_array, sparse.csr_array]  # A and B, [V_1, V_2]
    scales: tuple[Floats, Floats]  # [R_1], [R_2]

    @staticmethod
    def of(agents: tuple[Choices, Choices], payoffs: tuple[sparse.csr_array, sparse.csr_array]) -> Bimatrix:
        """From payoffs [sequences of the first agent, of the second]."""
        one, two = agents
        a, b = (sparse.csr_array(one.expand.T @ each @ two.expand) for each in payoffs)
        sizes_1, sizes_2 = (np.asarray(abs(x).sum(axis=1), dtype=np.float64) for x in (a, sparse.csr_array(b.T)))
        return Bimatrix(agents, (a, b), (one.scales(sizes_1), two.scales(sizes_2)))

    @property
    def sizes(self) -> tuple[int, int]:
        """V_1, V_2."""
        return self.agents[0].size, self.agents[1].size

    def gradients(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """What each agent's variables earn against the other's plan."""
        return self.payoffs[0] @ y, self.payoffs[1].T @ x

    def equations(self, prior: tuple[Floats, Floats]) -> tuple[sparse.csc_array, Floats]:
        """K [N, M] and k [N]; rows are those of E, F, r and s."""
        (one, two), (scale_1, scale_2) = self.agents, self.scales
        (met_1, met_2), (size_1, size_2) = self.gradients(*prior), self.sizes
        unit_1, unit_2 = (sparse.diags_array(1 / s[c.owner]) for s, c in zip(self.scales, self.agents, strict=True))
        p = unit_1 @ one.constraints.T @ sparse.diags_array(scale_1)
        q = unit_2 @ two.constraints.T @ sparse.diags_array(scale_2)
        k_1, k_2 = met_1 / scale_1[one.owner], met_2 / scale_2[two.owner]
        e, f = -np.eye(len(scale_1), 1), -np.eye(len(scale_2), 1)
        blocks = [
            [one.constraints, None, None, None, None, None, e],
            [None, two.constraints, None, None, None, None, f],
            [None, -unit_1 @ self.payoffs[0], -sparse.eye_array(size_1), None, p, None, k_1[:, None]],
            [-unit_2 @ self.payoffs[1].T, None, None, -sparse.eye_array(size_2), None, q, k_2[:, None]],
        ]
        right = np.concatenate([np.zeros(len(scale_1) + len(scale_2)), k_1, k_2])
        return sparse.csc_array(sparse.block_array(blocks)), right


class Path:
    """The path from one prior; `pivot` makes a step.  Raises Singular where floating point cannot follow it."""

    def __init__(self, game: Bimatrix, prior: tuple[Floats, Floats]) -> None:
        self.game, self.prior = game, prior
        self.pivots, self.done = 0, False
        matrix, right = game.equations(prior)
        size = sum(game.sizes)
        self.size, self.u = size, matrix.shape[1] - 1
        answers = [choices.greedy(met) for choices, met in zip(game.agents, game.gradients(*prior), strict=True)]
        played = np.concatenate([answers[0], answers[1] + game.sizes[0]])
        spare = np.delete(np.arange(size), played)
        self.basis = Basis(matrix, np.concatenate([played, size + spare, np.arange(2 * size, self.u)]))
        rng = np.random.default_rng(0)
        perturbed = np.zeros((len(right), 2))
        perturbed[len(played) : size, 0] = rng.uniform(0.5, 1.0, len(spare))
        perturbed[: len(played), 1] = rng.uniform(0.5, 1.0, len(played))
        start = matrix[:, self.basis.at] @ perturbed
        self.right = np.column_stack([right, start])
        self.values = self.basis.solve(self.right)  # [N, 3]
        self.enters = self.u

    def pivot(self) -> None:
        """Let the next variable enter."""
        if self.basis.worn:
            self._factorise()
        direction = self.basis.solve(self.basis.column(self.enters))
        row = self._leaving(direction)
        if not self.basis.fresh and row is not None and abs(direction[row]) < SMALL * np.abs(direction).max():
            self._factorise()
            direction = self.basis.solve(self.basis.column(self.enters))
            row = self._leaving(direction)
        if row is None:  # the answer to the prior is an equilibrium
            self.done = True
            return
        step = self.values[row] / direction[row]
        if self.basis.at[row] == self.u:
            step = (self.values[row] - [1.0, 0.0, 0.0]) / direction[row]
        self.values -= direction[:, None] * step
        self.values[row] = step
        left = self.basis.exchange(row, self.enters, direction)
        self.pivots += 1
        if left == self.u:
            self.done = True
        else:
            self.enters = (left + self.size) % (2 * self.size)

    def _leaving(self, direction: Floats) -> int | None:
        """The row whose variable is the first to reach its bound; None where u enters and is the first."""
        kept = self.basis.at < 2 * self.size
        least = PIVOT * float(np.abs(direction).max())
        at = np.flatnonzero(kept & (direction > least))
        ratios = self.values[at] / direction[at, None]
        reach = ((self.values[at, 0] + TIE) / direction[at]).min(initial=np.inf)
        if self.enters == self.u:
            if reach >= 1.0:
                return None
        else:
            (row,) = np.flatnonzero(self.basis.at == self.u)
            if direction[row] < -least and (1.0 - self.values[row, 0]) / -direction[row] <= reach:
                return int(row)
        if not len(at):
            raise Singular("a ray, which only rounding can bring about")
        near = ratios[:, 0] <= reach
        at, ratios = at[near], ratios[near]
        return int(at[np.lexsort((ratios[:, 2], np.round(ratios[:, 1], 9)))[0]])

    def _factorise(self) -> None:
        self.basis.factorise()
        self.values = self.basis.solve(self.right)
        if self.enters == self.u:
            return
        kept = self.basis.at < 2 * self.size
        if self.values[kept, 0].min(initial=0.0) < -LOST:
            raise Singular(f"a basic variable is {self.values[kept, 0].min():.1e}")

    def plans(self) -> tuple[Floats, Floats]:
        """Variables of both agents' plans, mixed with the prior as far as the path has not come yet."""
        found, values, rest = np.zeros(self.u + 1), self.values[:, 0], 0.0
        if self.done:
            self.basis.factorise()
            values = self.basis.solve(self.right[:, 0] - self.basis.column(self.u))
        found[self.basis.at] = values
        if not self.done:
            rest = 1.0 - found[self.u]
        z = np.maximum(found[: self.size], 0.0)
        one = self.game.sizes[0]
        return z[:one] + rest * self.prior[0], z[one:] + rest * self.prior[1]
