"""Dispatch: events from the inbox to live enrollments, and admitted leads to their workflows.

Everything here may be done again at any time: deliveries are told apart by event id in the
workflow, starts by the entry in the workflow's memo.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from activities.delivering import RPC_PATIENCE as RPC_PATIENCE
from activities.delivering import deliver as deliver
from activities.delivering import deliver_due as deliver_due
from activities.delivering import deliver_to as deliver_to
from activities.ledger import Ledger
from activities.ledger.admissions import Answer, Request, admit
from activities.ledger.connections import Connections
from activities.ledger.entries import mark_running, newest_entry
from activities.ledger.following import (
    followed,
    may_follow,
    request_to_follow,
    waiting_to_follow,
)
from activities.ledger.inbox import Incoming, Received
from activities.ledger.leads import (
    find_lead,
    lock_of_record,
    locks_of_admission,
    with_known,
)
from activities.ledger.opt_out_fields import receive_and_opt_out
from workflows.contracts import TASK_QUEUE, Start, enrollment_id
from workflows.presentation import AUTOMATION, LEAD_ID, STATE


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
                return await receive_and_opt_out(ledger, tx, incoming, connections)
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
    """Start the workflow of an admitted entry. True if it runs (or ran) for this very entry; False
    if it cannot be started now: the repair loop does it later."""
    try:
        return await begin_workflow(ledger, client, start)
    except RPCError:
        return False


async def begin_workflow(ledger: Ledger, client: Client, start: Start) -> bool:
    """The same.

    Raises:
        RPCError: Temporal cannot be reached, or refuses it.
    """
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
            rpc_timeout=RPC_PATIENCE,
        )
    except WorkflowAlreadyStartedError:
        return await _runs_already(ledger, client, workflow_id, entry)
    if not await mark_running(ledger, workflow_id, entry, handle.first_execution_run_id or ""):
        await _end_again(handle)
    return True


async def _end_again(handle: WorkflowHandle[Any, Any]) -> None:
    """A frozen process has started an entry anew that was over: nobody would ever tell it so."""
    with suppress(RPCError):
        await handle.terminate("its entry has ended before", rpc_timeout=RPC_PATIENCE)


async def _runs_already(ledger: Ledger, client: Client, workflow_id: str, entry: int) -> bool:
    running = await client.get_workflow_handle(workflow_id).describe(rpc_timeout=RPC_PATIENCE)
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
