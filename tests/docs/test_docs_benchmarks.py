"""docs/benchmarks.md says what posgc finds: `python benchmarks/field.py` writes it, these tests look at samples."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from doc_blocks import ROOT

from posgc.language.concepts import ConceptName
from posgc.pipeline import Request, compile_request, independence, solve

FILES = ROOT / ".." / "shared" / "benchmarks"
PAGE = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")

Table = dict[tuple[str, ...], dict[str, str]]


@cache
def table(title: str, keys: int, page: str = PAGE) -> Table:
    """The first table under a heading: its first `keys` cells -> heading of the column -> cell."""
    section = page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = [[cell.strip() for cell in row.strip("|").split("|")] for row in re.findall(r"^\|.*\|$", section, re.M)]
    assert len(lines) > 2, title
    return {tuple(row[:keys]): dict(zip(lines[0], row, strict=True)) for row in lines[2:]}


def values(name: str, share: str, concept: str) -> dict[int, float]:
    """The finite horizons that have a value, without gap and bound."""
    cells = table("Values", 3)[name, share, concept]
    return {
        int(head[4:]): float(cell.partition(" ")[0]) for head, cell in cells.items() if head.startswith("H = ") and cell
    }


def path_of(name: str) -> Path:
    path = FILES / name
    if not path.exists():
        pytest.skip("the shared benchmark files are absent")
    return path


@pytest.mark.parametrize(
    ("name", "share", "concept", "most"),
    [
        ("dectiger.dpomdp", "full", "team", 5),
        ("dectiger.dpomdp", "one_step", "team", 5),
        ("recycling.dpomdp", "one_step", "team", 4),
        ("sdms/adversarial_tiger.dpomdp", "one_directional(1 -> 2)", "nash", 4),
        ("sdms/fake_prisoners.zsposg", "full", "nash", 4),
    ],
)
def test_values_are_those_that_solve_gives(name: str, share: str, concept: ConceptName, most: int) -> None:
    path, written = path_of(name), values(name, share, concept)
    assert set(range(2, most + 1)) <= set(written)
    for horizon in range(2, most + 1):
        reward = "zero_sum" if concept == "nash" else None
        solution = solve(compile_request(Request(str(path), share, {}, horizon, 1.0, reward=reward)), concept)
        assert solution.judgement is not None
        assert solution.judgement.values[0] == pytest.approx(written[horizon], abs=6e-7), horizon


@pytest.mark.parametrize(
    ("name", "share", "concept", "known"),
    [
        ("dectiger.dpomdp", "full", "team", {3: 13.015488, 4: 22.701124, 5: 26.810325, 6: 35.073971, 7: 40.242555}),
        (
            "dectiger.dpomdp",
            "one_step",
            "team",
            {2: -4, 3: 8.815, 4: 11.015488, 5: 10.676063, 6: 19.124571, 7: 22.918304},
        ),
        ("sdms/adversarial_tiger.dpomdp", "full", "nash", {2: 0, 3: 0.8}),
        ("sdms/adversarial_tiger.dpomdp", "one_step", "nash", {2: -1.6, 3: -1.4}),
    ],
)
def test_values_are_those_of_the_specification(name: str, share: str, concept: str, known: dict[int, float]) -> None:
    """MATH.md, section 11; its sixth decimals are off by one here and there."""
    written = values(name, share, concept)
    assert {h: written[h] for h in known} == pytest.approx(known, abs=2e-6)


def tiger(start: float, horizon: int) -> float:
    """Decentralised tiger, full sharing, by a plain recursion on what was heard on the left less what on the right.

    Rewards and probabilities as in Nair et al. (IJCAI 2003); opening a door puts the tiger behind either one.
    """

    @cache
    def value(prior: float, heard: int, left: int) -> float:
        if left == 0:
            return 0.0
        odds = prior / (1 - prior) * (0.85 / 0.15) ** heard
        behind = odds / (1 + odds)
        gold = max(behind, 1 - behind)
        again = value(0.5, 0, left - 1)
        opened = max(20 * gold - 50 * (1 - gold), 9 * gold - 101 * (1 - gold), -100) + again
        hear = {2: (0.7225, 0.0225), 0: (0.255, 0.255), -2: (0.0225, 0.7225)}
        listened = (
            sum((behind * p + (1 - behind) * q) * value(prior, heard + k, left - 1) for k, (p, q) in hear.items()) - 2
        )
        return max(opened, listened)

    return value(start, 0, horizon)


@pytest.mark.parametrize(("name", "start"), [("dectiger.dpomdp", 0.5), ("dectiger_skewed.dpomdp", 0.8)])
def test_the_tiger_by_a_plain_recursion(name: str, start: float) -> None:
    written = values(name, "full", "team")
    assert written == pytest.approx({h: tiger(start, h) for h in written}, abs=6e-7)
    assert 20 in written


def test_teams_lose_by_a_delay() -> None:
    rows = [key for key in table("Values", 3) if key[1:] == ("one_step", "team")]
    assert len(rows) > 10
    for name, *_ in rows:
        delayed, full = values(name, "one_step", "team"), values(name, "full", "team")
        assert all(delayed[h] <= full[h] + 1e-6 for h in delayed.keys() & full.keys()), name


@pytest.mark.parametrize("name", ["dectiger.dpomdp", "prisoners.dpomdp", "sdms/competitive_tiger.dpomdp"])
def test_verdicts_are_those_that_check_gives(name: str) -> None:
    for share, cell in table("Assumption 3", 1)[(name,)].items():
        if share != "file":
            request = Request(str(path_of(name)), share.strip("`"), {}, 3, 1.0)
            assert independence(compile_request(request)).holds is cell.startswith("yes"), share


def test_every_file_is_on_the_page() -> None:
    if not FILES.exists():
        pytest.skip("the shared benchmark files are absent")
    listed = {name for (name,) in table("Files", 1)} | set(re.findall(r"^- `(\S+)` is refused", PAGE, re.M))
    suffixes = (".dpomdp", ".pomdp", ".posg", ".zsposg")
    assert listed == {p.relative_to(FILES).as_posix() for p in FILES.rglob("*") if p.suffix in suffixes}


@pytest.mark.slow
def test_the_command_writes_these_tables() -> None:
    """`--quick` prints a page of four files up to H = 4: the same cells, wherever they do not depend on the budget."""
    path_of("dectiger.dpomdp")
    command = [sys.executable, str(ROOT / "benchmarks" / "field.py"), "--quick", "--seconds", "60"]
    quick = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for title, keys in (("Files", 1), ("Assumption 3", 1), ("Values", 3)):
        for key, cells in table(title, keys, quick).items():
            assert cells.items() <= table(title, keys)[key].items(), key
