"""The formatter: same tree, same result twice, comments kept, one layout."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from posgc.language import InputError, Source, compile_game, format_source
from posgc.language.text.parse import parse_game

ROOT = Path(__file__).parents[2]
FILES = [
    *sorted((ROOT / "games").glob("*.posg")),
    *sorted((ROOT.parent / "shared" / "examples").glob("*.posg")),
    ROOT / "tests" / "diagnostics" / "clean.posg",
]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_the_tree_and_the_comments_stay(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    once = format_source(text)
    assert parse_game(Source("a", once)) == parse_game(Source("b", text))
    assert format_source(once) == once
    assert comments(once) == comments(text)
    assert not re.search(r"[ \t]\n|\n\n\n|\t", once)
    compile_game(Source(path.name, once))


def comments(text: str) -> list[str]:
    return re.findall(r"#[^\n]*?(?=\s*(?:\n|$))", re.sub(r'"[^"\n]*"', "", text))


def test_layout() -> None:
    messy = """# head
use  a ;use b;
game   g"t"{# c1
# c2


share x{ # why
 hear after 1;# tail
 # own

}share none{}
let a=match(b){# q
_:-1;}
;
init x~{a:1/2,
# mid
b:2 -  1};reward team=- x ^2+f ( 1,j!=i : e )*x[ i ]'-(3);
share y{hear to all along edges{ann -bob,bob ->cyd}after 1 per hop;forget after 0;}share z(ann->bob);
share v{chance air[ j ]~{1:1 };hear to j after~air[j]acknowledged;}
}# end
# fin"""
    assert (
        format_source(messy)
        == """# head
use a;
use b;
game g "t" {  # c1
  # c2

  share x {  # why
    hear after 1;  # tail
    # own
  }
  share none { }
  let a = match (b) {  # q
    _: -1;
  };
  init x ~ {a: 1/2,
    # mid
    b: 2 - 1};
  reward team = -x^2 + f(1, j != i: e) * x[i]' - (3);
  share y { hear to all along edges {ann-bob, bob->cyd} after 1 per hop; forget after 0; }
  share z(ann -> bob);
  share v { chance air[j] ~ {1: 1}; hear to j after ~ air[j] acknowledged; }
}  # end
# fin
"""
    )


def test_what_does_not_parse_is_refused() -> None:
    with pytest.raises(InputError):
        format_source("game g {")
