"""Days on which nothing is sent: public holidays, and days on which a business is closed."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, PlainSerializer, StringConstraints, WithJsonSchema

from workflows.engine.base import Frozen

_DAYS = re.compile(r"(\d{4}-\d\d-\d\d)(?:\s+to\s+(\d{4}-\d\d-\d\d))?")
LONGEST = timedelta(days=366)


class Days(Frozen):
    """From a day of the calendar to another one, both included."""

    first: date
    last: date


def read_days(written: object) -> Days:
    """Turn "2026-12-24" or "2026-12-24 to 2027-01-01" into days.

    Raises:
        ValueError: not written so, no such day, the last before the first, or more than a year.
    """
    if isinstance(written, Days):
        return written
    text = written.isoformat() if isinstance(written, date) else written
    found = _DAYS.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"{written!r} is no day: write 2026-12-24, or 2026-12-24 to 2027-01-01")
    first = date.fromisoformat(found[1])
    last = date.fromisoformat(found[2] or found[1])
    if not timedelta() <= last - first <= LONGEST:
        raise ValueError(f"{written!r} must go forward, by a year at most")
    return Days(first=first, last=last)


def write_days(days: Days) -> str:
    """The spelling that ``read_days`` reads back."""
    return f"{days.first}" if days.first == days.last else f"{days.first} to {days.last}"


WrittenDays = Annotated[
    Days,
    BeforeValidator(read_days),
    PlainSerializer(write_days),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\d{4}-\d\d-\d\d(\s+to\s+\d{4}-\d\d-\d\d)?$",
            "examples": ["2026-12-24", "2026-12-24 to 2027-01-01"],
            "description": "A day, or the first and the last of several.",
        }
    ),
]

Place = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]
"""A country (ISO 3166-1: US), or a part of one (ISO 3166-2: DE-BY)."""


class DaysOff(Frozen):
    """The public ``holidays`` of these places, and the days on which it is ``closed``.

    A day is one of the calendar wherever the lead is.
    """

    holidays: tuple[Place, ...] = Field(default=(), max_length=20)
    closed: tuple[WrittenDays, ...] = Field(default=(), max_length=100)

    def plus(self, more: DaysOff) -> Self:
        """The same with more days off."""
        both = {
            "holidays": (*self.holidays, *more.holidays),
            "closed": (*self.closed, *more.closed),
        }
        return self.model_copy(update=both) if more.holidays or more.closed else self
