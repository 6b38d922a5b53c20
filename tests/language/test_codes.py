"""The registry of codes: its examples do what they say, and no code is raised that is not in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from posgc.language import InputError, Source, compile_game
from posgc.language.diagnostics.codes import CODES, Code

ROOT = Path(__file__).parents[2]
SHOWN = [c for c in CODES.values() if c.wrong is not None]


@pytest.mark.parametrize("code", SHOWN, ids=lambda c: c.code)
def test_the_wrong_example_raises_its_code_and_no_other(code: Code) -> None:
    assert code.wrong is not None
    with pytest.raises(InputError) as raised:
        compile_game(Source(code.code, code.wrong))
    assert [d.code for d in raised.value.diagnostics if d.severity == "error"] == [code.code]


@pytest.mark.parametrize("code", SHOWN, ids=lambda c: c.code)
def test_the_right_example_compiles(code: Code) -> None:
    assert code.right is not None
    compile_game(Source(code.code, code.right))


def test_every_code_raised_anywhere_is_registered() -> None:
    raised: set[str] = set()
    for path in [*(ROOT / "posgc").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")]:
        if path.name not in ("codes.py", "code_examples.py"):
            raised |= set(re.findall(r'"([EWIN][1-9][0-9]{2})"', path.read_text(encoding="utf-8")))
    assert raised <= set(CODES)


def test_every_language_code_has_examples() -> None:
    without = {c.code for c in CODES.values() if c.wrong is None and re.match("E[1-5]", c.code)}
    # Too large to print, not a text, raised only when information is expanded, and only beside a plug-in with a block.
    assert without == {"E112", "E113", "E512", "E516", "E117", "E118"}


def test_titles_name_a_defect_in_few_words() -> None:
    for code in CODES.values():
        assert 0 < len(code.title) <= 60 and not code.title.endswith("."), code
        assert code.explanation.endswith("."), code
