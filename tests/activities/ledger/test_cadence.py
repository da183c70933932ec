"""Write-backs begin with their fact, at regular times, or when somebody says so; in one order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import update

from activities.dispatch import take_in
from activities.ledger import Ledger
from activities.ledger.cadence import NEVER, begins_at, release_writebacks, waiting_for_time
from activities.ledger.connections import CenterConnections, Connections, SalesforceWrites
from activities.ledger.effects import waiting_writebacks
from activities.ledger.inbox import Incoming, Received
from activities.ledger.tables import effects
from tests.activities.ledger.scenes import ADA, AT, a_lead, enter, make
from workflows.engine.events import Event


@pytest.mark.parametrize(
    ("cadence", "zone", "begins"),
    [
        ("immediate", "UTC", None),
        ("every 15 minutes", "UTC", "2026-06-01T12:15:00Z"),
        ("every 5 hours", "UTC", "2026-06-01T15:00:00Z"),
        ("daily at 18:00", "UTC", "2026-06-01T18:00:00Z"),
        ("daily at 12:00", "UTC", "2026-06-02T12:00:00Z"),
        ("daily at 18:00", "Europe/Berlin", "2026-06-01T16:00:00Z"),
        ("daily at 18:00", "Asia/Tokyo", "2026-06-02T09:00:00Z"),
        ("manual", "UTC", "9999-01-01T00:00:00Z"),
    ],
)
def test_when_a_write_back_begins(cadence: str, zone: str, begins: str | None) -> None:
    found = begins_at(SalesforceWrites(cadence=cadence, zone=zone), AT)
    assert found == (datetime.fromisoformat(begins) if begins else None)


@pytest.mark.parametrize("cadence", ["hourly", "every 0 minutes", "daily at 24:00", "every minute"])
def test_a_cadence_that_is_none_is_refused(cadence: str) -> None:
    with pytest.raises(ValidationError):
        SalesforceWrites(cadence=cadence)


async def opts_out(ledger: Ledger, number: int, cadence: str) -> Received:
    writes = SalesforceWrites(cadence=cadence, log_opt_outs=False)
    center = CenterConnections(mailboxes={"default": ADA}, salesforce=writes)
    lead = a_lead(ledger, number)
    event = Event(id=f"e{number}", kind="unsubscribe", at=AT)
    connections = Connections(centers={"default": center})
    return await take_in(ledger, Incoming(event, "default", "test", lead.lead), connections)


async def idle(ledger: Ledger) -> list[str]:
    async with ledger.reading() as tx:
        found = await waiting_writebacks(ledger, tx, "salesforce", timedelta(0), 99)
    return [row.key for row in found]


@pytest.mark.parametrize("cadence", ["manual", "every 9999 hours"])
async def test_what_waits_for_its_time_is_begun_by_nobody_before_and_in_order_then(
    ledger: Ledger, cadence: str
) -> None:
    await make(ledger)
    for number in (1, 2, 3):
        await enter(ledger, a_lead(ledger, number))
        received = await opts_out(ledger, number, cadence if number < 3 else "immediate")
        assert len(received.targets) == 1
        assert received.writebacks == (("e3/mark_unsubscribed",) if number == 3 else ())
    assert await idle(ledger) == ["e3/mark_unsubscribed"]
    async with ledger.transaction() as tx:
        ((_, what, count, first),) = await waiting_for_time(ledger, tx, "default")
        assert (what, count, first == NEVER) == ("mark_unsubscribed", 2, cadence == "manual")
        assert await release_writebacks(ledger, tx, "elsewhere") == 0
        assert await release_writebacks(ledger, tx, "default") == 2
    assert await idle(ledger) == [f"e{number}/mark_unsubscribed" for number in (1, 2, 3)]


async def test_what_was_to_begin_by_now_is_begun(ledger: Ledger) -> None:
    await make(ledger)
    await enter(ledger, a_lead(ledger))
    await opts_out(ledger, 1, "every 1 minute")
    assert await idle(ledger) == []
    over: dict[str, Any] = {"lease_until": AT}
    async with ledger.transaction() as tx:
        await tx.execute(update(effects).values(**over))
    assert await idle(ledger) == ["e1/mark_unsubscribed"]
