"""A stop acts at once, wherever the lead is: in a wait, an outage, a pause, in attention."""

from __future__ import annotations

from typing import Any

import pytest

from activities.ledger.suppressions import suppression_of
from activities.ledger.tables import inbox
from tests.activities.ledger.scenes import rows
from tests.patience import until
from tests.workflows.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

ONE_MAIL_THEN_REST = """
- {id: a, kind: send_email, template: intro}
- {id: rest, kind: wait, for: 20 days}
- {id: b, kind: send_email, template: intro}
"""


@pytest.mark.parametrize(
    ("kind", "data", "exit_reason"),
    [
        ("reply", {}, "reply_received"),
        ("unsubscribe", {}, "unsubscribed"),
        ("complaint", {}, "unsubscribed"),
        ("meeting_booked", {"starts_at": "2027-01-01T10:00:00Z"}, "meeting_booked"),
        ("bounce", {"type": "hard"}, "email_bounced"),
        ("lead_gone", {}, "lead_gone"),
        ("turned_off", {}, "campaign_turned_off_or_expired"),
    ],
)
async def test_a_stop_event_ends_a_wait_of_days_at_once(
    world: World, kind: str, data: dict[str, Any], exit_reason: str
) -> None:
    journey = await world.enroll(await world.publish(ONE_MAIL_THEN_REST))
    await journey.until_at("rest")
    await world.happens(journey.lead, kind, **data)
    ending = await journey.ends()
    assert (ending.exit, ending.sends, journey.mails()) == (exit_reason, 1, 1)
    assert (await journey.row())["exit"] == exit_reason


async def test_an_opt_out_is_written_down_though_it_says_that_it_was(world: World) -> None:
    journey = await world.enroll(await world.publish(ONE_MAIL_THEN_REST))
    await journey.until_at("rest")
    await journey.handle.signal("unsubscribe", {"id": "no-such-event", "recorded": True})
    assert (await journey.ends()).exit == "unsubscribed"
    async with world.ledger.reading() as tx:
        assert await suppression_of(world.ledger, tx, journey.lead) == "unsubscribed"


async def test_a_stop_acts_inside_an_outage_of_the_mail_server(world: World) -> None:
    world.fault("smtp", "connect", "drop", times=999)
    journey = await world.enroll(await world.publish(ONE_MAIL_THEN_REST))
    await journey.until_at("a", "running")
    await world.happens(journey.lead, "unsubscribe")
    assert (await journey.ends()).exit == "unsubscribed"
    world.sandbox.sandbox.faults.clear()
    assert journey.mails() == 0


@pytest.mark.parametrize("state", ["held", "attention"])
async def test_a_stop_acts_inside_a_pause_and_inside_attention(world: World, state: str) -> None:
    if state == "attention":
        world.fault("smtp", "mail", "status", value=554)
    journey = await world.enroll(await world.publish(ONE_MAIL_THEN_REST))
    if state == "held":
        await journey.until_at("rest")
        await journey.order("pause")
    await journey.until(lambda status: status.state == state)
    await world.happens(journey.lead, "reply")
    assert (await journey.ends()).exit == "reply_received"


async def test_cancelling_in_temporal_removes_the_lead(world: World) -> None:
    journey = await world.enroll(await world.publish(ONE_MAIL_THEN_REST))
    await journey.until_at("rest")
    await journey.handle.cancel()
    assert (await journey.ends()).exit == "manually_removed"
    assert (await journey.row())["exit"] == "manually_removed"


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("unsubscribe", []),
        ("unsubscribe", [None]),
        ("unsubscribe", ["please"]),
        ("unsubscribe", [17]),
        ("unsubscribe", [[{"id": {}}], "two"]),
        ("unsubscribe", [{"id": "x" * 500, "at": "yesterday"}]),
        ("Opt-Out", [{"unexpected": True}]),
        ("event", [{"kind": "UNSUBSCRIBE", "at": 5}]),
        ("event", ['{"kind": "opt_out"}']),
        ("event", [b'{"kind": "unsubscribe"}']),
    ],
)
async def test_an_opt_out_stops_in_any_shape_and_is_in_the_ledger(
    world: World, name: str, body: list[Any]
) -> None:
    journey = await world.enroll(await world.publish(ONE_MAIL_THEN_REST))
    await journey.handle.signal(name, args=body)
    assert (await journey.ends()).exit == "unsubscribed"
    async with world.ledger.reading() as tx:
        assert await suppression_of(world.ledger, tx, journey.lead) == "unsubscribed"
    again = await world.publish(ONE_MAIL_THEN_REST)
    with pytest.raises(AssertionError, match="suppressed"):
        await world.enroll(again, journey.lead)


async def test_a_signal_that_nobody_can_read_is_kept_counted_and_stalls_nothing(
    world: World,
) -> None:
    journey = await world.enroll(await world.publish(ONE_MAIL_THEN_REST))
    poison: list[tuple[str, list[Any]]] = [
        ("reply", [17]),
        ("reply", [{"at": "yesterday"}]),
        ("bounce", [{"id": ["a"]}, {"id": "b"}]),
        ("event", []),
        ("event", [{"kind": "no kind, this"}]),
        ("no_such_signal", [{"id": "1"}]),
        ("event", [b"\xff\xfe"]),
        ("event", ["[" * 5000]),
    ]
    for name, body in poison:
        await journey.handle.signal(name, args=body)
    status = await journey.until(lambda status: status.malformed_signals >= len(poison) - 1)
    assert status.exit is None
    await journey.handle.signal("reply", {"id": f"good-{journey.lead.lead}"})
    assert (await journey.ends()).exit == "reply_received"
    kept = [row for row in await rows(world.ledger, inbox) if row["lead"] == journey.lead.lead]
    assert sum(row["kind"] == "malformed" for row in kept) == status.malformed_signals


async def test_a_direct_signal_is_in_the_inbox_once_however_often_it_came(world: World) -> None:
    journey = await world.enroll(await world.publish(ONE_MAIL_THEN_REST))
    await journey.until_at("rest")
    visited = {"id": f"v-{journey.lead.lead}", "kind": "visited", "page": "prices"}
    for _ in range(3):
        await journey.handle.signal("event", visited)
    await journey.handle.signal("reply", {"id": f"r-{journey.lead.lead}"})
    await journey.ends()
    kept = [row for row in await rows(world.ledger, inbox) if row["lead"] == journey.lead.lead]
    told = sorted(row["kind"] for row in kept)
    assert told == ["campaign_exited", "email_sent", "reply", "visited"]
    assert next(row["data"] for row in kept if row["kind"] == "visited") == {"page": "prices"}


async def test_an_event_before_the_start_and_one_after_the_close_are_kept_and_written_back(
    world: World,
) -> None:
    journey = await world.enroll(await world.publish("[{id: a, kind: end}]"))
    await journey.ends()
    await until(journey.row, lambda row: row["state"] == "CLOSED")
    received = await world.happens(journey.lead, "unsubscribe")
    assert received.targets == ()
    await written_back(world)
    assert journey.crm_lead()["HasOptedOutOfEmail"] is True


async def written_back(world: World) -> None:
    """Have the Writeback workflow do what no enrollment did, without waiting for the loop."""
    from workers.writing_back import start_writeback

    await start_writeback(world.client, "salesforce")
    await world.client.get_workflow_handle("writeback:salesforce").result()
