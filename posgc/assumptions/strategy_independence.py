"""Assumption 3 of Liu & Zhang (2023): the common belief P(s_h, p_h | c_h) does not depend on the strategies.

Tried in order: the one-slice certificate, which proves every horizon; the diagram unrolled to the game's
horizon; and the exact test on the common-information graph, which decides for the game's own numbers.  The
graph is grown a layer at a time under uniformly random actions, and a layer is trusted because every step
before it has passed.

Beliefs are those of policies that read (c_h, p_{i,h}).  Policies of the paper's Pi^gen read others' private
information, and do move beliefs.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from posgc.assumptions.independence.moves import moves
from posgc.assumptions.independence.structural import (
    SliceResult,
    separated_steps,
    slice_certificate,
    unrolled_certificate,
)
from posgc.assumptions.independence.vertices import POSTERIOR_TOLERANCE, check_layer
from posgc.assumptions.verdict import Verdict
from posgc.assumptions.witness import describe_witness, witness_of
from posgc.information.graph import DEFAULT_MAX_NODES, grow_layers
from posgc.information.items import Information
from posgc.language.diagnostics import LimitError
from posgc.language.numerals import listed, plural

__all__ = ["DEFAULT_EFFORT", "exact_test", "strategy_independence"]

DEFAULT_EFFORT = 1_000_000_000
"""Multiplications that the vertices of one step may take, about ten seconds."""


def strategy_independence(
    information: Information, *, max_nodes: int = DEFAULT_MAX_NODES, effort: int = DEFAULT_EFFORT
) -> Verdict:
    """Assumption 3 for steps 1..H; pass `drop_own_actions(information)` to check the game without own actions.

    `method` is "structural, every horizon", "structural, horizons up to H" where what follows H is not determined,
    "structural, this horizon" where every horizon makes another game, "exact", or None where `holds` is None: a limit
    was met, and the evidence says which and how far the test came.
    """
    if information.first_lost is not None:
        return Verdict(3, None, f"not checked: Assumption 1 fails at step {information.first_lost}")
    cut = slice_certificate(information)
    if cut.separated:
        return _by_slices(information, cut)
    unrolled = unrolled_certificate(information)
    if unrolled.separated:
        return Verdict(
            3,
            True,
            f"in the influence diagram of all {plural(information.model.horizon, 'step')} "
            f"({plural(unrolled.nodes, 'node')}) what is not common is d-separated from all prescriptions by the "
            "common information, at every step",
            _up_to_here(information),
        )
    verdict = exact_test(information, max_nodes, effort)
    if unrolled.separated is None:
        note = f"the influence diagram of all steps was not tried: it has {plural(unrolled.nodes, 'node')}"
        return replace(verdict, notes=(note,))
    if verdict.holds or not information.protocol.exchanges:
        return verdict
    return replace(verdict, notes=(_at_the_cuts(information),))


def _at_the_cuts(information: Information) -> str:
    """At which steps the common belief does not depend on the strategies, though at some it does or may."""
    steps, horizon = separated_steps(information), information.model.horizon
    if not steps:
        return f"of no step of 2..{horizon} was it shown that the common belief does not depend on the strategies"
    return (
        f"at step{'s' * (len(steps) > 1)} {listed(steps)} the common belief does not depend on the strategies, by "
        "d-separation in the influence diagram of all steps; of the other steps this is not shown"
    )


def _by_slices(information: Information, cut: SliceResult) -> Verdict:
    slices = "the one slice" if cut.slices == 1 else f"each of the {cut.slices} different slices"
    separated = (
        f"in {slices} of the influence diagram, the new state and private information are "
        "d-separated from the prescriptions by what becomes common"
    )
    # Weights within a factor of 1 + slack give posteriors within 2 slack / (1 - slack) of each other, and two of them,
    # under either prescription, are compared with those of the kernel that obeys the edges.
    apart = 4 * cut.slack / (1 - cut.slack)
    if cut.open is None:
        return Verdict(
            3,
            True,
            separated + "; no horizon has other slices",
            "structural, every horizon",
            any_start=True,
            slack=apart,
        )
    horizon = information.model.horizon
    proved = f"horizon {horizon} only" if "horizon" in information.model.reads else f"horizons up to {horizon}"
    return Verdict(
        3,
        True,
        f"{separated}; {cut.open}, so this proves {proved}",
        _up_to_here(information),
        any_start=True,
        slack=apart,
    )


def _up_to_here(information: Information) -> str:
    """The method of a structural proof that says nothing of longer games; see `independence.structural`."""
    model = information.model
    return "structural, " + ("this horizon" if "horizon" in model.reads else f"horizons up to {model.horizon}")


def exact_test(information: Information, max_nodes: int = DEFAULT_MAX_NODES, effort: int = DEFAULT_EFFORT) -> Verdict:
    """Assumption 3 on the graph alone, without certificates; Assumption 1 must hold."""
    horizon = information.model.horizon
    trace: list[tuple[np.ndarray, np.ndarray]] = []
    nodes, vertices, passed = 0, 0, 0
    try:
        # a layer may be formed under uniform actions only because every step before passed: its beliefs are those of
        # any strategies
        for layer in grow_layers(information, max_nodes):
            trace.append((layer.parent, layer.parent_z))
            nodes += len(layer)
            if layer.h == horizon:
                break
            move = moves(information, layer)
            result = check_layer(information, layer, move, effort)
            if result.failure is not None:
                witness = witness_of(information, layer, trace, result.failure, move)
                return Verdict(3, False, describe_witness(witness), "exact", witness)
            if result.holds is False:
                return _undecided(
                    passed,
                    horizon,
                    f"At step {layer.h} prescriptions seem to move a belief, but no two deterministic ones were found "
                    "that show it",
                )
            if result.holds is None:
                return _undecided(
                    passed,
                    horizon,
                    f"step {layer.h} needs {plural(result.vertices, 'prescription')} and {result.work:.2g} "
                    f"multiplications (limit {effort:.2g}); raise the effort, or share more",
                )
            vertices, passed = max(vertices, result.vertices), layer.h
    except LimitError as limit:
        return _undecided(passed, horizon, str(limit))
    return Verdict(
        3,
        True,
        f"at {'the one common belief' if nodes == 1 else f'all {nodes} common beliefs'} of steps 1..{horizon}, every "
        f"increment leads to one posterior under all prescriptions "
        f"(L1 tolerance {POSTERIOR_TOLERANCE:g}; {_effort_text(vertices)})",
        "exact",
    )


def _effort_text(vertices: int) -> str:
    if vertices == 0:
        return "every increment that can follow tells all that matters"
    return f"up to {plural(vertices, 'prescription')} tried at each"


def _undecided(passed: int, horizon: int, reason: str) -> Verdict:
    return Verdict(3, None, f"not decided; steps 1..{passed} of {horizon - 1} pass. {reason}")
