"""Salesforce record ids: fifteen case-sensitive characters and a checksum of their capitals."""

from __future__ import annotations

import string

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CHECKSUM = string.ascii_uppercase + "012345"


def make_id(prefix: str, number: int) -> str:
    """The 18-character id of the ``number``-th record of the object with this key prefix."""
    tail = ""
    while number:
        number, digit = divmod(number, 62)
        tail = _DIGITS[digit] + tail
    fifteen = f"{prefix}5e00000" + tail.rjust(5, "0")
    return fifteen + checksum(fifteen)


def checksum(fifteen: str) -> str:
    """The three characters that make an id safe where case is lost: one for each five."""
    return "".join(
        _CHECKSUM[sum(1 << i for i, c in enumerate(fifteen[start : start + 5]) if c.isupper())]
        for start in (0, 5, 10)
    )


def full_id(text: str) -> str | None:
    """``text`` as an 18-character id, or None when it is not an id."""
    if not (text.isascii() and text.isalnum()) or len(text) not in (15, 18):
        return None
    fifteen = text[:15]
    whole = fifteen + checksum(fifteen)
    return whole if len(text) == 15 or text == whole else None
