"""Pinning entries to another published version, with who moved them, when, and from where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.entries import find_entry, this
from activities.ledger.leads import find_lead
from activities.ledger.publishing import NotPublished, find_version
from activities.ledger.starting import values_for
from activities.ledger.store import Ledger
from activities.ledger.tables import admissions, version_moves
from activities.ledger.upsert import insert_new
from workflows.contracts import Repinned, RepinRequest


async def repin(ledger: Ledger, tx: AsyncConnection, request: RepinRequest) -> Repinned:
    """Pin an entry to a version; done twice, it is written down once.

    From this commit on events are told by what that version looks at, and effects are rendered
    and judged by it.
    """
    entry = await find_entry(tx, request.enrollment, request.entry)
    if entry is None or entry["state"] == "CLOSED":
        return Repinned()
    try:
        version = await find_version(tx, entry["automation"], request.to_version)
    except NotPublished as error:
        return Repinned(refused=str(error))
    if version.digest != request.digest:
        return Repinned(
            refused=f"version {request.to_version} is published with another content: migrate to "
            "what is published"
        )
    row = request.model_dump(mode="json", exclude={"digest", "undoes", "by"}, exclude_defaults=True)
    row = {"reason": "", "visit": request.visit, "step": request.step} | row
    row |= {"center": entry["center"], "automation": entry["automation"]}
    row |= {"moved_at": await ledger.now(tx), "moved_by": request.by}
    if await insert_new(tx, version_moves, row):
        here = this(request.enrollment, request.entry)
        await tx.execute(update(admissions).where(here).values(version=request.to_version))
        if request.undoes:
            await _mark_undone(ledger, tx, request)
    lead = await find_lead(tx, entry["center"], entry["lead"])
    return Repinned(values=values_for(version, lead) if lead else {})


async def _mark_undone(ledger: Ledger, tx: AsyncConnection, request: RepinRequest) -> None:
    row = version_moves.c
    here = (row.enrollment == request.enrollment) & (row.entry == request.entry)
    undone = {"undone_at": await ledger.now(tx), "undone_by": request.by}
    await tx.execute(update(version_moves).where(here, row.id == request.undoes).values(undone))


async def repin_queued(ledger: Ledger, request: RepinRequest, person: str) -> bool:
    """Pin an entry that waits for its lane and has no workflow yet. False if it has one by now."""
    async with ledger.transaction(f"person:{person}") as tx:
        entry = await find_entry(tx, request.enrollment, request.entry)
        if entry is None or entry["state"] != "QUEUED":
            return False
        return not (await repin(ledger, tx, request)).refused


async def moves_to(tx: AsyncConnection, automation: str, version: int) -> list[Mapping[str, Any]]:
    """Moves of leads that are on this version still, and have not been taken back."""
    row, entry = version_moves.c, admissions.c
    inside = (entry.enrollment == row.enrollment) & (entry.entry == row.entry)
    query = select(version_moves).join(admissions, inside)
    query = query.where(row.automation == automation, row.to_version == version)
    query = query.where(entry.version == version, entry.state != "CLOSED")
    real = (row.how != "back") & (row.from_version != row.to_version)
    query = query.where(row.undone_at.is_(None), real).order_by(row.moved_at)
    newest = {found["enrollment"]: dict(found) for found in (await tx.execute(query)).mappings()}
    return list(newest.values())
