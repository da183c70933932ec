"""How many segments a text message is sent and charged as (3GPP TS 23.038 and 23.040). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

LONGEST = 1600
"""Characters that a vendor takes in one message (Twilio's limit, error 21617)."""

MANY_SEGMENTS = 3
"""More than this is warned about: each is charged, and carriers drop long ones more often."""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
"""These take two places: an escape and themselves."""


@dataclass(frozen=True, slots=True)
class Segments:
    """How a text is sent. One character outside of GSM-7 makes all of it UCS-2, which is longer."""

    encoding: Literal["GSM-7", "UCS-2"]
    count: int


def segments_of(text: str) -> Segments:
    """Count the segments of a text; an empty one has none."""
    if all(character in _BASIC or character in _EXTENDED for character in text):
        sizes = [2 if character in _EXTENDED else 1 for character in text]
        return Segments("GSM-7", _packed(sizes, alone=160, joined=153))
    sizes = [len(character.encode("utf-16-le")) // 2 for character in text]
    return Segments("UCS-2", _packed(sizes, alone=70, joined=67))


def _packed(sizes: Iterable[int], alone: int, joined: int) -> int:
    """Segments that characters of these sizes fill; no character is torn between two."""
    sizes = list(sizes)
    if sum(sizes) <= alone:
        return 1 if sizes else 0
    count, filled = 1, 0
    for size in sizes:
        if filled + size > joined:
            count, filled = count + 1, 0
        filled += size
    return count
