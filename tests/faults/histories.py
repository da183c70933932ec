"""Histories, once all is quiet: what Temporal has of each workflow, and whether it replays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence, Set
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import WorkflowExecutionStatus, WorkflowHistory
from temporalio.service import RPCError
from temporalio.worker import Replayer

from tests.faults.facts import Entry, Run
from tests.faults.system import System
from tests.workflows.swapped import Patched
from workers.plugin import dripstone_plugin
from workflows.writeback import Writeback

AT_ONCE = 8
MOST_EARLIER = 200
"""So many runs that are not the newest of an enrollment are replayed, the latest first."""


async def read_runs(
    system: System, entries: Sequence[Entry]
) -> tuple[tuple[Run, ...], tuple[str, ...]]:
    """Every workflow as Temporal has it, its newest history replayed; and why others, of runs
    before it and of write-backs, do not replay."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(enrollment: str) -> tuple[Run, str, WorkflowHistory] | None:
        async with room:
            return await _run(system, enrollment)

    names = dict.fromkeys(entry.enrollment for entry in entries)
    found = [one for one in await asyncio.gather(*map(one, names)) if one]
    earlier = await _earlier(system, {run_id for _, run_id, _ in found})
    broken = await _not_replaying([*(history for _, _, history in found), *earlier.values()])
    runs = tuple(replace(one[0], replay=why) for one, why in zip(found, broken, strict=False))
    told = zip(earlier, broken[len(runs) :], strict=True)
    return runs, tuple(f"{place}: {why}" for place, why in told if why)


async def _earlier(system: System, newest: Set[str]) -> dict[str, WorkflowHistory]:
    """The histories of all other runs, that were reset or continued, and of write-backs."""
    found: dict[str, WorkflowHistory] = {}
    async for one in system.client.list_workflows():
        if one.run_id in newest or len(found) == MOST_EARLIER:
            continue
        with suppress(RPCError):
            handle = system.client.get_workflow_handle(one.id, run_id=one.run_id)
            found[f"{one.id}, run {one.run_id}"] = await handle.fetch_history()
    return found


async def _run(system: System, enrollment: str) -> tuple[Run, str, WorkflowHistory] | None:
    """A workflow, the id of its newest run, and the history of that."""
    handle = system.client.get_workflow_handle(enrollment)
    try:
        described = await handle.describe()
        history = await handle.fetch_history()
    except RPCError:
        return None
    is_open = described.status is WorkflowExecutionStatus.RUNNING
    pending = described.raw_description.pending_workflow_task
    stuck = timedelta()
    if is_open and pending.attempt > 1:  # a terminated one still shows the task it had
        since = pending.original_scheduled_time.ToDatetime(tzinfo=UTC)
        stuck = datetime.now(UTC) - since
    marked = any(event.HasField("marker_recorded_event_attributes") for event in history.events)
    failed = _is_nondeterministic(history)
    run = Run(enrollment, is_open, stuck, failed, is_newer=marked)
    return run, described.run_id, history


def _is_nondeterministic(history: WorkflowHistory) -> bool:
    wrong = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR
    return any(
        event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
        and event.workflow_task_failed_event_attributes.cause == wrong
        for event in history.events
    )


async def _not_replaying(histories: Sequence[WorkflowHistory]) -> list[str]:
    """For each history why it does not replay; empty where it does."""
    # The last release that was deployed must replay what both have done.
    replayer = Replayer(workflows=[Patched, Writeback], plugins=[dripstone_plugin()])

    async def given() -> AsyncIterator[WorkflowHistory]:
        for history in histories:
            yield history

    told = []
    async with replayer.workflow_replay_iterator(given()) as results:
        async for result in results:
            told.append(str(result.replay_failure or "")[:300])
    return told
