"""Which days are off, and why. Dates of holidays are those of the library ``holidays``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from workflows.engine.days_off import DaysOff

CLOSED = "closed"


def why_off(off: DaysOff, day: date) -> str:
    """The name of the holiday, in English, or "closed"; empty on other days.

    Raises:
        LookupError: nobody knows the holidays of one of the places.
    """
    if any(days.first <= day <= days.last for days in off.closed):
        return CLOSED
    names = (_holidays(place, day.year).get(day) for place in off.holidays)
    return next((name for name in names if name), "")


def problem_with(place: str) -> str:
    """Why the holidays of a place are not known; empty if they are."""
    from holidays.utils import list_supported_countries

    country, _, part = place.partition("-")
    known = list_supported_countries(include_aliases=False)
    if country not in known:
        return f"the holidays of {place!r} are not known: write a country of ISO 3166, such as US"
    if part and part not in known[country]:
        parts = ", ".join(known[country]) or "it has none"
        return f"{country} has no part {part!r} with holidays of its own: {parts}"
    return ""


@lru_cache(maxsize=256)
def _holidays(place: str, year: int) -> Mapping[date, str]:
    # Its countries take half a second to load: only who names one waits for that, once.
    from holidays.utils import country_holidays

    country, _, part = place.partition("-")
    try:
        found = country_holidays(country, part or None, years=year, language="en_US")
    except NotImplementedError as error:
        raise LookupError(problem_with(place) or str(error)) from error
    return dict(found)
