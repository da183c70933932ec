"""Of all workers one leads, and another takes over from it, dead or alive."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from activities.ledger import Ledger
from activities.ledger.leasing import take_lease
from tests.patience import PATIENCE
from workers import leading
from workers.leading import Leading


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leading, "RENEWED_EVERY", timedelta(milliseconds=20))
    monkeypatch.setattr(leading, "LEASE", timedelta(minutes=5))  # nobody loses it by being slow


async def test_one_leads_and_the_next_one_once_it_has_ended(ledger: Ledger) -> None:
    first, second = Leading(ledger, "repair"), Leading(ledger, "repair")
    at_work = asyncio.create_task(first.keep())
    async with asyncio.timeout(PATIENCE):
        await first.ours.wait()
        waiting = asyncio.create_task(second.keep())
        await second._renew()  # so that it has surely asked
        assert (first.ours.is_set(), second.ours.is_set()) == (True, False)
        await _ended(at_work)
        await second.ours.wait()
    await _ended(waiting)


async def test_who_died_leads_until_its_lease_is_over_and_no_longer(ledger: Ledger) -> None:
    lasting = timedelta(milliseconds=400)
    async with ledger.transaction() as tx:
        assert await take_lease(ledger, tx, "repair", "a dead worker", lasting)
        ends = await ledger.now(tx) + lasting
    heir = Leading(ledger, "repair")
    keeping = asyncio.create_task(heir.keep())
    async with asyncio.timeout(PATIENCE):
        await heir.ours.wait()
    async with ledger.reading() as tx:
        assert await ledger.now(tx) >= ends - timedelta(milliseconds=50)
    await _ended(keeping)


async def test_who_has_lost_the_lease_stops_leading(ledger: Ledger) -> None:
    mine = Leading(ledger, "repair")
    keeping = asyncio.create_task(mine.keep())
    async with asyncio.timeout(PATIENCE):
        await mine.ours.wait()
        await _somebody_else_takes_it(ledger)
        while mine.ours.is_set():
            await asyncio.sleep(0.01)
    await _ended(keeping)


async def _somebody_else_takes_it(ledger: Ledger) -> None:
    """As after a pause of this process that was longer than its lease."""
    async with ledger.transaction() as tx:
        await tx.exec_driver_sql("DELETE FROM leases")
        assert await take_lease(ledger, tx, "repair", "another", timedelta(minutes=1))


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
