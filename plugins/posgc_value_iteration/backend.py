"""Value iteration with common information (Liu & Zhang 2023, Algorithm 1; Nayyar et al. 2013).

From the last step to the first, every node of a layer becomes a stage game of prescriptions whose payoffs
are the rewards plus the values of the next layer, and a stage oracle solves the whole layer:

- `team`: the best joint prescription (common rewards only);
- `nash`: the saddle point of a zero-sum stage by linear programming, or the team optimum where rewards are
  common, which is a Nash equilibrium; for other games an equilibrium of every two-agent stage, and for more
  agents the best profile found, whose gap says how far it is from one;
- `cce`, `ce`: a (coarse) correlated equilibrium of the stage, the one that `select` names.

What `select` picks is best at its stage, for the values that later steps leave, among equilibria that read the
node only; it is not claimed best for the game (docs/mathematics.md, Selection; games/dilemma.posg: 8 in place
of 10).

Needs Assumption 3: without it a node's belief, hence its stage game, would depend on earlier prescriptions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

from posgc.model.rewards import reward_kind
from posgc.planning.induction import Induction
from posgc.planning.oracles import Selection, stage_oracle
from posgc.plugin import ConceptName, Facts, Planner, Problem, Progress, Result

__all__ = ["Options", "ValueIteration"]


@dataclass(frozen=True)
class Options:
    """What is asked of the stage games."""

    # which CE or CCE of a stage: welfare, egalitarian, max:AGENT (name, or number from 1), entropy, any
    select: str = field(
        default="welfare",
        metadata={
            "concepts": ("ce", "cce"),
            "flag": "--select",
            "help": "which CE or CCE of each stage: welfare (default), egalitarian, max:AGENT, entropy or any",
        },
    )
    # stage gap that is tolerated, in the unit of the rewards; a leave to stop early, which for what is selected and for
    # a team means within it of the best; 0 asks for all that floating point gives
    epsilon: float = 0.0
    # of a CE: agent form (the paper's) or strategic form
    form: Literal["agent", "strategic"] = field(default="agent", metadata={"concepts": ("ce",)})
    # how CE and CCE are found
    way: Literal["auto", "lp", "columns", "regret"] = field(default="auto", metadata={"concepts": ("ce", "cce")})

    def __post_init__(self) -> None:
        if not 0 <= self.epsilon < float("inf"):
            raise ValueError(f"epsilon is a number from 0, not {self.epsilon}")


@dataclass(frozen=True)
class ValueIteration:
    """See the module."""

    name: ClassVar[str] = "value-iteration"
    summary: ClassVar[str] = "exact backward induction on the common-information graph (Algorithm 1)"
    concepts: ClassVar[frozenset[ConceptName]] = frozenset({"team", "nash", "ce", "cce"})
    reads: ClassVar[Literal["model", "samples"]] = "model"
    options: ClassVar[type] = Options
    conditional_moves: ClassVar[bool] = True

    def applies(self, facts: Facts) -> str | None:
        """Rewards must fit the concept, its form must be one of a common belief, and Assumption 3 must hold."""
        if facts.form == "extensive" or (facts.concept == "cce" and facts.form is not None):
            return "it plans on common beliefs, and this form is of plans that are drawn once, before play"
        if facts.concept == "team" and facts.rewards != "common":
            return "a team optimum needs rewards that all agents share"
        return facts.dependence

    def emit(self, problem: Problem, options: Any) -> Planner:
        """The planner of this problem."""
        strategic = problem.concept == "ce" and options.form == "strategic"
        agents = problem.information.signature.agents
        asked = Selection(options.select, options.form, options.way, options.epsilon)
        oracle = stage_oracle(problem.concept, agents, problem.seed, asked)
        planner = Induction(problem.graph, problem.concept, oracle, "ce_strategic" if strategic else None)
        if problem.concept in ("ce", "cce") and reward_kind(problem.information.model) == "general":
            return Selecting(planner, options.select)
        return planner


@dataclass(frozen=True)
class Selecting:
    """Selects among equilibria, and says of what the selection is not the best."""

    planner: Induction
    select: str

    def run(self, progress: Progress) -> Result:
        """As `Induction.run`."""
        result = self.planner.run(progress)
        caveats = [
            f"'{self.select}' is what is selected at each stage by itself, for the values that later steps "
            "leave, among equilibria that read the common belief only; one that rewards or punishes across histories "
            "of equal belief may do better for the whole game"
        ]
        ways = [
            way
            for way in ("columns stopped", "few actions", "regret")
            if any(re.search(rf"\b{way} \d", note) for note in result.claim.notes)
        ]
        if ways and self.select != "any":
            caveats.append(
                f"not so where a stage was solved by {' or '.join(ways)}: the equilibrium found there is not proved to "
                f"be the best for '{self.select}'"
            )
        return replace(result, claim=replace(result.claim, caveats=tuple(caveats)))
