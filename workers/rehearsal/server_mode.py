"""Server mode: the real workflow and activities on a real server, each lead on a clock of its own.

The server skips the time in which nothing is due (its time skipping is experimental).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from temporalio.client import Client, WorkflowHandle
from temporalio.testing import TimeSkipper, TimeSkippingConfig
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.dispatch import deliver, take_in
from activities.ledger import Ledger
from activities.ledger.admissions import Request, admit
from activities.ledger.connections import Connections
from activities.ledger.entries import mark_running
from activities.ledger.feeds import without_feeds
from activities.ledger.inbox import Incoming
from activities.ledger.leads import Lead
from workers.main import Vendors, activities_by_queue
from workers.rehearsal.letters import UNSUBSCRIBE_URL
from workers.rehearsal.recorded_platforms import recorded_platforms
from workers.rehearsal.reviewing import decide_review
from workers.rehearsal.story import Happening, Surroundings
from workers.rehearsal.virtual import Recorders, outside
from workflows.contracts import TASK_QUEUE, Ending, Start, enrollment_id
from workflows.engine.events import REVIEW_DECIDED, Event
from workflows.enrollment import Enrollment

LONGEST = timedelta(days=400)
MOST_SKIPS = 100_000
"""The server stops skipping after 200 skips unless told otherwise, and would seem to hang."""

SERVER_FLAGS = tuple(
    part
    for value in (
        "frontend.WorkflowTimeSkippingEnabled=true",
        "system.workflowTimeSkippingEnabled=true",
        # How far ahead timers are looked for, and how often: a second for each skip by default.
        'history.timerProcessorMaxTimeShift="10ms"',
        "history.timerProcessorMaxPollRPS=2000",
        "history.timerProcessorMaxPollHostRPS=2000",
    )
    for part in ("--dynamic-config-value", value)
)
"""What a development server needs for this, on its command line."""

STANDING = TimeSkippingConfig(
    # Else the server would skip past what is to happen before it is told how far to go.
    enabled=False,
    fast_forward_config=None,
    disable_propagation=False,
    max_session_skip_count=MOST_SKIPS,
)


@dataclass(frozen=True, slots=True)
class Theatre:
    """What leads are played in: a temporary ledger and a server of its own."""

    ledger: Ledger
    connections: Connections
    client: Client
    skipper: TimeSkipper


@asynccontextmanager
async def theatre(
    ledger: Ledger, connections: Connections, client: Client, surroundings: Surroundings
) -> AsyncIterator[Theatre]:
    """Workers for all queues, with vendors that only record.

    Without the workflow sandbox: it guards against changes of workflow code, takes a tenth of the
    time, and every worker and replay of production has it.
    """
    vendors = Recorders(surroundings)
    public_url = UNSUBSCRIBE_URL.partition("/u/")[0]
    everybody = Vendors(
        mailer=vendors,
        crm=vendors,
        chat=vendors,
        texter=vendors,
        board=vendors,
        outreach=vendors,
        platforms=recorded_platforms(surroundings),
        web=vendors,
        analytics=vendors,
        replies=vendors,
    )
    queues = activities_by_queue(ledger, without_feeds(connections), everybody, public_url)
    async with AsyncExitStack() as running:
        for queue, activities in queues.items():
            worker = Worker(
                client,
                task_queue=queue,
                workflows=[Enrollment] if queue == TASK_QUEUE else [],
                activities=activities,
                workflow_runner=UnsandboxedWorkflowRunner(),
            )
            await running.enter_async_context(worker)
        yield Theatre(ledger, connections, client, TimeSkipper(client, config=STANDING))


@dataclass(frozen=True, slots=True)
class Fate:
    """What is to happen to a lead from ``begins`` on, and whether it ``leaves`` by itself."""

    begins: datetime
    happenings: Sequence[Happening]
    leaves: bool


async def play_lead(here: Theatre, automation: str, lead: Lead, fate: Fate) -> Ending | None:
    """Play one lead through; None if it is inside still after 400 days.

    Its beginning must not be past: the server's clock cannot be put back.
    """
    outside.set(fate.begins)
    request = Request(automation, lead, cause=f"rehearsal:{uuid4().hex}")
    async with here.ledger.transaction() as tx:
        answer = await admit(here.ledger, tx, request, here.connections)
    if answer.start is None:
        return Ending(refused=answer.refused or "waits for its lane")
    handle = await _start(here, answer.start, fate.begins)
    for number, one in enumerate(sorted(fate.happenings, key=lambda happening: happening.at)):
        if not await _forward(here, handle, one.at):
            break
        await _happen(here, lead, one, number)
    if fate.leaves:
        await here.skipper.fast_forward(handle)
    elif await _forward(here, handle, fate.begins + LONGEST):
        await handle.terminate("the rehearsal is over")
        return None
    return await handle.result()


async def _start(here: Theatre, start: Start, begins: datetime) -> WorkflowHandle[Any, Ending]:
    name = enrollment_id(start.automation, start.lead)
    handle = await here.skipper.client.start_workflow(
        Enrollment.run,
        start,
        id=name,
        task_queue=TASK_QUEUE,
        start_delay=max(begins - datetime.now(UTC), timedelta(0)),
    )
    await mark_running(here.ledger, name, start.entry or 1, handle.first_execution_run_id or "")
    return handle


async def _forward(here: Theatre, handle: WorkflowHandle[Any, Ending], to: datetime) -> bool:
    """Let time pass; False if the workflow ended before."""
    now = await here.skipper.get_current_time(handle)
    return to <= now or await here.skipper.fast_forward(handle, to - now)


async def _happen(here: Theatre, lead: Lead, happening: Happening, number: int) -> None:
    outside.set(happening.at)
    if happening.kind == REVIEW_DECIDED:
        await decide_review(here.ledger, here.client, here.connections, lead, happening)
        return
    name = f"rehearsed-{lead.lead}-{number}"
    event = Event(id=name, kind=happening.kind, at=happening.at, data=dict(happening.data))
    incoming = Incoming(event, lead.center, "rehearsal", lead.lead)
    await take_in(here.ledger, incoming, here.connections)
    await deliver(here.ledger, here.client, event.id)
