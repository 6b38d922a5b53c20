"""The page of `posgc report` in a real browser: it runs nothing and loads nothing, fits narrow and wide windows in
light and dark, and can be read and worked with by keyboard and by screen reader."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from support.browser import Browser, chromium, opened

from posgc.cli.main import main

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")
if chromium() is None:
    pytest.skip("no Chromium is installed (Debian: apt-get install chromium)", allow_module_level=True)

GAMES = Path(__file__).resolve().parents[2] / "games"
LONG = "a_name_as_long_as_names_can_be_without_a_place_to_break_it_" * 3

WIDE = f"""game wide "{"Title " * 40}<img src=x onerror=alert(1)><script>alert(2)</script>" {{
  horizon 6; agents {LONG}1, {LONG}2, c;
  state s: {{{", ".join(f"value_{k}" for k in range(40))}}};
  action act[i]: {{x, {LONG}}}; observation see[i]: {{a, b}};
  init s ~ uniform; next s = s; observe see[i] ~ if s == value_1 then {{a: 0.9, b: 0.1}} else uniform;
  reward team = if s == value_1 then count(i: act[i] == x) else 0;
  share one_step {{ see after 1; act after 1; }}
}}
"""

OVERFLOWING = """
[...document.querySelectorAll("body *")].filter(e => {
  const box = e.getBoundingClientRect();
  return box.right > innerWidth + 0.5 && box.width > 0 && !e.parentElement.closest(".wide, pre");
}).map(e => e.outerHTML.slice(0, 120))
"""

SPILLING = """
[...document.querySelectorAll("th, td")].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)
"""

# WCAG 2, contrast of every text against what lies behind it, at least 4.5, or 3 for large letters
FAINT = """
(() => {
  const parts = s => (s.match(/[\\d.]+/g) || []).map(Number);
  const light = c => {
    const [r, g, b] = c.map(x => x / 255).map(x => x <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) { const c = parts(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
  const found = [];
  for (const e of document.querySelectorAll("body *:not(svg):not(svg *)")) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const style = getComputedStyle(e), [a, b] = [light(parts(style.color)), light(behind(e))].sort((x, y) => y - x);
    const least = parseFloat(style.fontSize) >= 24 ? 3 : 4.5, is = (a + .05) / (b + .05);
    if (is < least) found.push([e.outerHTML.slice(0, 80), is]);
  }
  return found;
})()
"""

# the boxes that letters really take, pairs of which overlap by more than a hair
OVERLAPPING = """
[...document.querySelectorAll("svg")].flatMap(svg => {
  const texts = [...svg.querySelectorAll("text")].filter(t => t.textContent.trim());
  const boxes = texts.map(t => t.getBoundingClientRect());
  const found = [];
  for (let i = 0; i < boxes.length; i++) for (let j = 0; j < i; j++) {
    const [a, b] = [boxes[i], boxes[j]];
    const x = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (x > 1 && y > 0.25 * Math.min(a.height, b.height)) found.push([texts[i].textContent, texts[j].textContent]);
  }
  return found;
})
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small game with a counterexample, one of two values, and one with names that are as long as they may be."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "wide.posg").write_text(WIDE, encoding="utf-8")
    asked = {
        "tiger": (GAMES / "dectiger.posg", "-s", "none", "--other", "full", "--other", "delayed(2)"),
        "kuhn": (GAMES / "kuhn.posg", "--other", "none", "--other", "one_directional(ann -> bob)"),
        "wide": (folder / "wide.posg", "-H", "2", "--other", "full"),
    }
    for name, words in asked.items():
        assert main(["report", *map(str, words), "-q", "-o", str(folder / f"{name}.html")]) == 0
    return {name: folder / f"{name}.html" for name in asked}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with opened(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1400])
@pytest.mark.parametrize("name", ["tiger", "kuhn", "wide"])
def test_it_fits_and_can_be_read(name: str, width: int, dark: bool, pages: dict[str, Path], browser: Browser) -> None:
    browser.show(pages[name], width, dark=dark)
    browser.value("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert browser.value("document.documentElement.scrollWidth") == width
    assert browser.value(OVERFLOWING) == []
    assert browser.value(SPILLING) == []
    assert browser.value(FAINT) == []
    assert browser.value(OVERLAPPING) == []
    ground = browser.value("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(31, 31, 31)" if dark else "rgb(255, 255, 255)")


@pytest.mark.parametrize("name", ["tiger", "kuhn", "wide"])
def test_it_says_nothing_to_the_console_and_loads_nothing(name: str, pages: dict[str, Path], browser: Browser) -> None:
    browser.show(pages[name], 1400)
    heard = [e for e in browser.events if e.get("method") in ("Log.entryAdded", "Runtime.consoleAPICalled")]
    thrown = [
        e for e in browser.events if e.get("method") in ("Runtime.exceptionThrown", "Page.javascriptDialogOpening")
    ]
    asked = [e["params"]["request"]["url"] for e in browser.events if e.get("method") == "Network.requestWillBeSent"]
    assert heard == thrown == [] and asked == [pages[name].as_uri()]
    if name == "wide":  # markup in the title is text
        assert "<script>alert(2)</script>" in browser.value("document.querySelector('h1').textContent")
        assert browser.value("document.querySelectorAll('script, img').length") == 0


def test_landmarks_and_headings(pages: dict[str, Path], browser: Browser) -> None:
    """As a screen reader finds them: every part has a name, and no level of headings is skipped."""
    browser.show(pages["tiger"], 1400)
    nodes = [n for n in browser.call("Accessibility.getFullAXTree")["nodes"] if not n["ignored"]]

    def named(role: str) -> list[str]:
        return [n.get("name", {}).get("value", "") for n in nodes if n["role"]["value"] == role]

    assert [len(named(role)) for role in ("banner", "navigation", "main", "contentinfo")] == [1, 1, 1, 1]
    titles = ["In short", "The game", "Who knows what, and when", "What may be assumed", "Sizes, and what grows"]
    titles += ["Values by protocol", "The policy", "Certificate, and how to recheck it", "Words"]
    regions = named("region")
    assert [title for title in regions if title in titles] == titles and all(regions)
    assert sorted(named("image")) == [
        "What sharing protocols are worth in dectiger",
        "Who learns what when in dectiger under none",
    ]
    levels = browser.value("[...document.querySelectorAll('h1, h2, h3, h4')].map(h => +h.tagName[1])")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert browser.value("document.documentElement.lang") == "en" and "dectiger" in browser.value("document.title")
    heads = browser.value("[...document.querySelectorAll('th')].map(h => h.scope)")
    assert heads and set(heads) == {"col"}


def test_by_keyboard(pages: dict[str, Path], browser: Browser) -> None:
    """Tab goes to the link that skips what is above, then through what can be used; Enter unfolds."""
    browser.show(pages["tiger"], 360)
    browser.press("Tab")
    assert browser.value("document.activeElement.className") == "skip"
    assert browser.value("document.activeElement.getBoundingClientRect().left") >= 0
    browser.press("Enter", text="\r")
    assert browser.value("document.activeElement.id") == "main"
    met: list[Any] = []
    for _ in range(80):
        browser.press("Tab")
        tag = browser.value("document.activeElement.tagName")
        met.append(tag)
        outline = browser.value("getComputedStyle(document.activeElement).outlineStyle")
        if tag == "BODY":
            break
        assert outline == "solid", browser.value("document.activeElement.outerHTML.slice(0, 99)")
        if tag == "SUMMARY" and not browser.value("document.activeElement.parentElement.open"):
            browser.press("Enter", text="\r")
            assert browser.value("document.activeElement.parentElement.open") is True
    assert {"SUMMARY", "DIV", "PRE"} <= set(met)
