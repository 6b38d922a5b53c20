"""Trees that are written by hand, imported without sharing: an equilibrium with its gap, and known payoffs."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from support.written import WRITTEN, auction, kuhn

import posgc
from posgc.model.rewards import spans_to_come


def solved(text: str, path: Path, backend: str | None = None) -> posgc.Solution:
    file = path / "game.efg"
    file.write_text(text, encoding="utf-8")
    game = posgc.load(file, share="none")
    solution = game.solve("nash", backend)
    span = float(spans_to_come(game.compiled.information.model)[:, 0].max())
    assert solution.gap is not None and solution.gap <= 1e-9 * span
    return solution


@pytest.mark.parametrize("backend", [None, "lemke"])
@pytest.mark.parametrize("name", WRITTEN)
def test_every_text_has_an_equilibrium(name: str, backend: str | None, tmp_path: Path) -> None:
    write, known = WRITTEN[name]
    found = tuple(solved(write(), tmp_path, backend).values.values())
    if known is not None:
        assert any(found == pytest.approx(payoffs, abs=1e-9) for payoffs in known)


def test_thirty_cards(tmp_path: Path) -> None:
    """7,831 nodes: with and without a rake, by back-ends that share no code."""
    plain = kuhn(30)
    lemke, programme = solved(plain, tmp_path, "lemke"), solved(plain, tmp_path, "sequence-form")
    assert lemke.values["ann"] == pytest.approx(programme.values["ann"], abs=1e-10)
    raked = solved(kuhn(30, Fraction(1, 10)), tmp_path)
    assert sum(raked.values.values()) < -0.1  # a tenth of at least 1 is gone in every play


@pytest.mark.slow
@pytest.mark.parametrize("rake", [Fraction(0), Fraction(1, 10)])
def test_a_hundred_cards(rake: Fraction, tmp_path: Path) -> None:
    """89,101 nodes, solved by what is chosen."""
    assert solved(kuhn(100, rake), tmp_path).values["ann"] < 0


def test_a_wide_bayesian_game_where_stages_leave_a_gap(tmp_path: Path) -> None:
    """Twelve values of each bidder: more than value iteration's stages solve exactly."""
    solved(auction(12), tmp_path, "lemke")
