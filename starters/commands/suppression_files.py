"""Suppressions by a file, row by row: a broken row costs itself alone.

A row that is suppressed already changes nothing, so that a file may be read in again at any time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

from activities.ledger.leads import BadLead, person_of
from activities.ledger.listing import leads_of
from activities.ledger.suppression_history import in_force, sign
from activities.ledger.suppressions import suppress_lead, suppress_person
from starters.commands.lifting import subjects_meant
from starters.commands.opened import Opened
from starters.commands.output import Refused, WrongUse
from starters.commands.suppressing import Said, suppress
from starters.commands.suppression_rows import is_kept_as_it_was, listed, put_back
from starters.commands.whom import Whom
from starters.leads.columns import field_name
from starters.leads.file import UnreadableFile, examine
from starters.leads.importing import Outcome
from starters.leads.rejected import RejectedRows
from starters.leads.rows import Row, read_rows
from starters.leads.salesforce_ids import lead_id

AT_ONCE = 200
NAMES = {"id": "lead", "address": "email", "reason": "why", "mobile_phone": "phone"}
WHOM = ("email", "lead", "domain", "phone", "subject")
UNDERSTOOD = (*WHOM, "scope", "channel", "campaign", "why", "since", "lifted_at", "center")


@dataclass(slots=True)
class Counts:
    """What became of the rows of a file, and what a person should know of it."""

    counts: dict[str, int]
    notes: list[str] = field(default_factory=list)
    stopped: int = 0

    @property
    def document(self) -> dict[str, Any]:
        """For tools."""
        return {**self.counts, "stopped": self.stopped, "notes": self.notes}


async def read_in(here: Opened, path: Path, center: str, said: Said) -> Counts:
    """Suppress whom a file names; a second run does what is left.

    Raises:
        Refused: the file cannot be read, or its first line does not name the columns.
    """
    try:
        file = examine(path)
        columns, rows = read_rows(file, _fields_of)
    except UnreadableFile as error:
        raise Refused(str(error)) from error
    done, stopped = Counter({"suppressed": 0, "was_suppressed": 0, "lifted_left_out": 0}), 0
    rejected_to = path.with_name(f"{path.stem}.rejected.csv")
    with RejectedRows(rejected_to, columns) as rejected:
        while part := list(islice(rows, AT_ONCE)):
            async for row, fate, count in _part(here, part, center, said):
                done[fate] += 1
                stopped += count
                if row:
                    rejected.add(row)
        done["rejected"] = rejected.count
    notes = [file.note] if file.note else []
    notes += [f"rows with a problem are in {rejected_to}"] if rejected.count else []
    return Counts(dict(done), notes, stopped)


def _fields_of(columns: Sequence[str]) -> list[str]:
    """The fields that the columns fill.

    Raises:
        UnreadableFile: two fill one field, one is not understood, or none says whom.
    """
    written = [field_name(column, place=f"column {at}") for at, column in enumerate(columns, 1)]
    names = [NAMES.get(name, name) for name in written]
    strange = [name for name in names if name not in UNDERSTOOD]
    if strange:
        known = ", ".join(UNDERSTOOD)
        raise UnreadableFile(f"column {strange[0]!r} is not understood here: there are {known}")
    if len(set(names)) < len(names):
        raise UnreadableFile("two columns fill the same field: take one away")
    if not set(WHOM) & set(names):
        raise UnreadableFile(f"no column says whom: name one of {', '.join(WHOM)}")
    return names


async def _part(
    here: Opened, rows: list[Row], center: str, said: Said
) -> AsyncIterator[tuple[Outcome | None, str, int]]:
    """What became of some rows; those of strangers in one transaction."""
    strangers: list[tuple[Whom, Said]] = []
    for row in rows:
        problem, fate, count = row.problem, "", 0
        try:
            if not problem:
                fate, count = await _fate(here, row, (center, said), strangers)
        except (Refused, WrongUse, BadLead) as error:
            problem = str(error)
        if problem:
            yield Outcome(row, "rejected", problem), "rejected", 0
        else:
            yield None, fate, count
    for place in {whom.center for whom, _ in strangers}:
        await _put(here, place, [one for one in strangers if one[0].center == place])


async def _fate(
    here: Opened, row: Row, about: tuple[str, Said], strangers: list[tuple[Whom, Said]]
) -> tuple[str, int]:
    """What became of a row, and how many enrollments it stopped; ``strangers`` get their turn."""
    told = {name: str(value).strip() for name, value in row.fields.items()}
    center = _center_of(here, told, about[0])
    said = Said(about[1].by, told.get("why") or about[1].why)
    if told.get("lifted_at"):
        return "lifted_left_out", 0
    if is_kept_as_it_was(told):
        is_new = await put_back(here, center, told, about[1])
        return ("suppressed" if is_new else "was_suppressed"), 0
    whom = listed(told, center) if told.get("scope") else _whom(told, center)
    if await _is_there(here, whom):
        return "was_suppressed", 0
    if stranger := await _stranger(here, whom):
        strangers.append((Whom(center, person=stranger), said))
        return "suppressed", 0
    return "suppressed", len((await suppress(here, whom, said)).stopped)


def _center_of(here: Opened, told: Mapping[str, str], given: str) -> str:
    """Whose leads a row is about: it may say so itself.

    Raises:
        WrongUse: there is no such center.
    """
    center, known = told.get("center") or given, here.connections.centers
    if center not in (given, "default", *known):
        raise WrongUse(
            f"center {center!r} is not in the connections file, which has "
            f"{', '.join(known) or 'none'}: correct it, or leave it empty for {given!r}"
        )
    return center


def _whom(told: Mapping[str, str], center: str) -> Whom:
    """Whom a row names.

    Raises:
        WrongUse: it names nobody, or two.
        BadLead: the id of the lead is none.
    """
    given = {name: told[name] for name in ("email", "domain", "phone") if told.get(name)}
    if told.get("lead"):
        given["lead"] = lead_id(told["lead"])
    channel, campaign = told.get("channel") or "all", told.get("campaign") or None
    return Whom(center, **given, channel=channel, campaign=campaign)


async def _is_there(here: Opened, whom: Whom) -> bool:
    """Whether every row that this would write holds already."""
    if whom.lead and not whom.campaign:
        subjects = [("lead", whom.lead)]
    else:
        found, known = await subjects_meant(here, whom)
        subjects = found[:1] + [("lead", one) for one in (known.leads if known else ())]
        subjects = found if whom.campaign else subjects
    channel = "sms" if whom.channel == "sms" or whom.phone or whom.number else None
    async with here.ledger.reading() as tx:
        there = await in_force(tx, whom.center, subjects, channel)
    strong = [one for one in there if _holds(one, whom)]
    return {(one["scope"], one["subject"]) for one in strong} >= set(subjects)


def _holds(row: Mapping[str, Any], whom: Whom) -> bool:
    weak = ("bounced", "no_mail")
    return whom.channel == "email" or (row["reason"] not in weak and _channel_fits(row, whom))


def _channel_fits(row: Mapping[str, Any], whom: Whom) -> bool:
    return whom.channel == "sms" or bool(whom.phone or whom.number) or row["channel"] != "sms"


async def _stranger(here: Opened, whom: Whom) -> str:
    """The person of an address that no record has: nobody is to be told of it."""
    if whom.channel != "all" or whom.campaign or not (whom.email or whom.person):
        return ""
    person = whom.person or person_of(here.ledger, whom.center, whom.email, "")
    async with here.ledger.reading() as tx:
        return "" if await leads_of(tx, whom.center, person) else person


async def _put(here: Opened, center: str, strangers: list[tuple[Whom, Said]]) -> None:
    people = [(str(whom.person), said) for whom, said in strangers]
    locks = {f"person:{person}" for person, _ in people}
    async with here.ledger.transaction(*locks) as tx:
        now = await here.ledger.now(tx)
        for person, said in people:
            why = ("unsubscribed", f"operator-{uuid4().hex}", now)
            await suppress_person(tx, center, person, why)
            for lead in await leads_of(tx, center, person):
                await suppress_lead(tx, center, lead, why)
            await sign(tx, why[1], said.by, said.why)
