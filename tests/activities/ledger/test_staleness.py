"""Silence and the clock start automations too: once an episode, and once a time."""

from __future__ import annotations

import pytest

from activities.dispatch import take_in
from activities.ledger import Ledger
from activities.ledger.inbox import Incoming
from activities.ledger.listening import enabled
from activities.ledger.schedules import follow
from activities.ledger.staleness import begin_to_watch, fallen_silent, has_fired, silence_of
from activities.ledger.tables import admissions, firings, watches
from tests.activities.ledger.scenes import ACCOUNTS, leave, rows
from tests.activities.ledger.triggers import DAY, entered, known, tell, waits_for
from workflows.engine.exits import ExitReason


async def sweep(ledger: Ledger) -> None:
    """What the repair loop does about silent leads."""
    async with ledger.transaction() as tx:
        for one in await enabled(tx):
            await begin_to_watch(tx, one, 100)
        now, silent = await ledger.now(tx), await fallen_silent(ledger, tx, 100)
    for watch in silent:
        event = silence_of(watch, now)
        await take_in(ledger, Incoming(event, "default", "sweep", watch["lead"]), ACCOUNTS)
        async with ledger.transaction() as tx:
            await has_fired(tx, watch)


async def test_a_silent_lead_enters_once_an_episode(ledger: Ledger) -> None:
    lead = await known(ledger, stage="New")
    stale = {"kind": "stale_lead", "at_least": "30 days", "stages": ["New"]}
    again = {"engagement_window": "9 days", "re_entry": {"rule": "after_exit"}}
    await waits_for(ledger, stale, campaign=again)
    await tell(ledger, lead, "reply", 1, 90 * DAY)
    for _ in range(2):
        await sweep(ledger)
    assert await entered(ledger) == [lead.lead]
    await leave(ledger, f"enrollment:next:{lead.lead}", ExitReason.COMPLETED)
    await tell(ledger, lead, "reply", 2, 40 * DAY)  # active again, and silent again
    await sweep(ledger)
    assert await entered(ledger) == [lead.lead] * 2


@pytest.mark.parametrize(
    ("days", "stage", "enters"), [(20, "New", False), (40, "New", True), (40, "Qualified", False)]
)
async def test_only_who_was_silent_for_long_in_a_watched_stage_is_stale(
    ledger: Ledger, days: int, stage: str, enters: bool
) -> None:
    lead = await known(ledger, stage=stage)
    await waits_for(ledger, {"kind": "stale_lead", "at_least": "30 days", "stages": ["New"]})
    await tell(ledger, lead, "clicked", 1, days * DAY)
    await sweep(ledger)
    assert await entered(ledger) == [lead.lead] * enters


async def test_who_was_silent_before_it_was_enabled_stays_outside(ledger: Ledger) -> None:
    lead = await known(ledger, stage="New")
    await tell(ledger, lead, "reply", 1, 500 * DAY)
    await waits_for(ledger, {"kind": "stale_lead", "at_least": "30 days", "stages": ["New"]})
    await sweep(ledger)
    assert [row["state"] for row in await rows(ledger, watches)] == ["OUTSIDE"]
    assert await entered(ledger) == []


async def test_a_stale_lead_that_is_won_leaves_and_one_that_was_won_in_time_never_enters(
    ledger: Ledger,
) -> None:
    ada, bob = await known(ledger, 1, stage="New"), await known(ledger, 2, stage="New")
    await waits_for(ledger, {"kind": "stale_lead", "at_least": "30 days", "stages": ["New"]})
    for lead in (ada, bob):
        await tell(ledger, lead, "clicked", 1, 40 * DAY)
    await tell(ledger, bob, "lead_changed", 1, 39 * DAY, stage="Won")
    await sweep(ledger)
    assert await entered(ledger) == [ada.lead]
    await tell(ledger, ada, "lead_changed", 1, DAY, fields={"stage": "Lost"})
    (entry,) = [row for row in await rows(ledger, admissions) if row["automation"] == "next"]
    assert entry["stop_reason"] == "lead_gone"


async def test_a_schedule_asks_everybody_of_the_audience_once_a_time_however_many_were_missed(
    ledger: Ledger,
) -> None:
    leads = [await known(ledger, number, stage="New") for number in range(1, 6)]
    await known(ledger, 6, stage="Won")
    new_ones = {"field": "stage", "op": "equals", "value": "New"}
    await waits_for(ledger, {"kind": "scheduled", "every": "1 day"}, audience=new_ones)
    for _ in range(5):  # two at a time, and then nothing until the next day
        async with ledger.transaction() as tx:
            (published,) = await enabled(tx)
            await follow(ledger, tx, published, 2)
    assert await entered(ledger) == sorted(lead.lead for lead in leads)
    assert len(await rows(ledger, firings)) == len(leads)
