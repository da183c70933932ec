"""Durations as people write them ("3 days", "1 hour 30 minutes"), as exact multiples of seconds.

A day is 24 hours here; calendar days, business days and zones are reckoned outside the engine.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_PART = re.compile(r"(\d{1,6})\s*(second|minute|hour|day|week)s?\s*")
LONGEST = timedelta(days=366)


def read_duration(text: object) -> timedelta:
    """Turn "2 days 4 hours" into a timedelta.

    Raises:
        ValueError: not written as a whole number and a unit, zero, or longer than 366 days.
    """
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not re.fullmatch(rf"({_PART.pattern})+", text.strip()):
        raise ValueError(
            f"{text!r} is not a duration: write a whole number and a unit, such as "
            "'3 days', '90 minutes' or '1 week 2 days'"
        )
    seconds = sum(int(number) * UNITS[unit] for number, unit in _PART.findall(text))
    if not 0 < seconds <= LONGEST.total_seconds():
        raise ValueError(f"{text!r} is out of range: more than zero, at most 366 days")
    return timedelta(seconds=seconds)


def write_duration(value: timedelta) -> str:
    """The shortest exact spelling that ``read_duration`` reads back to the same value."""
    rest = int(value.total_seconds())
    parts = []
    for unit, size in sorted(UNITS.items(), key=lambda item: -item[1]):
        number, rest = divmod(rest, size)
        if number:
            parts.append(f"{number} {unit}{'s' if number > 1 else ''}")
    return " ".join(parts)


Duration = Annotated[
    timedelta,
    BeforeValidator(read_duration),
    PlainSerializer(write_duration),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^(\d{1,6}\s*(second|minute|hour|day|week)s?\s*)+$",
            "examples": ["3 days", "90 minutes"],
            "description": "A whole number and a unit: seconds, minutes, hours, days or weeks.",
        }
    ),
]
