"""`posgc report`: what stands in the page, that it is text, how it is cut, and what is refused before anything runs."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.html import Page, read_page

import posgc
from posgc.cli import report as cli_report
from posgc.cli.main import main
from posgc.coordination.limits import Limits
from posgc.language.diagnostics import LimitError
from posgc.pipeline import Allowance, checking, gathering, solving
from posgc.plugin import NoOptions
from posgc.plugin.registry import registry
from posgc.report.page import rendering, results
from posgc.report.page.cutting import cut, cut_text, cut_tree
from posgc.report.parts import Branch

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")

GAMES = Path(__file__).resolve().parents[2] / "games"
TIGER = str(GAMES / "dectiger.posg")
EVIL = "<script>alert(1)</script>"

ODD = f"""game odd "{EVIL} & 'co'" {{  # {EVIL}
  horizon 2; agents ann, bob;
  state s: {{a, b}}; action act[i]: {{x, y}}; observation see[i]: {{a, b}};
  init s ~ uniform; next s ~ s; observe see[i] ~ s';
  let unused = 1;
  reward team = count(i: act[i] == x);
  share none {{ }}
  share full {{ see after 0; act after 1; }}
}}
"""


def report(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    try:
        status: Any = main(["report", *map(str, words)])
    except SystemExit as stop:
        status = stop.code
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return status, out, err


def page_of(path: Path) -> Page:
    return read_page(path.read_text(encoding="utf-8"))


def test_what_stands_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The numbers are those of the commands, for the same question."""
    path = tmp_path / "r.html"
    status, out, err = report(capsys, TIGER, "-s", "none", "--other", "full", "--other", "one_step", "-o", path)
    assert status == 0 and err == "" and f"page written to {path}" in out
    text = page_of(path).text
    assert main(["solve", TIGER, "-s", "none", "-c", "team", "--json"]) == 0
    solved = json.loads(capsys.readouterr().out)
    assert f"every agent earns {solved['values']['ann']:.10g}" in text
    main(["check", TIGER, "-s", "none", "--json"])
    checked = json.loads(capsys.readouterr().out)
    witness = checked["assumptions"]["3"]["witness"]
    assert f"The L1 distance of the two beliefs is {witness['distance']:.6g}" in text
    assert all(outcome["state"] in text for posterior in witness["posteriors"] for outcome in posterior)
    assert main(["compare", TIGER, "-s", "none", "-s", "full", "-s", "one_step", "--json"]) == 0
    compared = json.loads(capsys.readouterr().out)
    for row in compared["rows"]:
        assert row["protocol"] in text and f"{row['values']['ann']:.10g}" in text
    assert f"who tells more: {compared['order'][0]['chains'][0]}" in text
    assert "holds" in text and "fails" in text and "Decentralised tiger" in text


def test_the_same_question_gives_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        assert report(capsys, TIGER, "--other", "full", "-o", tmp_path / name)[0] == 0
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_texts_of_strangers_are_texts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A title, a comment, the name of a file, and what a back-end says."""
    registered = registry().backends
    path = tmp_path / f"{EVIL.replace('/', '')}.posg"
    path.write_text(ODD, encoding="utf-8")
    page = tmp_path / "r.html"
    registered["rude"] = Rude()  # type: ignore[assignment]
    try:
        assert report(capsys, path, "-s", "full", "-o", page)[0] == 0
    finally:
        del registered["rude"]
    text = page_of(page).text
    assert text.count(EVIL) >= 4 and f"it says {EVIL}" in text and path.name in text
    assert ("h1", f"{EVIL} & 'co'") in page_of(page).texts


@dataclass(frozen=True)
class Rude:
    """A back-end that serves nothing, and says so in HTML."""

    name: ClassVar[str] = "rude"
    summary: ClassVar[str] = EVIL
    concepts: ClassVar[Any] = frozenset({"team"})
    reads: ClassVar[Any] = "model"
    options: ClassVar[type] = NoOptions

    def applies(self, facts: object) -> str:
        return f"it says {EVIL}"


def test_names_of_other_formats_are_texts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Agents and moves of a game tree may be called anything, in the pictures as well; `$` is no formula."""
    one, other = EVIL, "$\\\\frac{x}$"
    path, page = tmp_path / "tree.efg", tmp_path / "r.html"
    path.write_text(
        f'EFG 2 R "{EVIL}" {{ "{one}" "{other}" }} ""\n'
        'p "" 1 1 "" { "<b>" "<i>" } 0\n'
        'p "" 2 1 "" { "<u>" "r" } 0\nt "" 1 "" { 1, -1 }\nt "" 2 "" { 0, 0 }\n'
        'p "" 2 1 "" { "<u>" "r" } 0\nt "" 3 "" { 0, 0 }\nt "" 4 "" { 1, -1 }\n',
        encoding="utf-8",
    )
    status, _, err = report(capsys, path, "-s", "none", "--alone", "-o", page)
    assert status == 0, err
    assert f"{EVIL} earns 0.5" in page_of(page).text
    assert not page_of(page).tags & {"b", "i", "u"}


CONTROLS = "bell \a, red \x1b[31m, title \x1b]0;x\a, rubout \x7f, next line \x85, turned \u202e, line \u2028"


def test_no_text_moves_the_cursor_or_turns_the_direction(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a title, and in a line with a mistake; what is none of the printable characters has a picture."""
    path, page = tmp_path / "game.posg", tmp_path / "r.html"
    path.write_text(ODD.replace(f"{EVIL} & 'co'", CONTROLS), encoding="utf-8")
    status, out, err = report(capsys, path, "-s", "full", "--alone", "-o", page)
    assert status == 0
    for said in (out, err, page.read_text(encoding="utf-8")):
        assert all(c.isprintable() or c in "\t\n" for c in said)
    shown = "bell ␇, red ␛[31m, title ␛]0;x␇, rubout ␡, next line \ufffd, turned \ufffd, line \ufffd"
    assert shown in out and ("h1", shown) in page_of(page).texts
    path.write_text(path.read_text(encoding="utf-8").replace("see[i] ~ s'", "see[i] ~ t'").replace("\n", " "), "utf-8")
    status, _, err = report(capsys, path, "-o", page)
    assert status == 2 and "␛[31m" in err and all(c.isprintable() or c in "\t\n" for c in err)


def commands(path: Path) -> list[list[str]]:
    found = re.findall(r"<code>(.*?)</code>", path.read_text(encoding="utf-8"), re.S)
    return [shlex.split(page_text(one)) for one in found]


def page_text(fragment: str) -> str:
    reader = Page()
    reader.feed(fragment)
    return " ".join(text for _, text in reader.texts)


def test_the_commands_recheck_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is run as it stands, and finds the same."""
    page = tmp_path / "r.html"
    asked = (TIGER, "-s", "none", "-H", "2", "-p", "accuracy=0.9", "--other", "full", "--epsilon", "0.001")
    assert report(capsys, *asked, "--time-limit", "60", "-o", page)[0] == 0
    monkeypatch.chdir(tmp_path)
    found = [words for words in commands(page) if "--referee" not in words]
    assert [words[1] for words in found] == ["check", "check", "check", "solve", "verify", "show", "compare"]
    for words in found:
        status = main(words[1:])
        out = capsys.readouterr().out
        # Assumption 3 fails, which is what `check` finds again; the witness of it is confirmed
        assert status == (1 if words[1] == "check" and "--replay" not in words else 0), (words, out)
        if words[1] in ("solve", "verify"):
            assert "-3.25" in out
    assert "every agent earns -3.25" in page_of(page).text


def test_a_policy_that_is_there_is_shown_and_nothing_solved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    policy, page = tmp_path / "p.npz", tmp_path / "r.html"
    posgc.load(TIGER).solve("team").policy.save(policy)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("something is solved")

    monkeypatch.setattr(solving, "runner_of", never)
    status, out, _ = report(capsys, TIGER, "--policy", policy, "-o", page)
    assert status == 0 and "every agent earns 8.815" in out
    text = page_of(page).text
    assert str(policy) in text and "step 1, probability 1" in text and "No other protocol was looked at." in text
    with pytest.raises(AssertionError, match="something is solved"):
        main(["report", TIGER, "--policy", str(policy), "--other", "full", "-o", str(page)])
    assert report(capsys, TIGER, "-s", "full", "--policy", policy, "-o", page)[0] == 2  # of another game


def test_a_game_that_nobody_solves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "r.html"
    status, out, err = report(capsys, GAMES / "aloha.posg", "-s", "pairs", "-H", "2", "--alone", "-o", page)
    assert status == 3 and "the page says why" in err and "not known: no back-end serves" in out
    text = page_of(page).text
    assert "There is none: no back-end serves concept team on this game" in text and "agents forget" in text
    assert "Assumption 3" in text and "packet[station[1]]" in text


def test_a_limit_that_is_met(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The search stops at once, with a policy and a bracket; without end nothing is compared."""
    page = tmp_path / "r.html"
    asked = (GAMES / "boxpushing.posg", "-s", "none", "-H", "4", "--alone", "-O", "time-limit=1e-3")
    status, _, _ = report(capsys, *asked, "-o", page)
    assert status == 3 and "Not all is known: limit: " in page_of(page).text
    endless = (TIGER, "-H", "inf", "--discount", "0.5", "--other", "full")
    assert report(capsys, *endless, "-o", page)[0] == 0
    assert "the game has no end, and protocols are compared up to a horizon" in page_of(page).text


def endless(*_: object, **__: object) -> None:
    """Work that goes on until it is interrupted; the alarm need not be waited for."""
    signal.raise_signal(signal.SIGALRM)
    while True:
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("place", "name", "late", "said"),
    [
        (checking, "expand_graph", "the common beliefs of each step", "the time was over (1000 seconds for everything"),
        (checking, "independence", "Assumption 3", "not decided: the time was over"),
        (checking, "compression_offers", "compressions", "not built: the time was over"),
        (checking, "warned", "warnings", "1000 seconds"),
        (checking, "offers", "which planners serve", "the time was over (1000 seconds"),
        (checking, "evolution", "Assumption 1", "not decided: the time was over"),
        (checking, "observability", "Assumption 2", "γ: between 0 and 1; not decided: the time was over"),
        (checking, "without_end", "Assumption 3 without end", "not decided: the time was over"),
        (results, "grown", "the tree of the policy", "The tree is not shown: the time was over"),
        (gathering, "answered", "the policy", "There is none: limit: the time was over"),
    ],
)
def test_each_part_is_cut_short(
    place: Any,
    name: str,
    late: str,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever goes on without end: the page is written, and names it."""
    monkeypatch.setattr(place, name, endless)
    page = tmp_path / "r.html"
    status, out, _ = report(capsys, TIGER, "--alone", "--time-limit", "1000", "-o", page)
    assert status == 3 and f"cut short: {late}; 1000 seconds were shared by all parts" in out
    assert said in page_of(page).text and f"{late}; 1000 seconds" in page_of(page).text
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_each_protocol_is_cut_short(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = gathering.answered

    def slow(question: Any, point: Any, *more: Any) -> Any:
        return endless() if point.protocol == "none" else answered(question, point, *more)

    monkeypatch.setattr(gathering, "answered", slow)
    page = tmp_path / "r.html"
    status, out, err = report(capsys, TIGER, "--other", "none", "--other", "full", "--time-limit", "1000", "-o", page)
    assert status == 3 and "cut short: protocol none; 1000 seconds" in out and "not solved under none" in err
    text = page_of(page).text
    assert "13.0154875" in text and "from one_step above [1]" in text  # a bound from its neighbour


def test_a_search_that_hears_the_alarm_ends_with_what_it_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, alarmed = Limits.__call__, []

    def look(limits: Limits) -> bool:
        if not alarmed:
            alarmed.append(True)
            signal.raise_signal(signal.SIGALRM)
        return looked(limits)

    monkeypatch.setattr(Limits, "__call__", look)
    page = tmp_path / "r.html"
    asked = (TIGER, "-s", "none", "-H", "4", "--alone", "--time-limit", "1000", "-o", page)
    status, out, _ = report(capsys, *asked)
    assert status == 3 and "cut short: the policy; 1000 seconds" in out
    assert "every agent earns" in out and "value of the game: between" in out
    assert "not known: limit: the time was over" in out and "interrupted" not in out


def test_a_game_that_is_not_read_in_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_report, "game_of", endless)
    page = tmp_path / "r.html"
    status, _, err = report(capsys, TIGER, "--time-limit", "0.1", "-o", page)
    assert status == 3 and "limit: the time was over (0.1 seconds" in err and err.endswith("no page was written\n")
    assert not page.exists()


def test_a_process_that_ignores_ctrl_c_keeps_its_time() -> None:
    """As those of `nohup … &` do."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        allowed = Allowance(1000)
        with pytest.raises(LimitError), allowed.of("work"):
            signal.raise_signal(signal.SIGINT)
            endless()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN and allowed.late == ["work"]
    finally:
        signal.signal(signal.SIGINT, before)


def test_work_that_swallows_an_interruption_is_interrupted_again() -> None:
    allowed = Allowance(0.1)
    with pytest.raises(LimitError), allowed.of("work"):
        for _ in range(2):
            with contextlib.suppress(KeyboardInterrupt):
                while True:
                    time.sleep(0.01)
        endless()
    with pytest.raises(LimitError), allowed.of("more"):
        raise AssertionError("there is no time left")
    assert allowed.late == ["work", "more"]


@pytest.mark.parametrize("place", [checking, rendering])
def test_ctrl_c_elsewhere_leaves_the_old_page(
    place: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(place, "warned" if place is checking else "knowledge_section", stopped)
    page = tmp_path / "r.html"
    assert report(capsys, TIGER, "--alone", "-o", page) == (130, "", "\nstopped; no page was written\n")
    page.write_text("old", encoding="utf-8")
    status, _, err = report(capsys, TIGER, "--alone", "-o", page)
    assert status == 130 and f"no page was written, and {page} is as it was" in err
    assert page.read_text(encoding="utf-8") == "old" and [p.name for p in tmp_path.iterdir()] == ["r.html"]


def test_ctrl_c_keeps_what_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(gathering, "answered", stopped)
    page = tmp_path / "r.html"
    assert report(capsys, TIGER, "-o", page)[0] == 130
    assert "stopped before a policy was found" in page_of(page).text


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--alone", "--other", "full"), "E613"),
        (("--policy", "p.npz", "--backend", "cfr"), "E613"),
        (("--policy", "absent.npz"), "E609"),
        (("--backend", "nobody"), "E602"),
        (("--option", "speed=3"), "E612"),
        (("--other", "ful"), "E501"),
        (("--share", "ful"), "E501"),
        (("--compress", "nothing"), "E616"),
        (("-o", "absent/r.html"), "E615"),
        (("-o", "game.posg"), "E615"),
        (("-o", "."), "E615"),
        (("-o", "-"), "E615"),
        (("--form", "agent"), "E6"),
    ],
)
def test_refusals_leave_nothing_behind(
    words: tuple[str, ...],
    code: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("game.posg").write_text(Path(TIGER).read_text(encoding="utf-8"), encoding="utf-8")
    status, out, err = report(capsys, "game.posg", *words)
    assert status == 2 and f"error[{code}" in err and out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["game.posg"]


def test_what_to_install(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    status, _, err = report(capsys, TIGER, "-o", tmp_path / "r.html")
    assert status == 2 and "E636" in err and "pip install 'posgc[report]'" in err
    assert list(tmp_path.iterdir()) == []
    shown = posgc.load(TIGER)._repr_html_()
    assert shown.startswith("<table>") and shown.endswith("pip install &#x27;posgc[report]&#x27;</p>")


trees = st.recursive(
    st.just(()), lambda inner: st.lists(st.builds(Branch, st.just("x"), inner), max_size=4).map(tuple), max_leaves=40
)


def count(branches: tuple[Branch, ...]) -> tuple[int, int]:
    """Lines that are kept, and lines that are said to be left out."""
    kept = left = 0
    for branch in branches:
        said = re.fullmatch(r"… ([\d,]+) more lines?: there", branch.text)
        below = count(branch.children)
        kept, left = kept + below[0] + (said is None), left + below[1] + (int(said[1].replace(",", "")) if said else 0)
    return kept, left


@settings(deadline=None, max_examples=200)
@given(trees, st.integers(0, 30))
def test_a_tree_is_cut_with_the_number_of_what_is_left_out(tree: tuple[Branch, ...], most: int) -> None:
    total = count(tree)[0]
    kept, left = count(cut_tree(tree, most, "there"))
    assert kept == min(total, most) and kept + left == total


@given(st.lists(st.sampled_from(["a", "bc", ""])), st.integers(1, 9))
def test_lists_and_texts_are_cut_with_the_number_of_what_is_left_out(items: list[str], most: int) -> None:
    shown = cut(items, most, "words", "there")
    if len(items) <= most:
        assert shown == items
    else:
        assert shown == [*items[:most], f"… {len(items) - most} more words: there"]
    text = "\n".join(items)
    kept, said = cut_text(text, most, 5, "there")
    assert text.startswith(kept) and kept.count("\n") < most and len(kept) <= 5
    assert (said == "") == (kept == text.rstrip("\n") or len(kept) >= len(text.rstrip("\n")))
    if said:
        [number] = re.findall(r"… (\d+) more characters", said)
        assert len(kept) + int(number) == len(text.rstrip("\n"))
