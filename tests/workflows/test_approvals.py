"""Mails that a person must approve, on the real server: nothing but what was approved leaves."""

from __future__ import annotations

import asyncio
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from sqlalchemy import update

from activities import dispatch
from activities.ledger.deciding import Decided, Decision, Edited, decide
from activities.ledger.reviews import Review, waiting_reviews
from activities.ledger.tables import templates
from activities.reviewed_mail import edited_mail, reviewed_hash
from tests.workflows.accounts import ACCOUNTS, FOOT, POSTAL_ADDRESS, TEMPLATE
from tests.workflows.world import PATIENCE, Journey, World, stop

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHECK = "- {id: check, kind: approval, of: intro, channel: sales, on_reject: told}\n"
WAIT = "- {id: w, kind: wait_for, events: [go], timeout: 20 days}\n"
MAIL = "- {id: intro, kind: send_email, template: intro}\n"
REST = "- {id: done, kind: end}\n- {id: told, kind: notify, channel: sales, text: rejected}\n"


async def review_of(journey: Journey, than: str = "") -> Review:
    """The review that waits for this lead, other than ``than``."""
    async with asyncio.timeout(PATIENCE):
        while True:
            async with journey.world.ledger.reading() as tx:
                found = await waiting_reviews(tx, "default", 100)
            for one in found:
                if one.enrollment == journey.handle.id and one.id != than:
                    return one
            await asyncio.sleep(0.05)


async def deciding(journey: Journey, review: Review, approve: bool = True, **more: Any) -> Decided:
    decided = await decide(
        journey.world.ledger, Decision(review.id, approve, "ben", **more), ACCOUNTS
    )
    if decided.event:
        await dispatch.deliver(journey.world.ledger, journey.world.client, decided.event)
    return decided


def texts(journey: Journey) -> list[str]:
    """What the lead got to read."""
    messages = journey.world.sandbox.sandbox.mail.messages()
    mine = [one.path for one in messages if one.to_address == journey.lead.email]
    read = [message_from_bytes(path.read_bytes(), policy=default) for path in mine]
    return [str(mail.get_content()) for mail in read]


async def test_a_mail_leaves_with_the_words_that_were_approved(world: World) -> None:
    journey = await world.enroll(await world.publish(CHECK + MAIL + REST))
    review = await review_of(journey)
    assert journey.mails() == 0
    mail = edited_mail(
        review, {"text": f"Other words. {review.mail['unsubscribe_url']} {POSTAL_ADDRESS}\n"}
    )
    await deciding(journey, review, edit=Edited(mail, reviewed_hash(mail)))
    assert (await journey.ends()).sends == 1
    (text,) = texts(journey)
    assert text.startswith("Other words. http")
    posts = world.sandbox.sandbox.slack.messages()
    assert [post for post in posts if post["text"].endswith(review.id)]


async def test_the_mail_under_review_is_for_the_address_that_its_step_names(world: World) -> None:
    mail = "- {id: intro, kind: send_email, template: intro, recipient_field: work_email}\n"
    lead = world.lead(work_email="reviewed@work.example")
    journey = await world.enroll(await world.publish(CHECK + mail + REST), lead)
    review = await review_of(journey)
    assert review.mail["to_address"] == "reviewed@work.example"
    await deciding(journey, review)
    assert (await journey.ends()).sends == 1
    sent = [one.to_address for one in world.sandbox.sandbox.mail.messages()]
    assert (sent.count("reviewed@work.example"), journey.mails()) == (1, 0)


async def test_a_rejected_mail_does_not_leave(world: World) -> None:
    journey = await world.enroll(await world.publish(CHECK + MAIL + REST))
    await deciding(journey, await review_of(journey), approve=False)
    ending = await journey.ends()
    assert (ending.sends, ending.exit, journey.mails()) == (0, "completed", 0)


@pytest.mark.parametrize("changed", ["nothing", "the lead", "the template"])
async def test_an_approval_holds_for_the_approved_text_alone(world: World, changed: str) -> None:
    journey = await world.enroll(await world.publish(CHECK + WAIT + MAIL + REST))
    review = await review_of(journey)
    await deciding(journey, review)
    await journey.until_at("w")

    async def reword(text: str) -> None:
        async with world.ledger.transaction() as tx:
            await tx.execute(update(templates).values(text=text))

    if changed == "the lead":
        await world.happens(journey.lead, "lead_changed", first_name="Somebody")
    elif changed == "the template":
        await reword(f"Anew {FOOT}")
    await world.happens(journey.lead, "go")
    if changed != "nothing":
        status = await journey.until_at("intro", "held")
        assert "waits for its review" in status.held_because
        assert journey.mails() == 0
        await deciding(journey, await review_of(journey, than=review.id))
    assert (await journey.ends()).sends == 1
    await reword(TEMPLATE.text)


@pytest.mark.parametrize("reviewed", [True, False])
async def test_a_way_past_the_approval_does_not_lead_past_the_review(
    world: World, reviewed: bool
) -> None:
    past = (
        "- {id: past, kind: branch, arms: [{when: {event: never}, go_to: w}], otherwise: intro}\n"
    )
    steps = past + WAIT + (CHECK if reviewed else "") + MAIL + REST
    journey = await world.enroll(await world.publish(steps))
    if reviewed:
        await journey.until_at("intro", "held")
        assert journey.mails() == 0
        await deciding(journey, await review_of(journey), approve=False)
        status = await journey.until_at("intro", "attention")
        assert "rejected in its review" in status.held_because
        await journey.order("skip")
    assert (await journey.ends()).sends == (0 if reviewed else 1)


async def test_an_approval_that_somebody_signals_sends_nothing(world: World) -> None:
    journey = await world.enroll(await world.publish(CHECK + MAIL + REST))
    await journey.until_at("check")
    forged = {"kind": "review_decided", "step": "check", "visit": 1, "verdict": "approved"}
    await journey.handle.signal("event", forged)
    status = await journey.until_at("intro", "held")
    assert "waits for its review" in status.held_because
    assert journey.mails() == 0
    await deciding(journey, await review_of(journey), approve=False)
    await journey.until_at("intro", "attention")
    assert journey.mails() == 0


async def test_a_review_outlives_its_worker_and_a_decision_needs_none(world: World) -> None:
    journey = await world.enroll(await world.publish(CHECK + MAIL + REST))
    await journey.until_at("check")
    for worker in world.workers:
        await stop(worker)
    world.workers.clear()
    review = await review_of(journey)
    assert not (await deciding(journey, review)).refused
    world.work()
    assert (await journey.ends()).sends == 1


async def test_a_stop_ends_the_wait_and_the_approval_comes_too_late(world: World) -> None:
    journey = await world.enroll(await world.publish(CHECK + MAIL + REST))
    await journey.until_at("check")
    review = await review_of(journey)
    await world.happens(journey.lead, "unsubscribe")
    assert (await journey.ends()).exit == "unsubscribed"
    assert "the lead has left (unsubscribed)" in (await deciding(journey, review)).refused
    assert journey.mails() == 0
