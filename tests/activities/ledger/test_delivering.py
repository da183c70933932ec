"""What enrollments wait to be told, while Temporal is away and when it is back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update
from temporalio.client import Client
from temporalio.service import RetryConfig

from activities.delivering import LONGEST_BACKOFF, TOLD_AT_ONCE, deliver_due, mark
from activities.ledger import Ledger
from activities.ledger.entries import mark_running
from activities.ledger.leads import Lead
from activities.ledger.tables import deliveries
from starters.processes.devserver import dev_server
from tests.activities.ledger.scenes import a_lead, enter, happens, make, rows

MANY = 3 * TOLD_AT_ONCE


async def one_that_was_there(directory: Path) -> Client:
    """A client of a Temporal that is away now."""
    async with dev_server(directory, search_attributes={}, port=0, ui_port=0) as server:
        # By default the SDK tries for ten seconds.
        quick = RetryConfig(max_elapsed_time_millis=200, max_retries=1)
        return await Client.connect(server.address, retry_config=quick)


async def nobody() -> Client:
    """A client that must not be asked."""
    return await Client.connect("127.0.0.1:1", lazy=True)


async def test_one_round_finds_out_that_temporal_is_away_and_leaves_the_rest_as_it_is(
    ledger: Ledger, tmp_path: Path
) -> None:
    """Asked one after the other, for as long as a call may take, many would cost minutes."""
    await make(ledger)
    for number in range(MANY):
        lead = a_lead(ledger, number)
        await mark_running(ledger, await enter(ledger, lead), 1, "run")
        await happens(ledger, lead, "meeting_booked")
    assert await deliver_due(ledger, await one_that_was_there(tmp_path)) == 0
    tried = [row["attempts"] for row in await rows(ledger, deliveries)]
    assert sorted(tried) == [0] * (MANY - TOLD_AT_ONCE) + [1] * TOLD_AT_ONCE


async def test_what_is_for_an_entry_that_has_not_begun_is_kept_for_it_untried(
    ledger: Ledger,
) -> None:
    await make(ledger)
    await enter(ledger, a_lead(ledger))
    await happens(ledger, a_lead(ledger), "meeting_booked")
    assert await deliver_due(ledger, await nobody()) == 0
    assert [(row["state"], row["attempts"]) for row in await rows(ledger, deliveries)] == [
        ("PENDING", 0)
    ]


async def test_however_long_temporal_was_away_an_enrollment_is_told_soon_after(
    ledger: Ledger,
) -> None:
    seen = await _told_in_vain(ledger, a_lead(ledger), 40)
    async with ledger.reading() as tx:
        now = await ledger.now(tx)
    assert timedelta() < seen["next_at"] - now <= LONGEST_BACKOFF


async def _told_in_vain(ledger: Ledger, lead: Lead, times: int) -> Any:
    await make(ledger)
    await enter(ledger, lead)
    await happens(ledger, lead, "meeting_booked")
    async with ledger.transaction() as tx:
        await tx.execute(update(deliveries).values(attempts=times))
    (row,) = await rows(ledger, deliveries)
    await mark(ledger, row, "PENDING")
    (seen,) = await rows(ledger, deliveries)
    return seen
