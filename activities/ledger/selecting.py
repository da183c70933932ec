"""Selecting the audience of a launch: leads in their order, each with what was found of it.

A lead is in an audience once, whatever is launched again. Who is selected is asked anew when its
wave is released, and once more at its first message: what is kept here is the proof of the day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.admissions import tell_created
from activities.ledger.connections import Connections
from activities.ledger.consents import note_consent
from activities.ledger.eligibility import Applicant, Criterion, examined
from activities.ledger.leads import Lead, find_lead, locks_of_admission, put_lead, with_known
from activities.ledger.lifecycle import Act, note
from activities.ledger.publishing import Version
from activities.ledger.store import Ledger
from activities.ledger.upsert import insert_new
from activities.ledger.wave_tables import audience, launches
from activities.ledger.waves import look_again

ONCE = "one record of a person"
ASKED_AGAIN = ("excluded", "refused")
"""States of leads that a launch with ``again`` judges anew: they have got nothing."""

Fate = Literal["selected", "known", "excluded"]


@dataclass(frozen=True, slots=True)
class Selection:
    """A launch that selects. ``persons`` are those that it has selected by now, by their lead.

    With ``keep`` false nothing is written: it only shows what would be selected.
    """

    version: Version
    connections: Connections
    by: str
    again: bool = False
    keep: bool = True
    persons: dict[str, str] = field(default_factory=dict)

    @property
    def automation(self) -> str:
        """The campaign that is launched."""
        return self.version.automation


@dataclass(frozen=True, slots=True)
class Selected:
    """What became of one lead of the file, and why it was excluded."""

    lead: str
    fate: Fate
    reason: str = ""


class _NotKept(Exception):
    """Takes back what a preview has written."""


async def open_launch(ledger: Ledger, selection: Selection) -> bool:
    """Write down that a campaign is launched; False if it was launched before, and goes on."""
    version = selection.version
    async with ledger.transaction(f"launch:{version.automation}") as tx:
        now = await ledger.now(tx)
        row: dict[str, Any] = {"center": version.center, "automation": version.automation}
        row |= {"state": "OPEN"}
        row |= {"launched_at": now, "launched_by": selection.by, "next_at": now, "waits_for": ""}
        is_new = await insert_new(tx, launches, row)
        if is_new:
            act = Act("launched", version.center, selection.by, version.automation, version.version)
            await note(ledger, tx, act)
        else:
            await look_again(ledger, tx, version.automation)
        return is_new


async def select_leads(
    ledger: Ledger, selection: Selection, leads: Sequence[Lead]
) -> list[Selected]:
    """Judge some leads and put them into the audience, in their order, in one transaction."""
    locks = {lock for lead in leads for lock in locks_of_admission(lead)}
    done: list[Selected] = []
    try:
        async with ledger.transaction(*locks, f"launch:{selection.automation}") as tx:
            last = select(func.max(audience.c.place))
            place = await tx.scalar(last.where(audience.c.automation == selection.automation)) or 0
            for lead in leads:
                place += 1
                done.append(await _select(ledger, tx, selection, lead, place))
            if not selection.keep:
                raise _NotKept
    except _NotKept:
        pass
    return done


async def _select(
    ledger: Ledger, tx: AsyncConnection, selection: Selection, lead: Lead, place: int
) -> Selected:
    before = await _row_of(tx, selection.automation, lead.lead)
    if before and not (selection.again and before["state"] in ASKED_AGAIN):
        return Selected(lead.lead, "known", before["reason"])
    known = await find_lead(tx, lead.center, lead.lead)
    for said in lead.consents:
        cause = f"launch:{selection.automation}/{lead.lead}"
        await note_consent(ledger, tx, (lead.center, lead.person), said, cause)
    lead = with_known(lead, known)
    definition = selection.version.definition
    found = await examined(Applicant(ledger, tx, lead, definition, selection.connections))
    found.append(Criterion(ONCE, await _same_person(tx, selection, lead)))
    reason = next((one.objection for one in found if one.objection), "")
    if not reason:
        selection.persons[lead.person] = lead.lead
        await put_lead(ledger, tx, lead)
        if known is None:
            await tell_created(ledger, tx, lead, selection.connections)
    row = {
        "person": lead.person,
        "place": place,
        "state": "excluded" if reason else "waiting",
        "criteria": {
            "version": selection.version.version,
            "judged": [criterion.written for criterion in found],
        },
        "reason": reason,
        "turn": before["turn"] + 1 if before else 1,
        "selected_at": await ledger.now(tx),
    }
    await _put(tx, (lead.center, selection.automation, lead.lead), row, is_new=before is None)
    return Selected(lead.lead, "excluded" if reason else "selected", reason)


async def _put(
    tx: AsyncConnection, whose: tuple[str, str, str], row: dict[str, Any], *, is_new: bool
) -> None:
    center, automation, lead = whose
    if is_new:
        names = {"center": center, "automation": automation, "lead": lead}
        await tx.execute(insert(audience).values(row | names))
        return
    here = (audience.c.automation == automation) & (audience.c.lead == lead)
    again = {"wave": None, "asked_at": None}
    await tx.execute(update(audience).where(here).values(row | again))


async def _same_person(tx: AsyncConnection, selection: Selection, lead: Lead) -> str:
    """That another record of this person is in the audience; empty if none is."""
    row = audience.c
    others = (row.automation == selection.automation) & (row.person == lead.person)
    others &= (row.lead != lead.lead) & row.state.not_in(ASKED_AGAIN)
    other = selection.persons.get(lead.person) or await tx.scalar(select(row.lead).where(others))
    return f"same person as {other}" if other and other != lead.lead else ""


async def _row_of(tx: AsyncConnection, automation: str, lead: str) -> Mapping[str, Any] | None:
    here = (audience.c.automation == automation) & (audience.c.lead == lead)
    row = (await tx.execute(select(audience).where(here))).mappings().first()
    return dict(row) if row else None


async def selected(tx: AsyncConnection, automation: str, lead: str) -> Mapping[str, Any] | None:
    """How a lead stands in the audience of a campaign, with what was found of it at the time."""
    return await _row_of(tx, automation, lead)
