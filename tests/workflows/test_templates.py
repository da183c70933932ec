"""Templates in the flow: a deactivated one holds, a pinned one stays, an address is chosen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from activities import dispatch
from activities.ledger.publishing import newest_version, publish, set_state
from activities.ledger.release import release_for
from activities.ledger.template_lives import Order, Written, activate, deactivate, draft, review
from activities.ledger.template_switch import cause_of_hold
from tests.workflows.accounts import ACCOUNTS, TEMPLATE
from tests.workflows.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

OFFER = replace(TEMPLATE, name="offer")
ORDER = Order("default", "offer", "ada")


async def test_a_deactivated_template_holds_its_mails_and_what_leaves_then_is_what_was_pinned(
    world: World,
) -> None:
    await draft(world.ledger, "default", [Written(OFFER, "text")], "ada")
    await review(world.ledger, ORDER)
    await activate(world.ledger, ORDER)
    automation = await world.publish("[{id: a, kind: send_email, template: offer}]")
    await deactivate(world.ledger, ORDER)
    journey = await world.enroll(automation)
    status = await journey.until_at("a", "held")
    assert status.held_because == "the template 'offer' is deactivated"
    assert journey.mails() == 0
    async with world.ledger.reading() as tx:
        definition = (await newest_version(tx, automation)).definition
    later = replace(OFFER, subject="Written later")
    await publish(world.ledger, definition, "", [later], "ada")
    await set_state(world.ledger, automation, "enabled", "ada")
    await activate(world.ledger, ORDER)
    cause = cause_of_hold("offer")
    for event in await release_for(world.ledger, "default", cause, ACCOUNTS):
        await dispatch.deliver(world.ledger, world.client, event)
    assert (await journey.ends()).sends == 1
    mails = world.sandbox.sandbox.mail.messages()
    subjects = [mail.subject for mail in mails if mail.to_address == journey.lead.email]
    assert subjects == [f"For {journey.lead.fields['first_name']}"]


async def test_a_mail_goes_to_the_address_in_the_field_that_its_step_names(world: World) -> None:
    steps = "[{id: a, kind: send_email, template: intro, recipient_field: work_email}]"
    automation = await world.publish(steps)
    lead = world.lead(work_email="someone@work.example")
    journey = await world.enroll(automation, lead)
    assert (await journey.ends()).sends == 1
    assert journey.mails() == 0
    mails = world.sandbox.sandbox.mail.messages()
    assert [mail.to_address for mail in mails].count("someone@work.example") == 1
    world.fault("smtp", "rcpt", "status", value=550)
    bounced = await world.enroll(await world.publish(steps), lead)
    assert (await bounced.ends()).exit == "email_bounced"
    with pytest.raises(AssertionError, match="suppressed: bounced"):
        await world.enroll(await world.publish(steps), lead)
    # Its other address is as good as before.
    mailed = await world.enroll(
        await world.publish("[{id: a, kind: send_email, template: intro}]"), lead
    )
    assert (await mailed.ends()).sends == 1
