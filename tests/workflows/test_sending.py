"""A mail leaves once, or it is known why not: outages, lost answers, refusals, holds, deaths."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from activities import dispatch
from activities.ledger.publishing import set_state
from activities.ledger.release import release_held
from activities.ledger.tables import effects, templates
from tests.activities.ledger.scenes import rows
from tests.workflows.accounts import ACCOUNTS, FOOT, TEMPLATE
from tests.workflows.world import Journey, World, open_world, stop

pytestmark = pytest.mark.asyncio(loop_scope="session")

MAIL = "[{id: a, kind: send_email, template: intro}]"
TWO_MAILS = """
- {id: a, kind: send_email, template: intro}
- {id: b, kind: send_email, template: intro}
"""


async def states(journey: Journey) -> list[tuple[str, str]]:
    """(step, state) of every mail that the ledger has of the lead."""
    found = await rows(journey.world.ledger, effects)
    mine = [row for row in found if row["lead"] == journey.lead.lead and row["step"]]
    return [(row["step"], row["state"]) for row in mine]


async def test_a_mail_is_sent_once_after_a_transient_failure(world: World) -> None:
    world.fault("smtp", "rcpt", "status", value=450)
    journey = await world.enroll(await world.publish(MAIL))
    assert (await journey.ends()).sends == 1
    assert journey.mails() == 1
    assert await states(journey) == [("a", "SENT")]


async def test_a_drop_after_the_final_dot_is_unknown_and_never_sent_again(world: World) -> None:
    world.fault("smtp", "after_dot", "drop")
    journey = await world.enroll(await world.publish(TWO_MAILS))
    ending = await journey.ends()
    assert (ending.exit, ending.sends, ending.unknowns) == ("completed", 2, 1)
    assert await states(journey) == [("a", "UNKNOWN"), ("b", "SENT")]
    assert journey.mails() == 2  # the sandbox had taken the first one


async def test_a_refused_recipient_is_a_hard_bounce(world: World) -> None:
    world.fault("smtp", "rcpt", "status", value=550)
    journey = await world.enroll(await world.publish(TWO_MAILS))
    assert (await journey.ends()).exit == "email_bounced"
    assert journey.mails() == 0
    assert journey.crm_lead()["clay_external_hard_bounce__c"] is True
    again = await world.publish(MAIL)
    with pytest.raises(AssertionError, match="suppressed: bounced"):
        await world.enroll(again, journey.lead)


@pytest.mark.parametrize(
    ("order", "sends", "ledger"),
    [
        ("retry", 2, [("a", "NOT_SENT"), ("a", "SENT"), ("b", "SENT")]),
        ("skip", 1, [("a", "NOT_SENT"), ("b", "SENT")]),
    ],
)
async def test_a_permanent_error_waits_for_an_operator(
    world: World, order: str, sends: int, ledger: list[tuple[str, str]]
) -> None:
    world.fault("smtp", "mail", "status", value=554)
    journey = await world.enroll(await world.publish(TWO_MAILS))
    status = await journey.until_at("a", "attention")
    assert "554" in status.held_because
    await journey.order(order, step="a", visit=1, by="Ada", reason="mended")
    ending = await journey.ends()
    assert (ending.exit, ending.sends) == ("completed", sends)
    assert await states(journey) == ledger


async def test_a_mail_that_shows_no_way_out_does_not_leave(world: World) -> None:
    journey = await world.enroll(
        await world.publish(
            "[{id: w, kind: wait_for, events: [go], timeout: 20 days},"
            " {id: a, kind: send_email, template: intro}]"
        )
    )
    await journey.until_at("w")

    async def reword(text: str) -> None:
        async with world.ledger.transaction() as tx:
            await tx.execute(update(templates).values(text=text))

    await reword(f"Hello. {{% if lead.vip %}}{FOOT}{{% endif %}}")
    await world.happens(journey.lead, "go")
    status = await journey.until_at("a", "attention")
    assert "text: the unsubscribe link; text: the postal address" in status.held_because
    assert journey.mails() == 0
    await reword(TEMPLATE.text)
    await journey.order("retry", step="a", visit=1, by="Ada", reason="mended")
    assert (await journey.ends()).sends == 1


async def test_disabling_holds_at_once_and_enabling_releases(world: World) -> None:
    automation = await world.publish(
        "[{id: w, kind: wait_for, events: [go], timeout: 20 days}, "
        "{id: a, kind: send_email, template: intro}]"
    )
    journey = await world.enroll(automation)
    await journey.until_at("w")
    await set_state(world.ledger, automation, "disabled", "a test")
    await world.happens(journey.lead, "go")
    status = await journey.until_at("a", "held")
    assert status.held_because == "the automation is disabled"
    assert journey.mails() == 0
    await set_state(world.ledger, automation, "enabled", "a test")
    for event in await release_held(world.ledger, automation, ACCOUNTS):
        await dispatch.deliver(world.ledger, world.client, event)
    assert (await journey.ends()).sends == 1


async def test_outside_the_send_window_it_is_held_until_the_window_opens(world: World) -> None:
    now = datetime.now(UTC)
    two_hours = now.replace(minute=0) + timedelta(hours=2)
    opens, closes = ("01:00", "02:00") if two_hours.hour < 2 else (f"{two_hours:%H:%M}", "24:00")
    every_day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    window = {"days": every_day, "opens": opens, "closes": closes, "zone": "UTC"}
    journey = await world.enroll(await world.publish(MAIL, send_window=window))
    status = await journey.until_at("a", "held")
    assert status.until
    assert status.until > now
    assert status.until.strftime("%H:%M") == opens
    assert "outside the send window in UTC" in status.held_because
    await world.happens(journey.lead, "unsubscribe")
    assert (await journey.ends()).sends == 0


async def test_a_higher_priority_takes_the_lead_out_of_the_lower_one(world: World) -> None:
    rest = "[{id: w, kind: wait, for: 20 days}]"
    low = await world.publish(rest, priority=1, lane="shared")
    high = await world.publish(rest, priority=2, lane="shared")
    journey = await world.enroll(low)
    await journey.until_at("w")
    other = await world.enroll(high, journey.lead)
    assert (await journey.ends()).exit == "joined_other_campaign"
    assert (await other.until_at("w")).exit is None
    await world.happens(journey.lead, "reply")
    assert (await other.ends()).exit == "reply_received"


async def test_a_lead_comes_back_and_is_mailed_again_when_the_rule_allows(world: World) -> None:
    automation = await world.publish(MAIL, re_entry={"rule": "after_exit"})
    first = await world.enroll(automation, cause=f"{automation}/first")
    await first.ends()
    second = await world.enroll(automation, first.lead, cause=f"{automation}/second")
    assert second.entry == 2
    await second.ends()
    assert second.mails() == 2


async def test_a_worker_that_is_replaced_in_the_middle_loses_no_mail_and_doubles_none(
    tmp_path: Path,
) -> None:
    async with open_world(tmp_path) as world:
        automation = await world.publish(
            "[{id: a, kind: send_email, template: intro}, {id: w, kind: wait, for: 1 second}, "
            "{id: b, kind: send_email, template: intro}]"
        )
        world.fault("smtp", "mail", "slow", times=2, value=30)
        journeys = [await world.enroll(automation)]
        await journeys[0].until_at("a", "running")
        journeys += [await world.enroll(automation) for _ in range(3)]
        stopping = asyncio.create_task(stop(world.workers.pop()))
        await asyncio.sleep(0)  # so that it stops while the mail is in flight, which then goes on
        world.sandbox.sandbox.faults.clear()
        await stopping
        world.work()
        for journey in journeys:
            assert (await journey.ends()).exit == "completed"
            assert journey.mails() == 2
