"""What triggers ask for is written down with the event, once, and never beyond its center."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import JsonValue

from activities.dispatch import enroll, take_in
from activities.ledger import Ledger
from activities.ledger.admissions import Request
from activities.ledger.firings import pending
from activities.ledger.inbox import Incoming
from activities.ledger.lifecycle import switch_center
from activities.ledger.publishing import set_state
from activities.ledger.sessions import end_of, silent_sessions
from activities.ledger.starting import start_again
from activities.ledger.tables import admissions, firings, sessions
from tests.activities.ledger.scenes import ACCOUNTS, a_lead, enter, leave, make, rows
from tests.activities.ledger.triggers import DAY, NOTIFY, entered, known, tell, waits_for
from workflows.engine.exits import ExitReason


@pytest.mark.parametrize(
    ("trigger", "kind", "data", "enters"),
    [
        ({"kind": "event_added", "event": "bought"}, "bought", {}, True),
        ({"kind": "event_added", "event": "bought"}, "sold", {}, False),
        (
            {"kind": "lead_status_changed", "stages": ["Won"]},
            "lead_changed",
            {"stage": "Won"},
            True,
        ),
        (
            {"kind": "lead_status_changed", "stages": ["Won"]},
            "lead_changed",
            {"stage": "New"},
            False,
        ),
        ({"kind": "segment_added", "segment": "vip"}, "segment_added", {"segment": "vip"}, True),
        ({"kind": "pounce_sent"}, "pounce_sent", {"session": "s", "pounce": "p"}, True),
    ],
)
async def test_an_event_enters_its_lead_into_what_waits_for_it(
    ledger: Ledger, trigger: dict[str, Any], kind: str, data: dict[str, JsonValue], enters: bool
) -> None:
    lead = await known(ledger, stage="New")
    await waits_for(ledger, trigger)
    for _ in range(2):  # whoever tells it twice starts it once
        await tell(ledger, lead, kind, 1, DAY, **{"because": "activity"} | data)
    assert await entered(ledger) == [lead.lead] * enters
    assert await entered(ledger) == [lead.lead] * enters


async def test_what_happened_before_it_was_enabled_starts_nothing(ledger: Ledger) -> None:
    lead = await known(ledger)
    await waits_for(ledger, {"kind": "event_added", "event": "bought"})
    await tell(ledger, lead, "bought", ago=400 * DAY)
    assert await entered(ledger) == []


@pytest.mark.parametrize("off", ["automation", "center"])
async def test_what_is_switched_off_hears_nothing(ledger: Ledger, off: str) -> None:
    lead = await known(ledger)
    await waits_for(ledger, {"kind": "event_added", "event": "bought"})
    if off == "center":
        await switch_center(ledger, "default", "disabled", "a test")
    else:
        await set_state(ledger, "next", "disabled", "a test")
    assert (await tell(ledger, lead, "bought")).fired == ()


async def test_who_leaves_a_campaign_enters_what_follows_it_and_conditions_know_why(
    ledger: Ledger,
) -> None:
    by_campaign = {
        "id": "which",
        "kind": "branch",
        "arms": [
            {
                "when": {"field": "trigger.automation", "op": "equals", "value": "spring"},
                "go_to": "n",
            }
        ],
        "otherwise": "n",
    }
    await waits_for(
        ledger,
        {"kind": "campaign_exited", "reasons": ["meeting_booked", "reply_received"]},
        steps=[by_campaign, *NOTIFY],
    )
    await make(ledger)
    ada, bob = a_lead(ledger, 1), a_lead(ledger, 2)
    await leave(ledger, await enter(ledger, ada), ExitReason.MEETING_BOOKED)
    await leave(ledger, await enter(ledger, bob), ExitReason.UNSUBSCRIBED)
    assert await entered(ledger) == [ada.lead]
    (firing,) = await rows(ledger, firings)
    assert (firing["why"], firing["caused_by"]) == ("left spring: meeting_booked", ["spring"])
    again = await enroll(ledger, None, Request("next", ada, firing["cause"]), ACCOUNTS)
    assert again.entry == 1  # asked again with the cause, admission gives the same answer
    async with ledger.transaction() as tx:
        (entry,) = [row for row in await rows(ledger, admissions) if row["automation"] == "next"]
        assert (await start_again(tx, entry)).values == {"trigger.automation": "spring"}


async def test_the_end_of_what_is_no_campaign_is_no_exit_of_a_campaign(ledger: Ledger) -> None:
    exits = {"kind": "campaign_exited", "reasons": ["manually_removed"]}
    await waits_for(ledger, exits)
    await make(ledger, "plain", campaign=None, steps=NOTIFY)
    await leave(ledger, await enter(ledger, a_lead(ledger), "plain"), ExitReason.MANUALLY_REMOVED)
    assert await entered(ledger) == []


async def test_an_automation_does_not_start_itself_through_what_it_causes(ledger: Ledger) -> None:
    lead = await known(ledger)
    await waits_for(ledger, {"kind": "event_added", "event": "bought"})
    assert (await tell(ledger, lead, "bought", caused_by=["next"])).fired == ()
    assert len((await tell(ledger, lead, "bought", 2, caused_by=["other"])).fired) == 1


async def test_a_lead_that_comes_in_with_its_enrollment_is_a_new_lead_too(ledger: Ledger) -> None:
    await waits_for(ledger, {"kind": "lead_created"})
    await make(ledger)
    lead = a_lead(ledger)
    await enter(ledger, lead)
    assert await entered(ledger) == [lead.lead]


async def test_a_conversation_that_nobody_ends_is_over_after_half_an_hour_of_silence(
    ledger: Ledger,
) -> None:
    lead = await known(ledger)
    await waits_for(ledger, {"kind": "conversation_with_rep", "timing": "after_conversation"})
    hour = timedelta(hours=1)
    for number, by in enumerate(["visitor", "rep"]):
        message = {"session": "s-1", "party": "rep", "by": by}
        await tell(ledger, lead, "message", number, hour - number * timedelta(minutes=1), **message)
    assert await entered(ledger) == []
    async with ledger.reading() as tx:
        (silent,) = await silent_sessions(ledger, tx, 10)
    ended = Incoming(end_of(silent), "default", "silence", lead.lead)
    assert len((await take_in(ledger, ended, ACCOUNTS)).fired) == 1
    assert await entered(ledger) == [lead.lead]
    assert [row["state"] for row in await rows(ledger, sessions)] == ["OVER"]


async def test_a_firing_that_died_is_carried_out_by_whoever_comes_next(ledger: Ledger) -> None:
    lead = await known(ledger)
    await waits_for(ledger, {"kind": "event_added", "event": "bought"})
    await tell(ledger, lead, "bought")
    async with ledger.reading() as tx:
        assert [row["state"] for row in await pending(ledger, tx, 10)] == ["PENDING"]
    assert await entered(ledger) == [lead.lead]
    async with ledger.reading() as tx:
        assert await pending(ledger, tx, 10) == []
