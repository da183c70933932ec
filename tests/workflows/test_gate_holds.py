"""What the gate knows besides: consents, caps, halts, lateness, on the real server."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities import dispatch
from activities.ledger.gate_tables import slots
from activities.ledger.halts import halt, lift
from activities.ledger.release import release_held
from activities.ledger.tables import holds
from tests.activities.ledger.scenes import rows
from tests.patience import PATIENCE
from tests.workflows.accounts import ACCOUNTS
from tests.workflows.world import Journey, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

MAIL = "[{id: a, kind: send_email, template: intro}]"
REST_THEN_MAIL = """
- {id: a, kind: send_email, template: intro}
- {id: rest, kind: wait_for, events: [go], timeout: 20 days}
- {id: b, kind: send_email, template: intro}
"""
WHY = ("Ada", "wrong prices")


async def test_a_consent_withdrawn_during_a_wait_is_asked_for_again_at_the_send(
    world: World,
) -> None:
    automation = await world.publish(REST_THEN_MAIL, consent={"needs": ["newsletter"]})
    lead = world.lead(consent_newsletter="yes 2026-01-05")
    journey = await world.enroll(automation, lead)
    await journey.until_at("rest")
    await world.happens(lead, "consent_withdrawn", consent="newsletter")
    await world.happens(lead, "go")
    ending = await journey.ends()
    assert (ending.exit, journey.mails()) == ("no_consent", 1)
    assert ending.timeline[-2].why == "consent 'newsletter' for email was withdrawn"
    # The control: where no consent is needed, the same lead gets its mail.
    other = await world.enroll(await world.publish(MAIL), lead)
    assert (await other.ends()).exit == "completed"
    assert journey.mails() == 2


async def test_no_message_leaves_in_a_halt_and_the_held_go_on_after_it(world: World) -> None:
    halted, other = await world.publish(MAIL), await world.publish(MAIL)
    assert await halt(world.ledger, "default", halted, WHY)
    journey = await world.enroll(halted)
    status = await journey.until_at("a", "held")
    assert status.held_because == "the automation is halted by Ada: wrong prices"
    assert (await (await world.enroll(other)).ends()).sends == 1  # others are not concerned
    assert journey.mails() == 0
    assert (await rows(world.ledger, holds))[-1]["cause"] == status.held_because
    assert await lift(world.ledger, "default", halted, WHY) == [halted]
    for event in await release_held(world.ledger, halted, ACCOUNTS):
        await dispatch.deliver(world.ledger, world.client, event)
    assert (await journey.ends()).sends == 1


async def test_a_busy_mailbox_gives_each_lead_a_slot_and_has_it_back_at_the_exit(
    world: World,
) -> None:
    automation = await world.publish(MAIL, sender="busy")
    assert (await (await world.enroll(automation)).ends()).sends == 1

    async def turn() -> tuple[datetime, Journey]:
        journey = await world.enroll(automation)
        status = await journey.until_at("a", "held")
        assert status.until
        assert "one mail after the other" in status.held_because
        return status.until, journey

    (second, leaving), (third, staying) = await turn(), await turn()
    assert third - second == timedelta(hours=20)
    await world.happens(leaving.lead, "unsubscribe")
    assert (await leaving.ends()).sends == 0
    fourth, next_one = await turn()
    assert fourth == second
    mine = [row for row in await rows(world.ledger, slots) if row["automation"] == automation]
    assert sorted(bool(row["taken_at"]) for row in mine) == [False, False, True]
    for journey in (staying, next_one):
        await journey.order("remove")


async def test_each_lead_keeps_its_sender_and_gets_no_more_than_max_sends(world: World) -> None:
    three = "".join(f"- {{id: m{n}, kind: send_email, template: intro}}\n" for n in range(3))
    limits: dict[str, Any] = {"senders": ["default", "other"], "caps": {"max_sends": 2}}
    automation = await world.publish(three, **limits)
    senders = set()
    for _ in range(6):
        journey = await world.enroll(automation)
        ending = await journey.ends()
        assert (ending.exit, ending.sends) == ("completed", 2)
        messages = world.sandbox.sandbox.mail.messages()
        used = {one.from_address for one in messages if one.to_address == journey.lead.email}
        assert len(used) == 1
        senders |= used
    assert len(senders) == 2


async def test_a_frequency_cap_counts_what_other_campaigns_sent(world: World) -> None:
    first = await world.enroll(await world.publish(MAIL))
    await first.ends()
    automation = await world.publish(MAIL, caps={"frequency_cap": "1 per 7 days"})
    journey = await world.enroll(automation, first.lead)
    status = await journey.until_at("a", "held")
    assert status.until
    assert status.until > datetime.now(UTC) + timedelta(days=6)
    assert "frequency cap" in status.held_because
    await journey.order("remove")


async def test_a_mail_that_is_far_too_late_needs_attention(world: World) -> None:
    automation = await world.publish(MAIL, caps={"max_lateness": "1 second"})
    world.fault("smtp", "mail", "status", times=3, value=450)  # tried for longer than that
    journey = await world.enroll(automation)
    status = await journey.until_at("a", "attention")
    assert "later than max_lateness allows" in status.held_because
    world.sandbox.sandbox.faults.clear()
    # On a loaded machine the second may be over once more before the mail leaves.
    async with asyncio.timeout(PATIENCE):
        while status.state == "attention":
            await journey.order("retry")
            status = await journey.until(lambda seen: bool(seen.exit) or seen.state == "attention")
    assert (await journey.ends()).sends == 1
