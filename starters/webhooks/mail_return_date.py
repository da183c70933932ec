"""The day on which somebody who is away says they are back, read from an automatic answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import dateparser

MAX_ABSENCE = timedelta(days=60)
_READ = 3_000  # characters

_MONTH = (
    r"(?:jan|feb|fév|mar|mär|maa|apr|avr|abr|may|mai|mei|maj|mag|jun|juin|giu|jul|juil|lug|aug|aoû"
    r"|ago|sep|set|okt|oct|ott|out|nov|dec|dez|déc|dic|ene|gen)[a-zàâäáéèêëíîïóôöúûüç]*\.?"
)
_NAMED = (
    rf"\d{{1,2}}(?:st|nd|rd|th|er|º|\.)?\s+(?:of\s+|de\s+)?{_MONTH}(?:,?\s+(?:de\s+)?20\d\d)?"
    rf"|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s+20\d\d)?"
)
_NUMERIC = r"20\d\d-\d\d?-\d\d?|\d{1,2}([./-])\d{1,2}(?:\1(?:20)?\d\d)?"
_WEEKDAY = (
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch"
    r"|lundi|mardi|mercredi|jeudi|vendredi|lunes|martes|miércoles|jueves|viernes"
    r"|lunedì|martedì|mercoledì|giovedì|venerdì|maandag|dinsdag|woensdag|donderdag|vrijdag"
)
_SOON = r"tomorrow|morgen|demain|mañana|domani"
_BACK = (
    r"until|till?|through|thru|back|returns?|returning|resume|as of|starting|bis|zurück|wieder|ab"
    r"|jusqu\w*|retour|partir|reviens|hasta|regres\w*|vuelv\w*|vuelta|fino|rientr\w*|torn\w*"
    r"|tot|terug|vanaf|até|volt\w*|retorn\w*"
)
_EXPLICIT = re.compile(rf"(?<![\w./-])(?:{_NUMERIC}|{_NAMED})(?![\w/-])", re.I)
_NEARBY = re.compile(rf"\b(?:{_WEEKDAY}|{_SOON})\b", re.I)
_ANNOUNCES = {
    _EXPLICIT: re.compile(rf"\b(?:{_BACK})\b[^\d!?]{{0,50}}$", re.I),
    # A weekday, or "morgen", means a date only within the sentence that announces it.
    _NEARBY: re.compile(rf"\b(?:{_BACK})\b[^\d.!?]{{0,50}}$", re.I),
}
_LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pt"]


def return_date(text: str, sent: datetime) -> date | None:
    """The date named in ``text``, after ``sent`` and at most 60 days after it; None without one.

    A date behind words like "until", "back on" or "bis" is preferred over one that merely occurs;
    among several the latest counts. 3/4 is read both ways and the later reading within 60 days is
    taken: writing late is better than writing to an empty desk.
    """
    text = " ".join(text[:_READ].split())
    latest = sent.date() + MAX_ABSENCE
    announced: list[date] = []
    mentioned: list[date] = []
    for match in (*_EXPLICIT.finditer(text), *_NEARBY.finditer(text)):
        readings = [day for day in _readings(match.group(), sent) if day > sent.date()]
        near = [day for day in readings if day <= latest]
        if _ANNOUNCES[match.re].search(text[max(0, match.start() - 80) : match.start()]):
            announced += [max(near)] if near else [latest] * bool(readings)
        elif match.re is _EXPLICIT:
            mentioned += [max(near)] if near else []
    return max(announced or mentioned, default=None)


def _readings(written: str, sent: datetime) -> list[date]:
    numbers = [int(number) for number in re.findall(r"\d+", written)]
    if re.fullmatch(r"[\d./-]+", written):
        return list(_numeric(written, numbers, sent))
    found = dateparser.parse(
        written,
        languages=_LANGUAGES,
        settings={
            "RELATIVE_BASE": sent.replace(tzinfo=None),
            "PREFER_DATES_FROM": "future",
            "RETURN_AS_TIMEZONE_AWARE": False,
        },
    )
    return [found.date()] if found else []


def _numeric(written: str, numbers: list[int], sent: datetime) -> Iterator[date]:
    if len(numbers) == 3 and numbers[0] > 99:
        orders = [(numbers[2], numbers[1], numbers[0])]
    else:
        first, second, *rest = numbers
        year = rest[0] % 100 + 2000 if rest else 0
        orders = [(first, second, year)]
        if "/" in written and written != "24/7":
            orders.append((second, first, year))
    for day, month, year in orders:
        # Without a year the next such day is meant, this year or in the following one.
        for candidate in (year,) if year else (sent.year, sent.year + 1):
            try:
                yield date(candidate, month, day)
            except ValueError:
                continue
