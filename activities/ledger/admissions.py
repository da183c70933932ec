"""Admission: who may enter, in which lane, and the end of an entry. The ledger decides, once.

States of a row: QUEUED (its lane is busy) or ADMITTED, then RUNNING, then CLOSED; SUPERSEDED is
an entry that lost its lane to a higher priority and has not closed yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.connections import Connections
from activities.ledger.consents import note_consent
from activities.ledger.eligibility import Applicant, objection_to_entry
from activities.ledger.erased import WHY_REFUSED, is_erased
from activities.ledger.firings import told_by
from activities.ledger.high_water import BEHIND, find_behind
from activities.ledger.inbox import Incoming, Received, receive
from activities.ledger.lanes import holder_of_lane, supersede
from activities.ledger.leads import Lead, find_lead, is_sample, put_lead, with_known
from activities.ledger.lifecycle import find_obstacle_to_entry
from activities.ledger.listening import hears
from activities.ledger.opt_out_fields import note_told_opt_out
from activities.ledger.publishing import Version, find_state, find_version, newest_version
from activities.ledger.settings import priority_in_force
from activities.ledger.starting import start_again, start_of
from activities.ledger.store import Ledger, LedgerUnavailable
from activities.ledger.tables import admissions, refusals
from activities.ledger.upsert import insert_new
from workflows.contracts import Start, enrollment_id
from workflows.engine.events import Event


@dataclass(frozen=True, slots=True)
class Request:
    """Asks for the admission of a lead. ``cause`` is the id of what asks: it is answered once."""

    automation: str
    lead: Lead
    cause: str
    entry: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The admission, or why not. ``superseded`` are enrollments that lost their lane to it.

    ``queued``: admitted as soon as its lane is free. ``is_over``: this entry has closed already.
    """

    start: Start | None = None
    refused: str = ""
    queued: bool = False
    is_over: bool = False
    is_new: bool = True
    superseded: tuple[Received, ...] = ()


async def admit(
    ledger: Ledger, tx: AsyncConnection, request: Request, connections: Connections
) -> Answer:
    """Decide on one admission. The same ``cause`` gets the same answer, whatever changed since.

    Raises:
        LedgerUnavailable: it is behind the world: who seems new may have been through it all.
    """
    if await find_behind(tx):
        raise LedgerUnavailable(f"nobody is enrolled: {BEHIND}")
    answered = await _answered(tx, request.cause)
    if answered:
        return answered
    known = await find_lead(tx, request.lead.center, request.lead.lead)
    request = replace(request, lead=with_known(request.lead, known))
    accounts = connections.of(request.lead.center)
    await note_told_opt_out(ledger, tx, request.lead, accounts, request.cause)
    if await is_erased(tx, request.lead.center, request.lead.lead, request.lead.person):
        return await refuse(ledger, tx, request, WHY_REFUSED)
    await _note_consents(ledger, tx, request)
    sample = is_sample(request.lead.lead)
    obstacle = await find_obstacle_to_entry(ledger, tx, request.automation, sample=sample)
    if obstacle:
        why = f"automation {request.automation!r} is {obstacle.what}: {obstacle.remedy}"
        return await refuse(ledger, tx, request, why)
    version = await _version_for(tx, request.automation, sample=sample)
    applicant = Applicant(ledger, tx, request.lead, version.definition, connections)
    refusal = await objection_to_entry(applicant)
    if refusal:
        return await refuse(ledger, tx, request, refusal)
    await put_lead(ledger, tx, request.lead)
    lead = await find_lead(tx, request.lead.center, request.lead.lead) or request.lead
    if known is None:
        await tell_created(ledger, tx, lead, connections)
    busy = await holder_of_lane(tx, version.definition, lead)
    if busy and busy["priority"] >= await priority_in_force(tx, version.definition):
        return await _lane_is_busy(ledger, tx, request, version, busy)
    superseded = (await supersede(ledger, tx, busy, connections),) if busy else ()
    start = await _enter(ledger, tx, request, version, "ADMITTED")
    return Answer(start=start, superseded=superseded)


async def _note_consents(ledger: Ledger, tx: AsyncConnection, request: Request) -> None:
    whose = (request.lead.center, request.lead.person)
    for said in request.lead.consents:
        await note_consent(ledger, tx, whose, said, request.cause)


async def tell_created(
    ledger: Ledger, tx: AsyncConnection, lead: Lead, connections: Connections
) -> None:
    """A lead that came in with its enrollment is a new lead like any other.

    The fact is of use to triggers alone, so it is not kept where none waits for it: imports are
    large.
    """
    if await hears(tx, lead.center, "lead_created"):
        event = Event(
            id=f"{lead.center}/{lead.lead}/created", kind="lead_created", at=await ledger.now(tx)
        )
        await receive(ledger, tx, Incoming(event, lead.center, "enroll", lead.lead), connections)


async def _version_for(tx: AsyncConnection, automation: str, *, sample: bool) -> Version:
    """The version that new leads get; samples try the newest one."""
    state = None if sample else await find_state(tx, automation)
    return await (
        find_version(tx, automation, state[1]) if state else newest_version(tx, automation)
    )


async def _lane_is_busy(
    ledger: Ledger, tx: AsyncConnection, request: Request, version: Version, busy: Mapping[str, Any]
) -> Answer:
    """Refuse with the reason, or queue until the lane is free if the campaign says so."""
    campaign = version.definition.campaign
    if campaign and campaign.when_busy == "wait":
        await _enter(ledger, tx, request, version, "QUEUED")
        return Answer(queued=True)
    why = f"lane {version.definition.lane!r} is busy: in {busy['automation']!r}"
    return await refuse(ledger, tx, request, f"{why}, priority {busy['priority']}")


async def _enter(
    ledger: Ledger, tx: AsyncConnection, request: Request, version: Version, state: str
) -> Start:
    automation = version.definition
    lead = await find_lead(tx, request.lead.center, request.lead.lead) or request.lead
    enrollment = enrollment_id(automation.id, lead.lead)
    now = await ledger.now(tx)
    earlier = await tx.scalars(
        select(admissions.c.entry).where(admissions.c.enrollment == enrollment)
    )
    entry = max(earlier.all(), default=0) + 1
    await tx.execute(
        insert(admissions).values(
            center=lead.center,
            enrollment=enrollment,
            entry=entry,
            automation=automation.id,
            version=version.version,
            lead=lead.lead,
            person=lead.person,
            lane=automation.lane,
            priority=await priority_in_force(tx, automation),
            state=state,
            cause=request.cause,
            admitted_at=now,
        )
    )
    told = await told_by(tx, request.cause, automation.fields_looked_at)
    return start_of(version, lead, entry, now, told)


async def _answered(tx: AsyncConnection, cause: str) -> Answer | None:
    """The answer that this cause got before."""
    row = admissions
    found = (await tx.execute(select(row).where(row.c.cause == cause))).mappings().first()
    if found and found["state"] == "QUEUED":
        return Answer(queued=True, is_new=False)
    if found:
        start, is_over = await start_again(tx, dict(found)), found["state"] == "CLOSED"
        return Answer(start=start, is_new=False, is_over=is_over)
    reason = await tx.scalar(select(refusals.c.reason).where(refusals.c.cause == cause))
    return Answer(refused=str(reason), is_new=False) if reason else None


async def refuse(ledger: Ledger, tx: AsyncConnection, request: Request, reason: str) -> Answer:
    """Write a refusal down, for the report and as the answer to the same cause."""
    row = {
        "center": request.lead.center,
        "cause": request.cause,
        "automation": request.automation,
        "lead": request.lead.lead,
        "reason": reason,
        "at": await ledger.now(tx),
    }
    await insert_new(tx, refusals, row)
    return Answer(refused=reason)
