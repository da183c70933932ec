"""A campaign that is active from a later day on: until then nobody enters, and all else waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.ledger import Ledger
from activities.ledger.editing import edit_settings
from activities.ledger.launching import release_due
from activities.ledger.lifecycle import find_obstacle, find_obstacle_to_entry
from activities.ledger.listening import enabled
from activities.ledger.schedules import follow
from activities.ledger.settings import Change
from tests.activities.ledger.launches import OFTEN, ask_in, launch, release_one, some_leads
from tests.activities.ledger.scenes import ACCOUNTS, a_lead, ask, enter, make
from tests.activities.ledger.triggers import DAY, entered, known, tell, waits_for

BEGINS = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
LATER = BEGINS.isoformat()
ADA = Change("ada", "a test")


async def begins(ledger: Ledger, when: str | None, name: str = "spring") -> None:
    """The campaign is active from another instant on, or from now on."""
    await edit_settings(ledger, name, {"active_from": when}, ADA)


async def test_before_it_begins_nobody_enters_and_is_told_from_when_on(ledger: Ledger) -> None:
    await make(ledger, campaign={"active_from": LATER})
    refused = (await ask(ledger, a_lead(ledger))).refused
    assert f"automation 'spring' is not active before {BEGINS.isoformat()}: wait for it" in refused
    await begins(ledger, (datetime.now(UTC) - DAY).isoformat())
    assert (await ask(ledger, a_lead(ledger), cause="again")).start is not None


async def test_a_sample_lead_may_enter_before(ledger: Ledger) -> None:
    await make(ledger, campaign={"active_from": LATER})
    sample = replace(a_lead(ledger), lead="sample-r1-x-1")
    assert (await ask(ledger, sample)).refused == ""


async def test_who_is_inside_goes_on_when_it_is_moved_to_a_later_day(ledger: Ledger) -> None:
    await make(ledger)
    await enter(ledger, a_lead(ledger))
    await begins(ledger, LATER)
    async with ledger.reading() as tx:
        assert await find_obstacle(ledger, tx, "spring") is None
        obstacle = await find_obstacle_to_entry(ledger, tx, "spring")
    assert obstacle is not None
    assert obstacle.until == BEGINS


async def test_the_waves_of_a_launch_wait_for_it(ledger: Ledger) -> None:
    some = some_leads(ledger, 2)
    version = await launch(ledger, some, OFTEN)
    await begins(ledger, LATER)
    coming = await release_due(ledger, version, ACCOUNTS.of("default"))
    assert coming.why_not == f"the automation is not active before {BEGINS.isoformat()}"
    assert (coming.due, coming.is_last) == (BEGINS, False)
    await begins(ledger, None)
    assert await release_one(ledger, version) == ""
    assert await ask_in(ledger, version) == ["", ""]


BLOCK: dict[str, Any] = {"engagement_window": "30 days", "active_from": LATER, "lane": "other"}


async def test_what_happens_before_starts_nothing(ledger: Ledger) -> None:
    lead = await known(ledger)
    trigger = {"kind": "event_added", "event": "bought"}
    await waits_for(ledger, trigger, campaign=BLOCK)
    await tell(ledger, lead, "bought", 1, timedelta())
    assert await entered(ledger) == []
    await begins(ledger, (datetime.now(UTC) - 2 * DAY).isoformat(), "next")
    assert await entered(ledger) == []
    await tell(ledger, lead, "bought", 2, DAY)
    assert await entered(ledger) == [lead.lead]


async def test_a_schedule_begins_with_it(ledger: Ledger) -> None:
    lead = await known(ledger)
    await waits_for(ledger, {"kind": "scheduled", "every": "1 day"}, campaign=BLOCK)
    for expected, when in (([], None), ([lead.lead], datetime.now(UTC) - 2 * DAY)):
        if when:
            await begins(ledger, when.isoformat(), "next")
        async with ledger.transaction() as tx:
            (published,) = await enabled(tx, "default")
            await follow(ledger, tx, published, 10)
        assert await entered(ledger) == expected


async def test_it_begins_before_it_ends(ledger: Ledger) -> None:
    await make(ledger, campaign={"active_until": LATER})
    with pytest.raises(ValueError, match="is not before active_until"):
        await begins(ledger, LATER)
    with pytest.raises(ValueError, match="is not before active_until"):
        await make(ledger, "both", campaign={"active_from": LATER, "active_until": LATER})
