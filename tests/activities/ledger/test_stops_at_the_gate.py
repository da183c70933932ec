"""Stops that hold for whatever reaches a lead: kept out of one automation; a domain suppressed."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest
from sqlalchemy import text

from activities.ledger import Ledger
from activities.ledger.suppressions import suppress_in_campaign
from activities.ledger.tables import effects, suppressions
from config.settings import Settings
from starters.commands.opened import Opened
from starters.commands.suppressing import Said, suppress
from starters.commands.whom import Whom
from tests.activities.ledger.messages import ACCOUNTS, KINDS, someone_inside
from tests.activities.ledger.scenes import AT, rows


@pytest.mark.parametrize("subject", ["person", "lead"])
@pytest.mark.parametrize("kind", KINDS)
async def test_who_is_kept_out_of_one_automation_gets_nothing_more_of_it(
    ledger: Ledger, kind: str, subject: str
) -> None:
    lead, enrollment = await someone_inside(ledger)
    async with ledger.transaction() as tx:
        why = ("by an operator", "an order", AT)
        await suppress_in_campaign(tx, "default", "spring", getattr(lead, subject), why)
    sender = KINDS[kind](ledger)
    outcome = await sender.send(enrollment)
    assert (outcome.state, outcome.exit) == ("refused", "manually_removed")
    assert sender.reached == 0


@pytest.mark.parametrize("kind", KINDS)
async def test_who_is_kept_out_of_another_automation_is_reached(ledger: Ledger, kind: str) -> None:
    lead, enrollment = await someone_inside(ledger)
    async with ledger.transaction() as tx:
        why = ("by an operator", "an order", AT)
        await suppress_in_campaign(tx, "default", "autumn", lead.person, why)
    sender = KINDS[kind](ledger)
    assert ((await sender.send(enrollment)).state, sender.reached) == ("sent", 1)


async def waits_or_ends(ledger: Ledger, task: asyncio.Task[object]) -> None:
    """Until the task is over, or stands before a lock; SQLite has one writer anyway."""
    while not task.done() and not ledger.is_sqlite:
        async with ledger.reading() as tx:
            waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            if await tx.scalar(text(waiting)):
                return
        await asyncio.sleep(0.01)


async def suppressed_at(ledger: Ledger) -> datetime:
    ((row),) = await rows(ledger, suppressions)
    at: datetime = row["at"]
    return at


@pytest.mark.parametrize("kind", KINDS)
async def test_a_domain_is_suppressed_after_what_was_judged_before(
    ledger: Ledger, kind: str
) -> None:
    _, enrollment = await someone_inside(ledger)
    sender = KINDS[kind](ledger)
    judged, go_on = sender.hold_after_judgement()
    sending = asyncio.ensure_future(sender.send(enrollment))
    await judged.wait()
    here = Opened(Settings(), ledger, ACCOUNTS)
    whom = Whom("default", domain="example.com")
    stopping: asyncio.Task[object] = asyncio.create_task(suppress(here, whom, Said("Ada")))
    await waits_or_ends(ledger, stopping)
    go_on.set()
    assert (await sending).state == "sent"
    await stopping
    (effect,) = await rows(ledger, effects)
    assert effect["intent_at"] < await suppressed_at(ledger)


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_reaches_an_address_of_a_domain_that_is_suppressed(
    ledger: Ledger, kind: str
) -> None:
    _, enrollment = await someone_inside(ledger)
    here, whom = Opened(Settings(), ledger, ACCOUNTS), Whom("default", domain="@Example.com")
    await suppress(here, whom, Said("Ada"))
    sender = KINDS[kind](ledger)
    outcome = await sender.send(enrollment)
    assert (outcome.state, sender.reached) == ("refused", 0)
