"""What the writer of a reply wrote, without the mail they answer to."""

from __future__ import annotations

import re

from mailparser_reply import EmailReplyParser

# The library's patterns take time in the cube of a line's length and hang on runs of blank
# lines, so both are bounded before it sees the text.
_MAX_TEXT = 12_000
_MAX_LINE = 200

_PARSER = EmailReplyParser(languages=["en", "de", "fr", "es", "it", "nl", "pl", "sv", "da"])
# Lines that open a quoted mail, for clients and languages that the library does not know.
_ATTRIBUTION = re.compile(
    r"^.{0,200}\b(?:wrote|schrieb|écrit|escribió|scritto|schreef|escreveu|skrev|napisał|kirjoitti)\b"
    r".{0,100}:\s*$",
    re.I,
)
_SEPARATOR = re.compile(
    r"^\s*(?:-{2,}\s*(?:original message|ursprüngliche nachricht|message d'origine|mensaje original"
    r"|messaggio originale|oorspronkelijk bericht|forwarded message)\s*-{2,}|_{10,})\s*$",
    re.I,
)


def latest_reply(text: str) -> str:
    """The newest part of a thread: above or below the quotation, without its lines."""
    bounded = _bounded(text)
    newest = _own_lines(_PARSER.parse_reply(bounded) or "")
    return newest or _own_lines(bounded, below_too=True)


def _bounded(text: str) -> str:
    lines: list[str] = []
    for line in text[:_MAX_TEXT].replace("\xa0", " ").split("\n"):
        if line.strip() or (lines and lines[-1]):
            lines += _pieces(line.strip())
    return "\n".join(lines)


def _pieces(line: str) -> list[str]:
    if len(line) <= _MAX_LINE:
        return [line]
    return [piece.strip() for piece in re.findall(rf".{{1,{_MAX_LINE}}}(?:\s|$)|\S+", line)]


def _own_lines(text: str, *, below_too: bool = False) -> str:
    kept: list[str] = []
    for line in text.split("\n"):
        if _SEPARATOR.match(line):
            break
        if _ATTRIBUTION.match(line):
            if below_too:
                continue
            break
        if not line.lstrip().startswith(">"):
            kept.append(line)
    return "\n".join(kept).strip()
