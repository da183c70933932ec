"""Reading the parts of an inbound message: headers, addresses, Message-IDs, its text.

Nothing here trusts the sender: wrong charsets, encodings and header syntax read as well as can be.
"""

from __future__ import annotations

import contextlib
import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses
from html import unescape

MAX_TEXT = 64_000
MAX_IDS = 50
MAX_HEADER = 20_000
MAX_DEPTH = 200

_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}@[^<>\s]{1,250}>")
_ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]\\]+@[^\s<>,;:\"()\[\]\\]+")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TOKEN = re.compile(
    r"<(?P<end>/?)(?P<name>[a-z][\w:-]{0,30})(?P<attributes>[^<>]{0,4000})>|[^<]+|<", re.I
)
_MARK = re.compile(r"""\b(?:class|id)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+))""", re.I)
_QUOTE_MARKS = (
    "gmail_quote",
    "yahoo_quoted",
    "moz-cite-prefix",
    "protonmail_quote",
    "divrplyfwdmsg",
    "appendonsend",
)
_BREAKING = re.compile(r"address|article|br|dd|div|dl|dt|h[1-6]|hr|li|ol|p|table|tr|ul")
_VOID = re.compile(r"area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr")


def header(message: Message, name: str) -> str:
    """A header, decoded and on one line; "" when it is missing."""
    wanted = name.lower()
    raw = next((str(value) for key, value in message.raw_items() if key.lower() == wanted), "")
    # Headers may be plain UTF-8 (RFC 6532), which the parser keeps as escaped bytes.
    raw = raw[:MAX_HEADER].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    with contextlib.suppress(HeaderParseError, LookupError, ValueError):  # then as it came
        raw = str(make_header(decode_header(raw)))
    return " ".join(_CONTROL.sub(" ", raw).split())


def address_in(value: str) -> str | None:
    """The first plain address in a header value."""
    for _, address in getaddresses([value]):
        if _ADDRESS.fullmatch(address):
            return address
    found = _ADDRESS.search(value)
    return found.group() if found else None


def message_ids(value: str) -> tuple[str, ...]:
    """The Message-IDs in a header value, each once."""
    return tuple(dict.fromkeys(_MESSAGE_ID.findall(value)))[:MAX_IDS]


def text_of(message: Message) -> str:
    """The text a reader sees first: text/plain, else text/html without markup and quotes."""
    for wanted in ("text/plain", "text/html"):
        for part in _own_parts(message):
            if part.get_content_type() == wanted and not part.get_filename():
                text = _decoded(part)
                text = _Html().text(text) if wanted == "text/html" else text
                if text.strip():
                    return text
    return ""


def _own_parts(message: Message) -> list[Message]:
    """The message's parts, without those of messages attached to it."""
    if message.get_content_type() in ("text/rfc822-headers", "message/rfc822-headers"):
        message.set_type("text/plain")
    payload = message.get_payload()
    if not isinstance(payload, list):
        return [message]
    if message.get_content_maintype() == "message":
        return []
    return [part for child in payload if isinstance(child, Message) for part in _own_parts(child)]


def _decoded(part: Message) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    charset = part.get_content_charset() or "utf-8"
    try:
        text = content.decode(charset, "replace")
    except (LookupError, ValueError):
        text = content.decode("utf-8", "replace")
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))[:MAX_TEXT]


class _Html:
    """The text of an HTML mail outside scripts, styles and quoted mail.

    In time linear in its length, which the standard library's parser is not for broken markup.
    """

    def __init__(self) -> None:
        self._text: list[str] = []
        self._open: list[tuple[str, bool]] = []  # element, and whether it or a parent is hidden

    def text(self, html: str) -> str:
        """What a reader would see of ``html``."""
        first, *commented = html.split("<!--")
        shown = first + "".join(part.partition("-->")[2] for part in commented)
        for match in _TOKEN.finditer(shown):
            self._take(match)
        return re.sub(r"\n{3,}", "\n\n", "".join(self._text))

    def _take(self, match: re.Match[str]) -> None:
        name = (match["name"] or "").lower()
        if not name:
            if not self._is_hidden():
                self._text.append(re.sub(r"\s+", " ", unescape(match.group())))
            return
        if _BREAKING.fullmatch(name):
            self._text.append("\n")
        if match["end"]:
            self._close(name)
        elif not _VOID.fullmatch(name) and len(self._open) < MAX_DEPTH:
            hidden = self._is_hidden() or _is_quotation(name, match["attributes"])
            self._open.append((name, hidden))

    def _close(self, name: str) -> None:
        # Elements such as <p> may end without an end tag: they end with what they are in.
        for depth in range(len(self._open) - 1, -1, -1):
            if self._open[depth][0] == name:
                del self._open[depth:]
                return

    def _is_hidden(self) -> bool:
        return bool(self._open) and self._open[-1][1]


def _is_quotation(name: str, attributes: str) -> bool:
    if name in ("blockquote", "script", "style", "head", "title"):
        return True
    marks = " ".join("".join(found) for found in _MARK.findall(attributes)).lower().split()
    return any(mark.endswith(_QUOTE_MARKS) for mark in marks)
