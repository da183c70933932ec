"""Enrollments per second against a hand-written workflow that calls the same activities."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from itertools import count
from statistics import median

from activities import dispatch
from benchmarks.automations import SHORT, let_in, put_live
from benchmarks.handwritten import Handwritten, Plan
from benchmarks.rig import Rig
from workers.archive import SETTLED_FOR, archive_closed
from workflows.contracts import TASK_QUEUE, Start, enrollment_id

BUDGET = 0.9
STARTED_AT_ONCE = 20
WARM_UP = 10
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Throughput:
    """Runs per second of each round: two mails, a wait of one second, the close.

    ``archived`` is how many closed enrollments a second the repair loop can archive afterwards.
    """

    enrollments: int
    dripstone: tuple[float, ...]
    by_hand: tuple[float, ...]
    archived: float

    @property
    def ratio(self) -> float:
        """Of the medians: 1.0 is as fast as written by hand."""
        return median(self.dripstone) / median(self.by_hand)


async def measure(rig: Rig, enrollments: int, rounds: int) -> Throughput:
    """Rounds of both in turn, each round in the other order, after one that does not count."""
    await put_live(rig.ledger, SHORT)
    await _round(rig, WARM_UP, by_hand=False)
    await _round(rig, WARM_UP, by_hand=True)
    found: dict[bool, list[float]] = {False: [], True: []}
    for number in range(rounds):
        for by_hand in (False, True) if number % 2 else (True, False):
            found[by_hand].append(await _round(rig, enrollments, by_hand=by_hand))
    archived = await _archive(rig)
    return Throughput(enrollments, tuple(found[False]), tuple(found[True]), archived)


async def _archive(rig: Rig) -> float:
    await asyncio.sleep(SETTLED_FOR.total_seconds())
    begun, archived = time.perf_counter(), 0
    while more := await archive_closed(rig.ledger, rig.client):
        archived += more
    return archived / (time.perf_counter() - begun)


async def _round(rig: Rig, enrollments: int, *, by_hand: bool) -> float:
    """Runs per second, from the first start to the last result. Admission is not timed."""
    leads = [f"x-{next(_numbers)}" for _ in range(enrollments)]
    starts = [await let_in(rig, "short", lead) for lead in leads]
    slots = asyncio.Semaphore(STARTED_AT_ONCE)
    run = _run_by_hand if by_hand else _run
    begun = time.perf_counter()
    await asyncio.gather(*(run(rig, start, slots) for start in starts))
    return enrollments / (time.perf_counter() - begun)


async def _run(rig: Rig, start: Start, slots: asyncio.Semaphore) -> None:
    async with slots:
        await dispatch.start_workflow(rig.ledger, rig.client, start)
    await rig.client.get_workflow_handle(enrollment_id(start.automation, start.lead)).result()


async def _run_by_hand(rig: Rig, start: Start, slots: asyncio.Semaphore) -> None:
    enrollment = enrollment_id(start.automation, start.lead)
    plan = Plan(
        enrollment=enrollment,
        entry=1,
        templates=("intro", "follow_up"),
        wait=1,
        wait_for_reply=0,
        closes=True,
    )
    async with slots:
        handle = await rig.client.start_workflow(
            Handwritten.run, plan, id=enrollment, task_queue=TASK_QUEUE
        )
    await handle.result()
