"""Workflows that were started too late, or ended before they began."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from temporalio.client import WorkflowExecutionStatus

from activities import dispatch
from activities.ledger.admissions import Request, admit
from activities.ledger.entries import find_entry, mark_running, not_started
from activities.ledger.starting import start_again
from activities.ledger.tables import admissions
from tests.workflows.accounts import ACCOUNTS
from tests.workflows.world import World
from workers.archive import archive_closed
from workers.repair import Repair
from workflows.contracts import TASK_QUEUE, enrollment_id

pytestmark = pytest.mark.asyncio(loop_scope="session")

REST = "[{id: rest, kind: wait_for, events: [go], timeout: 20 days}]"


async def test_who_starts_an_entry_after_its_end_starts_nothing(world: World) -> None:
    """A process that was frozen before it asked Temporal goes on with what it had in mind."""
    journey = await world.enroll(await world.publish(REST))
    await journey.until_at("rest")
    async with world.ledger.reading() as tx:
        start = await start_again(tx, await journey.row())
    await world.happens(journey.lead, "reply")
    assert (await journey.ends()).exit == "reply_received"
    before = await journey.row()
    assert await dispatch.start_workflow(world.ledger, world.client, start)
    latest = await world.client.get_workflow_handle(journey.handle.id).describe()
    assert latest.run_id != before["run_id"]
    assert latest.status is WorkflowExecutionStatus.TERMINATED
    after = await journey.row()
    assert (after["run_id"], after["exit"]) == (before["run_id"], "reply_received")


async def test_one_that_ended_before_its_first_task_keeps_no_archive_waiting(world: World) -> None:
    lead, automation = world.lead(), await world.publish(REST)
    request = Request(automation, lead, f"{automation}/{lead.lead}")
    async with world.ledger.transaction() as tx:
        start = (await admit(world.ledger, tx, request, ACCOUNTS)).start
    assert start
    name = enrollment_id(automation, lead.lead)
    handle = await world.client.start_workflow(
        "Enrollment", start, id=name, task_queue=TASK_QUEUE, start_delay=timedelta(hours=1)
    )
    await mark_running(world.ledger, name, 1, handle.first_execution_run_id or "")
    await handle.terminate("an operator was quick")
    await Repair(world.ledger, world.client, ACCOUNTS).close_abandoned()
    earlier = datetime.now(UTC) - timedelta(minutes=1)
    async with world.ledger.transaction() as tx:
        mine = admissions.c.enrollment == name
        await tx.execute(update(admissions).where(mine).values(closed_at=earlier))
    await archive_closed(world.ledger, world.client)
    async with world.ledger.reading() as tx:
        kept = await find_entry(tx, name, 1)
    assert kept
    assert kept["timeline"] == []


ASKING = """
- id: which
  kind: branch
  arms: [{when: {field: about, op: equals, value: x}, go_to: rest}]
- {id: rest, kind: wait_for, events: [go], timeout: 20 days}
"""
TOO_MUCH = "x" * 2_500_000
"""Temporal takes no input of more than 2 MB."""


async def test_a_start_that_temporal_refuses_keeps_no_other_from_beginning(world: World) -> None:
    automation = await world.publish(ASKING)

    async def admitted(about: str, ago: timedelta) -> str:
        lead = world.lead(about=about)
        name = enrollment_id(automation, lead.lead)
        request = Request(automation, lead, f"{automation}/{lead.lead}")
        async with world.ledger.transaction() as tx:
            await admit(world.ledger, tx, request, ACCOUNTS)
            mine = update(admissions).where(admissions.c.enrollment == name)
            await tx.execute(mine.values(admitted_at=datetime.now(UTC) - ago))
        return name

    refused = await admitted(TOO_MUCH, timedelta(days=2))
    begun = await admitted("short", timedelta(days=1))
    await Repair(world.ledger, world.client, ACCOUNTS).start_admitted()
    async with world.ledger.reading() as tx:
        rows = [await find_entry(tx, name, 1) for name in (refused, begun)]
    assert [row and row["state"] for row in rows] == ["ADMITTED", "RUNNING"]
    # Nor does it stand before others the next time, however many of its kind there are.
    waiting = await admitted("short", timedelta(hours=1))
    async with world.ledger.transaction() as tx:
        (first,) = await not_started(world.ledger, tx, timedelta(minutes=1), limit=1)
    assert first["enrollment"] == waiting
