"""What was found: sizes, what protocols are worth, the policy, and its certificate."""

from __future__ import annotations

from itertools import zip_longest

from posgc.language.concepts import concept_of
from posgc.language.diagnostics import LimitError
from posgc.language.numerals import plural
from posgc.pipeline import Findings
from posgc.policy.mismatch import PolicyMismatch
from posgc.report.certificate import certificate
from posgc.report.checked import compressions, growth, serving
from posgc.report.compared import table
from posgc.report.page.blocks import Block, Bullets, Commands, Facts, Fold, Section
from posgc.report.page.cutting import cut_tree
from posgc.report.page.figures import worth_figure
from posgc.report.page.recheck import identity, recheck
from posgc.report.parts import Grid
from posgc.report.strategies import grown
from posgc.report.text import found_by, solved

__all__ = ["certificate_section", "policy_section", "sizes_section", "worth_section"]

STEPS = 16
"""Steps of the table of sizes; of more the first ones and the last are shown."""

BRANCHES = 1500
"""Lines of the tree of a policy."""

TREE_SECONDS = 5.0
"""Seconds that such a tree may take in any case."""


def sizes_section(found: Findings) -> Section:
    """What is large, and what grows with the horizon."""
    model, policy, judgement = found.compiled.model, found.policy, found.judgement
    signature = model.signature
    facts = [("states that can be reached", f"{model.n_states:,}")]
    for kind, sizes in (("actions", signature.action_sizes), ("observations", signature.observation_sizes)):
        facts += [(f"{kind} of {agent}", f"{size:,}") for agent, size in zip(signature.agents, sizes, strict=True)]
    columns = [("common beliefs", found.report.layers)]
    if policy is not None and len(policy.strategy.sizes) == model.horizon:
        columns.append(("nodes of the policy", policy.strategy.sizes))
    if judgement is not None and judgement.judged_on != "play":
        columns.append((JUDGED[judgement.judged_on], judgement.pairs))
    columns = [(name, numbers) for name, numbers in columns if len(numbers)]
    blocks: list[Block] = [Facts(facts), growth(found.report)]
    if columns:
        rows = [
            (str(h), *("" if x is None else f"{x:,}" for x in row))
            for h, row in enumerate(zip_longest(*(numbers for _, numbers in columns)), 1)
        ]
        shown, left = rows, len(rows) - STEPS
        if left > 0:
            shown = [*rows[: STEPS - 1], rows[-1]]
        blocks.append(Grid(("step", *(name for name, _ in columns)), shown))
        blocks += [f"… {left:,} steps before the last are left out: `posgc check --json` has all"] if left > 0 else []
    served = [line.strip() for line in serving(found.report, True)]
    blocks.append(Fold("Which planners serve, and why others do not", [Bullets(served)]))
    blocks.append(Fold("What could be planned on instead of the whole game", list(compressions(found.report))))
    lead = "Planning costs what its sizes say. A column that grows from step to step grows with the horizon as well."
    return Section("sizes", "Sizes, and what grows", lead, blocks)


JUDGED = {"pairs": "pairs judged", "histories": "information states judged"}


def worth_section(found: Findings) -> Section:
    """The game's own protocol beside others."""
    comparison = found.comparison
    lead = "The same game under other protocols: what it is worth to be told more, or sooner."
    if comparison is None:
        endless = found.compiled.request.endless
        why = "the game has no end, and protocols are compared up to a horizon: give a finite --horizon"
        return Section("worth", "Values by protocol", lead, [why if endless else "No other protocol was looked at."])
    rows, *lines = table(comparison)
    blocks: list[Block] = [rows]
    if any(row.values or row.lower is not None or row.upper is not None for row in comparison.rows):
        blocks.append(worth_figure(comparison))
    blocks.append(Bullets([line for line in lines if isinstance(line, str) and line]))
    if comparison.stopped:
        blocks.insert(0, "The comparison was stopped before all protocols were looked at.")
    blocks += [f"The values contradict the order of the protocols, which is a defect: {d}" for d in comparison.defects]
    return Section("worth", "Values by protocol", lead, blocks)


def policy_section(found: Findings, width: int, depth: int) -> Section:
    """The tree of what each agent does."""
    policy, horizon = found.policy, found.compiled.model.horizon
    lead = "What each agent is to do, along what is likeliest to happen. A line that has more below it unfolds."
    if policy is None:
        first, *reasons = found.why.splitlines()
        return Section("policy", "The policy", lead, [f"There is none: {first}", Bullets(reasons)])
    where = f"`posgc show POLICY --width K --depth {horizon}` prints them"
    try:
        limit = found.compiled.request.max_nodes
        with found.allowed.of("the tree of the policy", least=TREE_SECONDS):
            tree = grown(found.compiled.information, policy.strategy, width, depth, limit)
    except (LimitError, PolicyMismatch) as error:
        return Section("policy", "The policy", lead, [f"The tree is not shown: {error}"])
    blocks: list[Block] = list(cut_tree(tree, BRANCHES, where))
    if horizon > depth and policy.strategy.kind != "stationary":
        blocks.append(f"… {plural(horizon - depth, 'later step')} of {horizon} not shown: {where}")
    return Section("policy", "The policy", lead, blocks)


def certificate_section(found: Findings) -> Section:
    """Values and gap in the true game, and how anybody can recompute them."""
    blocks: list[Block] = []
    if found.why:
        first = found.why.partition("\n")[0].rstrip(":")
        blocks.append(f"Not all is known: {first}")
    if found.solution is not None:
        blocks += [part for part in solved(found.solution) if part]
        blocks.append(Fold("How the policy was found", list(found_by(found.solution))))
        blocks += [f"note: {caveat}" for caveat in found.solution.policy.claim.caveats]
    if found.given is not None:
        header = found.given.policy.header
        blocks.append(f"The policy is of the file {found.given.path}: {header.concept} by {header.backend}.")
        blocks += [] if found.judgement is None else certificate(found.compiled, found.judgement)
    optimum = concept_of(found.question.concept).title
    lead = (
        f"What was asked for is a {optimum}. The gap is what an agent could still gain by leaving the policy while the "
        "others keep to it, recomputed from the policy and the game alone; bounds are rounded outwards."
    )
    blocks += ["To recheck all this without believing this page:", Commands(recheck(found)), Facts(identity(found))]
    return Section("certificate", "Certificate, and how to recheck it", lead, blocks)
