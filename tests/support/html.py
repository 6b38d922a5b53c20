"""A page of HTML, read strictly: every element is closed where it should be, and nothing can run or be fetched."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

__all__ = ["Page", "read_page"]

VOID = {"meta", "br", "hr", "img", "input", "link"}
LOADING = {"src", "srcset", "data", "action", "formaction", "poster", "ping", "background"}


@dataclass
class Page(HTMLParser):
    """What stands in it; raises AssertionError where it is not as it should be."""

    texts: list[tuple[str, str]] = field(default_factory=list)  # the innermost element, and a text in it
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._met(tag, attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._met(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open[-1] == tag, (tag, self._open[-3:], self.getpos())
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self._open[-1] if self._open else "", data))

    def close(self) -> None:
        super().close()
        assert not self._open, self._open

    @property
    def text(self) -> str:
        """All that can be read, without the style sheet."""
        return " ".join(text for tag, text in self.texts if tag != "style")

    def _met(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            assert not name.startswith("on") and name not in LOADING, (tag, name, value)
            if name == "id":
                assert value and value not in self.ids, f"id {value} twice"
                self.ids.append(value)
            if name == "href":
                self.links.append(value or "")


def read_page(content: str) -> Page:
    """The page.  Raises AssertionError for one that is not well formed, runs something or loads something."""
    page = Page()
    page.feed(content)
    page.close()
    assert not page.tags & {"script", "iframe", "object", "embed", "link", "base", "form", "img", "foreignobject"}
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links), page.links
    return page
