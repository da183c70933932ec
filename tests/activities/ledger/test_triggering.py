"""What triggers ask for is written down with the event, once, and never beyond its center."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import JsonValue
from sqlalchemy import update

from activities.dispatch import enroll, take_in
from activities.ledger import Ledger
from activities.ledger.admissions import Request
from activities.ledger.firings import pending
from activities.ledger.inbox import Incoming, Received
from activities.ledger.leads import Lead
from activities.ledger.lifecycle import switch_center
from activities.ledger.listening import enabled
from activities.ledger.publishing import set_state
from activities.ledger.schedules import follow
from activities.ledger.sessions import end_of, silent_sessions
from activities.ledger.staleness import begin_to_watch, fallen_silent, has_fired, silence_of
from activities.ledger.starting import start_again
from activities.ledger.tables import admissions, firings, lifecycle, sessions, watches
from tests.activities.ledger.scenes import ACCOUNTS, a_lead, enter, leave, make, rows
from workers.triggering import enter_fired
from workflows.engine.events import Event
from workflows.engine.exits import ExitReason

NOTIFY = [{"id": "n", "kind": "notify", "channel": "sales", "text": "Look"}]
TO_WON: dict[str, Any] = {"kind": "lead_status_changed", "stages": ["Won"]}
DAY = timedelta(days=1)


async def waits_for(
    ledger: Ledger, trigger: dict[str, Any], name: str = "next", **more: Any
) -> None:
    """An enabled automation that something besides a person starts, enabled a year ago."""
    more = {"campaign": None, "steps": NOTIFY} | more
    await make(ledger, name, trigger=trigger, **more)
    async with ledger.transaction() as tx:
        long_ago = await ledger.now(tx) - 365 * DAY
        await tx.execute(update(lifecycle).values(changed_at=long_ago))


async def tell(
    ledger: Ledger, lead: Lead, kind: str, number: int = 1, ago: timedelta = DAY, **data: JsonValue
) -> Received:
    at = datetime.now(UTC) - ago
    event = Event(id=f"{kind}/{lead.lead}/{number}", kind=kind, at=at, data=data)
    return await take_in(ledger, Incoming(event, "default", "test", lead.lead), ACCOUNTS)


async def entered(ledger: Ledger, name: str = "next") -> list[str]:
    """Carry out every firing; the leads that are inside the automation then."""
    await enter_fired(ledger, None, ACCOUNTS)
    return sorted(
        row["lead"] for row in await rows(ledger, admissions) if row["automation"] == name
    )


async def known(ledger: Ledger, number: int = 1, **fields: JsonValue) -> Lead:
    """A lead that the ledger knows from a campaign it has left."""
    if not any(row["automation"] == "before" for row in await rows(ledger, lifecycle)):
        await make(ledger, "before", campaign=None, steps=NOTIFY)
    lead = a_lead(ledger, number, "", **fields)
    await leave(ledger, await enter(ledger, lead, "before"), ExitReason.COMPLETED)
    return lead


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


async def test_a_firing_that_died_is_carried_out_by_whoever_comes_next(ledger: Ledger) -> None:
    lead = await known(ledger)
    await waits_for(ledger, {"kind": "event_added", "event": "bought"})
    await tell(ledger, lead, "bought")
    async with ledger.reading() as tx:
        assert [row["state"] for row in await pending(ledger, tx, 10)] == ["PENDING"]
    assert await entered(ledger) == [lead.lead]
    async with ledger.reading() as tx:
        assert await pending(ledger, tx, 10) == []
