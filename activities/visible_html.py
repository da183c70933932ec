"""What a reader of an HTML part sees: its words, and the links that there is something to click on.

Hidden are comments, the head, scripts and styles, and elements that their own attributes hide. What
a style sheet hides is not known here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

from activities.html_pieces import Piece, pieces_of

_ATTRIBUTE = re.compile(r"""([^\s=/]++)(?:\s*+=\s*+("[^"]*+"|'[^']*+'|\S*+))?+""")
_HIDES = re.compile(r"(?:display:none|visibility:hidden|opacity:0(?![.\d])|opacity:0?\.0+(?!\d))")
_HIDDEN = frozenset({"head", "title", "template"})
_EMPTY = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input"}
    | {"link", "meta", "param", "source", "track", "wbr"}
)


@dataclass(slots=True)
class Visible:
    """The words of an HTML part, and where its links lead to."""

    words: str = ""
    links: list[str] = field(default_factory=list)


def visible(html: str) -> Visible:
    """What is seen of ``html``."""
    reader = _Reader()
    for piece in pieces_of(html):
        reader.take(piece)
    return Visible("".join(reader.words), reader.links)


@dataclass(frozen=True, slots=True)
class _Element:
    name: str
    is_hidden: bool
    link: str


class _Reader:
    def __init__(self) -> None:
        self.words: list[str] = []
        self.links: list[str] = []
        self._open = [_Element("", False, "")]
        self._names: Counter[str] = Counter()

    def take(self, piece: Piece) -> None:
        if piece.opens:
            self._enter(piece.opens, dict(_attributes(piece.attributes)))
        elif piece.closes:
            self._leave(piece.closes)
        elif not self._open[-1].is_hidden:
            words = unescape(piece.text)
            self.words.append(words)
            if words.strip():
                self._see_link()

    def _enter(self, name: str, attributes: dict[str, str]) -> None:
        if name == "body":
            self._leave("head")
        around = self._open[-1]
        style = re.sub(r"\s", "", attributes.get("style", "")).lower()
        is_hidden = (
            around.is_hidden
            or name in _HIDDEN
            or "hidden" in attributes
            or bool(_HIDES.search(style))
        )
        if name in _EMPTY:
            if name == "img" and not is_hidden:
                self._see_link()
            return
        link = attributes.get("href", "") if name == "a" else around.link
        self._open.append(_Element(name, is_hidden, link))
        self._names[name] += 1

    def _leave(self, name: str) -> None:
        while self._names[name]:
            left = self._open.pop()
            self._names[left.name] -= 1
            if left.name == name:
                return

    def _see_link(self) -> None:
        if link := self._open[-1].link:
            self.links.append(link)


def _attributes(written: str) -> Iterator[tuple[str, str]]:
    for found in _ATTRIBUTE.finditer(written):
        value = found[2] or ""
        if value[:1] in ("'", '"'):
            value = value[1:].removesuffix(value[0])
        yield found[1].lower(), unescape(value)
