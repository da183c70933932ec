"""HTML taken apart into texts and tags, in time that grows with its length and not faster.

The parser of the standard library takes minutes for some thousand tags that do not end. Nothing is
refused here: what a browser would not show is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_MARKUP = re.compile(r"<(?:!--|[!?]|/|[a-zA-Z])")
_TAG = re.compile(
    r"""<(/?)([a-zA-Z][^\s/>]*+)((?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+')|=)*+)>""",
)
_NO_MARKUP_INSIDE = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in ("script", "style")
}


class Piece(NamedTuple):
    """A text as it stands, with its entities; or the name of a tag that opens or closes."""

    text: str = ""
    opens: str = ""
    closes: str = ""
    attributes: str = ""


def pieces_of(html: str) -> Iterator[Piece]:
    """The texts and tags of ``html`` in order, without comments, scripts and styles."""
    at = 0
    while found := _MARKUP.search(html, at):
        if found.start() > at:
            yield Piece(text=html[at : found.start()])
        piece, at = _markup(html, found.start())
        if piece:
            yield piece
    if at < len(html):
        yield Piece(text=html[at:])


def without_tags(html: str) -> str:
    """The texts of ``html``, with their entities as they are."""
    return "".join(piece.text for piece in pieces_of(html))


def _markup(html: str, start: int) -> tuple[Piece | None, int]:
    """What begins at ``start``, and where it ends."""
    if html.startswith("<!--", start):
        return None, _behind(html, "-->", start + 2)
    if re.match(r"<(?:[!?]|/[^a-zA-Z]|/$)", html[start : start + 3]):
        return None, _behind(html, ">", start)
    found = _TAG.match(html, start)
    if not found:
        return None, len(html)
    closing, name, attributes = found[1], found[2].lower(), found[3]
    if closing:
        return Piece(closes=name), found.end()
    if name in _NO_MARKUP_INSIDE:
        end = _NO_MARKUP_INSIDE[name].search(html, found.end())
        return None, end.start() if end else len(html)
    return Piece(opens=name, attributes=attributes), found.end()


def _behind(html: str, mark: str, start: int) -> int:
    found = html.find(mark, start)
    return found + len(mark) if found >= 0 else len(html)
