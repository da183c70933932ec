"""Caps: how much a campaign may send, to whom, and how late. Campaign settings, not pinned."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from workflows.engine.base import Frozen
from workflows.engine.durations import Duration, read_duration, write_duration

_RATE = re.compile(r"(\d{1,5})\s+per\s+(\S.*)")


class Rate(Frozen):
    """At most ``sends`` messages within any period of the length ``within``."""

    sends: int = Field(ge=1, le=10_000)
    within: timedelta


def read_rate(written: object) -> Rate:
    """Turn "3 per 7 days" into a rate.

    Raises:
        ValueError: it is not written as a number, "per" and a duration.
    """
    if isinstance(written, Rate):
        return written
    found = _RATE.fullmatch(written.strip()) if isinstance(written, str) else None
    if found is None or int(found[1]) < 1:
        raise ValueError(f"{written!r} is no rate: write it like '3 per 7 days'")
    return Rate(sends=int(found[1]), within=read_duration(found[2]))


def write_rate(rate: Rate) -> str:
    """The spelling that ``read_rate`` reads back."""
    return f"{rate.sends} per {write_duration(rate.within)}"


WrittenRate = Annotated[
    Rate,
    BeforeValidator(read_rate),
    PlainSerializer(write_rate),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\d{1,5}\s+per\s+(\d{1,6}\s*(second|minute|hour|day|week)s?\s*)+$",
            "examples": ["3 per 7 days"],
            "description": "A number of messages, 'per' and a duration.",
        }
    ),
]

Count = Annotated[int, Field(ge=1, le=1_000_000)]


class Caps(Frozen):
    """What is not set is not limited. A day is the local day in the zone of the center.

    ``frequency_cap`` and ``per_company_per_day`` count what a person, or all people of one domain,
    get from every campaign of the center. ``max_sends`` is per enrollment. Mails and text messages
    count alike. A message that is later than ``max_lateness``, counted from when it fell due, does
    not leave: it needs attention.
    """

    frequency_cap: WrittenRate | None = None
    per_day: Count | None = None
    per_company_per_day: Count | None = None
    max_sends: Count | None = None
    max_lateness: Duration | None = None
