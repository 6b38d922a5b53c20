"""The HTML of a page, by Jinja's templates, which escape every text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.visible import visible
from posgc.pipeline import Findings
from posgc.report.chart import require_matplotlib
from posgc.report.page.assumptions import assumptions_section
from posgc.report.page.blocks import Block
from posgc.report.page.game import game_section, knowledge_section
from posgc.report.page.results import certificate_section, policy_section, sizes_section, worth_section
from posgc.report.page.summary import summary

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["fragment", "page", "require_pages"]


def require_pages() -> None:
    """Raises InputError (E636, E624), before anything is computed, where no page could be made."""
    try:
        import jinja2  # noqa: F401
    except ImportError:
        what = "pages are made by jinja2, which is not installed"
        raise InputError([Diagnostic("E636", what, help="pip install 'posgc[report]'")]) from None
    require_matplotlib()


def page(found: Findings, width: int, depth: int) -> bytes:
    """The page; the same findings give the same bytes.  `width` and `depth` are of the tree of the policy: the
    likeliest continuations of each history, and steps."""
    sections = [
        game_section(found.compiled),
        knowledge_section(found.compiled),
        assumptions_section(found.report),
        sizes_section(found),
        worth_section(found),
        policy_section(found, width, depth),
        certificate_section(found),
    ]
    model = found.compiled.model
    text = (
        _environment()
        .get_template("page.html")
        .render(name=model.name, title=model.title, summary=summary(found), sections=sections)
    )
    return text.encode()


def fragment(blocks: Sequence[Block]) -> str:
    """The same blocks as a part of somebody else's page."""
    return _environment().get_template("fragment.html").render(blocks=blocks)


def _visible(value: object) -> object:
    """What a page shows of a value: no control characters, nor marks that turn the direction of reading."""
    # a picture is marked as HTML that needs no escaping, and stays so
    return type(value)(visible(value)) if isinstance(value, str) else value


@cache
def _environment() -> Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("posgc.report.page", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
