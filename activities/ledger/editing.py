"""Editing campaign settings in flight: one commit, then over the leads inside in batches.

Whatever cuts the walk over the leads off, the repair loop goes on where it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.connections import Connections
from activities.ledger.criteria import meets
from activities.ledger.entries import find_entry
from activities.ledger.inbox import OPEN, tell_criteria_met_in
from activities.ledger.leads import find_lead
from activities.ledger.lifecycle import Act, note
from activities.ledger.publishing import newest_version
from activities.ledger.settings import Change, put_settings, settings_of
from activities.ledger.store import Ledger
from activities.ledger.tables import admissions, campaign_settings
from workflows.engine.campaign_settings import CampaignSettings

AT_ONCE = 100
"""Leads that are looked at in one transaction."""


class NoCampaign(ValueError):
    """The automation has no campaign block, and so no settings."""


@dataclass(frozen=True, slots=True)
class Edited:
    """Settings before and after; ``number`` is the row in force (None: nothing was changed)."""

    before: CampaignSettings
    after: CampaignSettings
    number: int | None = None


async def preview_edit(
    ledger: Ledger, automation: str, patch: Mapping[str, JsonValue]
) -> tuple[Edited, int]:
    """What an edit would change, and how many leads in flight would exit by its criteria.

    Raises:
        NotPublished, NoCampaign, ValueError: as for ``edit_settings``.
    """
    async with ledger.reading() as tx:
        edited = await _edited(tx, automation, patch)
    leaving, last = 0, ""
    while edited.after.exits != edited.before.exits:
        async with ledger.reading() as tx:
            rows = await _open_after(tx, automation, last)
            leaving += sum([await _is_concerned(tx, row, edited.after) for row in rows])
        if not rows:
            break
        last = rows[-1]["enrollment"]
    return edited, leaving


async def edit_settings(
    ledger: Ledger, automation: str, patch: Mapping[str, JsonValue], change: Change
) -> Edited:
    """Put a merge patch on top of the settings in force, from this commit on.

    ``reach_leads`` then takes out whom edited exit criteria concern.

    Raises:
        NotPublished: nothing of that id has been published.
        NoCampaign: it has no settings.
        pydantic.ValidationError, ValueError: the outcome is no settings.
    """
    async with ledger.transaction(f"automation:{automation}") as tx:
        edited = await _edited(tx, automation, patch)
        if edited.after == edited.before:
            return edited
        newest = await newest_version(tx, automation)
        number = await put_settings(ledger, tx, newest.definition, edited.after, change)
        row = admissions.c
        inside = (row.automation == automation) & row.state.in_(OPEN)
        if edited.after.priority != edited.before.priority:
            # Who holds a lane is asked for the priority that it entered with.
            moved = update(admissions).where(inside).values(priority=edited.after.priority)
            await tx.execute(moved)
        act = Act("settings edited", newest.center, change.by, automation, None, change.reason)
        await note(ledger, tx, act)
    return Edited(edited.before, edited.after, number)


async def reach_leads(
    ledger: Ledger, connections: Connections, automation: str | None = None
) -> list[str]:
    """Evaluate settings in force over the leads in flight that they have not reached yet.

    Puts an event into the inbox for whoever meets the exit criteria now; returns the events.
    """
    events: list[str] = []
    async with ledger.reading() as tx:
        waiting = await _not_reached(tx, automation)
    for row in waiting:
        last: str | None = row["reached_to"] or ""
        while last is not None:
            last, told = await _next_batch(ledger, connections, row, last)
            events += told
    return events


async def _edited(tx: AsyncConnection, automation: str, patch: Mapping[str, JsonValue]) -> Edited:
    newest = await newest_version(tx, automation)
    if newest.definition.campaign is None:
        raise NoCampaign(
            f"{automation}: has no campaign block, and so no settings: add one and publish it"
        )
    before = await settings_of(tx, automation)
    return Edited(before, before.patched(patch))


async def _not_reached(tx: AsyncConnection, automation: str | None) -> list[Mapping[str, Any]]:
    """Rows in force that wait to be evaluated; an older row does not count any more."""
    row, later = campaign_settings.c, campaign_settings.alias("later").c
    newer = select(later.number).where(
        later.automation == row.automation, later.number > row.number
    )
    query = select(campaign_settings).where(row.reached_at.is_(None), ~newer.exists())
    query = query.where(row.automation == automation) if automation else query
    return [dict(found) for found in (await tx.execute(query)).mappings()]


async def _open_after(
    tx: AsyncConnection, automation: str, last: str
) -> Sequence[Mapping[str, Any]]:
    row = admissions.c
    columns = (row.center, row.enrollment, row.entry, row.lead, row.person)
    query = select(*columns).where(row.automation == automation, row.state.in_(OPEN))
    query = query.where(row.enrollment > last).order_by(row.enrollment).limit(AT_ONCE)
    return [dict(found) for found in (await tx.execute(query)).mappings()]


async def _is_concerned(
    tx: AsyncConnection, entry: Mapping[str, Any], settings: CampaignSettings
) -> bool:
    lead = await find_lead(tx, entry["center"], entry["lead"])
    return lead is not None and meets(settings.exits, lead)


async def _next_batch(
    ledger: Ledger, connections: Connections, row: Mapping[str, Any], last: str
) -> tuple[str | None, list[str]]:
    """Look at the leads after ``last``; the last of them (None: it was the end), and the events."""
    async with ledger.reading() as tx:
        batch = await _open_after(tx, row["automation"], last)
    told: list[str] = []
    settings = CampaignSettings.read(row["settings"])
    # A change of a lead that has not seen these settings yet is waited for, by its person.
    async with ledger.transaction(*{f"person:{one['person']}" for one in batch}) as tx:
        now = await ledger.now(tx)
        for one in batch:
            entry = await find_entry(tx, one["enrollment"], one["entry"])
            lead = await find_lead(tx, one["center"], one["lead"])
            if entry and entry["state"] in OPEN and lead and meets(settings.exits, lead):
                told += await tell_criteria_met_in(ledger, tx, entry, now, connections)
        here = (campaign_settings.c.automation == row["automation"]) & (
            campaign_settings.c.number == row["number"]
        )
        reached = batch[-1]["enrollment"] if batch else None
        values = {"reached_to": reached} if batch else {"reached_at": now}
        await tx.execute(update(campaign_settings).where(here).values(values))
    return reached, told
