"""Dispatch: events from the inbox to live enrollments, and admitted leads to their workflows.

Everything here may be done again at any time: deliveries are told apart by event id in the
workflow, starts by the entry in the workflow's memo.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from temporalio.client import Client
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.ledger import Ledger
from activities.ledger.admissions import Answer, Request, admit
from activities.ledger.connections import Connections
from activities.ledger.entries import find_entry, mark_running, newest_entry
from activities.ledger.following import (
    followed,
    may_follow,
    request_to_follow,
    waiting_to_follow,
)
from activities.ledger.inbox import CRITERIA_MET, Incoming, Received, receive
from activities.ledger.leads import (
    find_lead,
    lock_of_record,
    locks_of_admission,
    with_known,
)
from activities.ledger.tables import deliveries
from workflows.contracts import TASK_QUEUE, Start, enrollment_id
from workflows.engine.events import SIGNALS
from workflows.presentation import AUTOMATION, LEAD_ID, STATE

PATIENCE = timedelta(seconds=5)
"""How long one call to Temporal may take before it is left to the repair loop."""

BACKOFF = timedelta(seconds=2)
LONGEST_BACKOFF = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What became of a request to enroll: the enrollment, or the refusal.

    ``started`` is False while Temporal cannot be reached; the repair loop starts it then.
    ``queued``: it waits for its lane.
    """

    enrollment: str
    entry: int | None = None
    refused: str = ""
    queued: bool = False
    started: bool = False
    is_new: bool = True


async def take_in(
    ledger: Ledger, incoming: Incoming, connections: Connections, person: str | None = None
) -> Received:
    """Commit one event to the inbox with all that follows from it. After this it may be answered
    with success; ``deliver`` tells the enrollments."""
    locked = {person or await _person_of(ledger, incoming) or incoming.event.id}
    record = [lock_of_record(incoming.center, incoming.lead)] if incoming.lead else []
    phone = incoming.event.data.get("phone")
    # The same number may be another record's: its messages wait for this, or this for them.
    record += [f"phone:{phone}"] if isinstance(phone, str) else []
    while True:
        async with ledger.transaction(*(f"person:{one}" for one in locked), *record) as tx:
            lead = await find_lead(tx, incoming.center, incoming.lead) if incoming.lead else None
            if lead is None or lead.person in locked:
                return await receive(ledger, tx, incoming, connections)
        # It has become known meanwhile, under its address, and a send to it may be under way.
        locked.add(lead.person)


async def _person_of(ledger: Ledger, incoming: Incoming) -> str | None:
    """Whom the event is about: a send to that very person must wait for it, or it for the send."""
    if incoming.person:
        return incoming.person
    async with ledger.reading() as tx:
        lead = await find_lead(tx, incoming.center, incoming.lead) if incoming.lead else None
        entry = await newest_entry(tx, incoming.enrollment) if incoming.enrollment else None
    return lead.person if lead else entry["person"] if entry else None


async def enroll(
    ledger: Ledger, client: Client | None, request: Request, connections: Connections
) -> Enrolled:
    """Admit a lead and start its workflow. Asked twice with one cause, it answers the same."""
    async with ledger.reading() as tx:
        known = await find_lead(tx, request.lead.center, request.lead.lead)
    lead = with_known(request.lead, known)
    shared = (f"automation:{request.automation}",)
    async with ledger.transaction(*locks_of_admission(lead), shared=shared) as tx:
        answer = await admit(ledger, tx, request, connections)
    enrollment = enrollment_id(request.automation, lead.lead)
    if answer.start is None:
        return Enrolled(
            enrollment, refused=answer.refused, queued=answer.queued, is_new=answer.is_new
        )
    started = answer.is_over
    if client is not None and not answer.is_over:
        started = await start_workflow(ledger, client, answer.start)
        await _tell_superseded(ledger, client, answer)
    return Enrolled(enrollment, answer.start.entry, started=started, is_new=answer.is_new)


async def follow_up_due(
    ledger: Ledger, client: Client | None, connections: Connections
) -> list[Enrolled]:
    """Enroll leads that have left in the automation that follows: once each, or refused once."""
    async with ledger.reading() as tx:
        waiting = await waiting_to_follow(tx)
        asked = [await request_to_follow(tx, entry) for entry in waiting]
    done = []
    for entry, request in zip(waiting, asked, strict=True):
        if request and await may_follow(ledger, entry, request):
            done.append(await enroll(ledger, client, request, connections))
        await followed(ledger, entry)
    return done


async def _tell_superseded(ledger: Ledger, client: Client, answer: Answer) -> None:
    for received in answer.superseded:
        for enrollment, entry in received.targets:
            await deliver_to(ledger, client, enrollment, entry)


async def start_workflow(ledger: Ledger, client: Client, start: Start) -> bool:
    """Start the workflow of an admitted entry. True if it runs (or ran) for this very entry."""
    workflow_id = enrollment_id(start.automation, start.lead)
    entry = start.entry or 1
    try:
        handle = await client.start_workflow(
            "Enrollment",
            start,
            id=workflow_id,
            task_queue=TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            memo={"entry": entry},
            search_attributes=_attributes(start),
            static_summary=f"{start.lead} in {start.automation} v{start.version}, entry {entry}",
            rpc_timeout=PATIENCE,
        )
    except WorkflowAlreadyStartedError:
        return await _runs_already(ledger, client, workflow_id, entry)
    except RPCError:
        return False
    await mark_running(ledger, workflow_id, entry, handle.first_execution_run_id or "")
    return True


async def _runs_already(ledger: Ledger, client: Client, workflow_id: str, entry: int) -> bool:
    try:
        running = await client.get_workflow_handle(workflow_id).describe(rpc_timeout=PATIENCE)
    except RPCError:
        return False
    if await running.memo_value("entry", default=None) != entry:
        return False
    await mark_running(ledger, workflow_id, entry, running.run_id)
    return True


def _attributes(start: Start) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [
            SearchAttributePair(AUTOMATION, start.automation),
            SearchAttributePair(LEAD_ID, start.lead),
            SearchAttributePair(STATE, "running"),
        ]
    )


async def deliver(ledger: Ledger, client: Client, event_id: str) -> int:
    """Tell the enrollments of one event, and of the exit criteria that it made true.

    Returns how many signals were sent. The rest is the repair loop's.
    """
    row = deliveries.c
    reached = select(row.enrollment).where(row.event == event_id)
    follows = row.event.endswith(CRITERIA_MET) & row.enrollment.in_(reached)
    return await _deliver_where(ledger, client, (row.event == event_id) | follows)


async def deliver_to(ledger: Ledger, client: Client, enrollment: str, entry: int) -> int:
    """Tell one entry all that is still to be told to it."""
    here = (deliveries.c.enrollment == enrollment) & (deliveries.c.entry == entry)
    return await _deliver_where(ledger, client, here)


async def deliver_due(ledger: Ledger, client: Client, limit: int = 200) -> int:
    """Tell what is due and has not been told yet."""
    async with ledger.reading() as tx:
        now = await ledger.now(tx)
    return await _deliver_where(ledger, client, deliveries.c.next_at <= now, limit)


async def _deliver_where(ledger: Ledger, client: Client, where: Any, limit: int = 200) -> int:
    query = select(deliveries).where(where, deliveries.c.state == "PENDING")
    async with ledger.reading() as tx:
        query = query.order_by(deliveries.c.next_at).limit(limit)
        rows = [dict(row) for row in (await tx.execute(query)).mappings()]
    told = 0
    for row in rows:
        told += await _deliver_one(ledger, client, row)
    return told


async def _deliver_one(ledger: Ledger, client: Client, row: Mapping[str, Any]) -> bool:
    async with ledger.reading() as tx:
        entry = await find_entry(tx, row["enrollment"], row["entry"])
    if entry is None or entry["state"] == "CLOSED":
        return await _mark(ledger, row, "TARGET_CLOSED")
    if entry["state"] in ("QUEUED", "ADMITTED"):
        # What runs under that id now, if anything, is an earlier entry: it must not get this.
        return await _mark(ledger, row, "PENDING", hurry=False)
    kind = str(row["body"]["kind"])
    handle = client.get_workflow_handle(row["enrollment"])
    try:
        name = kind if kind in SIGNALS else "event"
        await handle.signal(name, row["body"], rpc_timeout=PATIENCE)
    except RPCError as error:
        gone = error.status is RPCStatusCode.NOT_FOUND
        return await _mark(ledger, row, "PENDING", hurry=not gone)
    return await _mark(ledger, row, "DELIVERED")


async def _mark(ledger: Ledger, row: Mapping[str, Any], state: str, hurry: bool = True) -> bool:
    """Write down how a delivery went; True if it was told."""
    attempts = row["attempts"] + 1
    wait = min(BACKOFF * 2 ** min(attempts, 10), LONGEST_BACKOFF) if hurry else BACKOFF
    async with ledger.transaction() as tx:
        here = (
            (deliveries.c.event == row["event"])
            & (deliveries.c.enrollment == row["enrollment"])
            & (deliveries.c.entry == row["entry"])
            & (deliveries.c.state == "PENDING")  # what another has told stays told
        )
        next_at = await ledger.now(tx) + wait
        values = {"state": state, "attempts": attempts, "next_at": next_at}
        await tx.execute(update(deliveries).where(here).values(values))
    return state == "DELIVERED"
