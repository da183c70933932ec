"""The HTML part that a plain text stands for: paragraphs, line breaks, links, and nothing else.

It works on the Liquid source, so that what is pinned is what will be rendered. What Liquid puts in
later is escaped by the environment of HTML parts.
"""

from __future__ import annotations

import html
import re

_LIQUID = re.compile(r"(\{\{.*?\}\}|\{%.*?%\})", re.DOTALL)
_UNSUBSCRIBE = re.compile(r"\{\{-?\s*unsubscribe_url\s*-?\}\}")
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_ADDRESS = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)]")


def automatic_html(text: str) -> str:
    """HTML that says the same as ``text``, which may have Liquid in it and keeps it."""
    # At odd places stands Liquid: the pattern has one group.
    pieces = _LIQUID.split(text.strip())
    made = [_liquid(piece) if at % 2 else _words(piece) for at, piece in enumerate(pieces)]
    return f"<p>{''.join(made)}</p>\n"


def _liquid(piece: str) -> str:
    return f'<a href="{piece}">{piece}</a>' if _UNSUBSCRIBE.fullmatch(piece) else piece


def _words(piece: str) -> str:
    paragraphs = _BLANK_LINES.split(piece)
    return "</p>\n<p>".join(_linked(one).replace("\n", "<br>\n") for one in paragraphs)


def _linked(words: str) -> str:
    made, after = [], 0
    for found in _ADDRESS.finditer(words):
        address = html.escape(found.group())
        made += [html.escape(words[after : found.start()], quote=False)]
        made += [f'<a href="{address}">{address}</a>']
        after = found.end()
    return "".join((*made, html.escape(words[after:], quote=False)))
