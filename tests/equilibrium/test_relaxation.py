import numpy as np
import pytest
from stage_games import normal_form, random_stages

from posgc.equilibrium import CorrelatedOptions, Stages, solve_correlated, solve_team
from posgc.equilibrium.team.relaxation import relaxation_bound


def chsh(kind: str) -> Stages:
    """Win iff a xor b = x and y, fair coins x, y (Clauser, Horne, Shimony and Holt 1969)."""
    types = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
    a, b = np.meshgrid([0, 1], [0, 1], indexing="ij")
    wins = np.array([(a ^ b) == (x & y) for x, y in types.T], dtype=float)[None, None] / 4
    payoff = np.repeat(wins, 2, axis=0) if kind == "general" else wins
    return Stages(payoff, types, (2, 2), np.full((1, 4), 0.25), kind)  # type: ignore[arg-type]


def test_chsh_is_three_quarters_and_its_relaxation_one() -> None:
    # the box of Popescu and Rohrlich 1994 wins always; shared seeds win 3/4
    assert solve_team(chsh("common")).value[0, 0] == pytest.approx(0.75, abs=1e-12)
    assert relaxation_bound(chsh("common"))[0] == pytest.approx(1.0, abs=1e-9)
    for kind in ("team", "cce", "ce"):
        assert relaxation_bound(chsh("general"), "egalitarian", kind)[0] == pytest.approx(1.0, abs=1e-8)  # type: ignore[arg-type]
        assert relaxation_bound(chsh("general"), "welfare", kind)[0] == pytest.approx(2.0, abs=1e-8)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["cce", "ce"])
@pytest.mark.parametrize("select", ["welfare", "egalitarian", "max:1"])
def test_the_relaxation_bounds_every_equilibrium(kind: str, select: str) -> None:
    rng = np.random.default_rng(40)
    for trial in range(5):
        stages = random_stages(rng, "general", 2 + trial % 2, nodes=2, max_types=2)
        found = solve_correlated(stages, kind, CorrelatedOptions(select=select))  # type: ignore[arg-type]
        inside = relaxation_bound(stages, select, kind)  # type: ignore[arg-type]
        slack = 1e-8 * np.maximum(stages.span().max(axis=0), 1e-12)
        assert found.objective is not None
        assert (found.objective <= inside + slack).all()
        assert (inside <= relaxation_bound(stages, select) + slack).all()


def test_it_bounds_the_team_and_is_exact_without_private_information() -> None:
    rng = np.random.default_rng(41)
    for n in (2, 3):
        stages = random_stages(rng, "common", n, nodes=4)
        assert (solve_team(stages).value[0] <= relaxation_bound(stages) + 1e-9).all()
    chicken = normal_form("general", [[6, 2], [7, 0]], [[6, 7], [2, 0]])
    # Aumann 1974: the best CE is worth 10.5; anything at all 12
    assert relaxation_bound(chicken, "welfare", "ce")[0] == pytest.approx(10.5, abs=1e-8)
    assert relaxation_bound(chicken)[0] == pytest.approx(12.0, abs=1e-8)


def test_refusals() -> None:
    with pytest.raises(ValueError, match="not entropy"):
        relaxation_bound(chsh("common"), "entropy")
    with pytest.raises(ValueError, match="team, cce or ce"):
        relaxation_bound(chsh("common"), "welfare", "nash")  # type: ignore[arg-type]
