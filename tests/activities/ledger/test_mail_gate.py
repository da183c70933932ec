"""send_email before the gate, without a workflow: many leads at once, and caps edited meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from itertools import pairwise
from typing import Any

from activities.ledger import Ledger
from activities.ledger.connections import CenterConnections, Connections
from activities.ledger.effects import find_effect
from activities.ledger.gate_tables import slots
from activities.ledger.publishing import set_state
from activities.ledger.slots import waiting_for_slots
from activities.ledger.suppressions import suppress_person
from activities.messaging import Messaging
from activities.vendors.ports import Receipt
from tests.activities.ledger.scenes import ADA, SEND, a_lead, enter, leave, make, rows
from workflows.engine.effects import Outcome, SendEmail
from workflows.engine.exits import ExitReason

OPEN: dict[str, Any] = {"send_window": {"always": True}}


class Post:
    """A mail server that takes everything."""

    def __init__(self) -> None:
        self.taken = 0

    async def send(
        self, message: EmailMessage, hand_over: Callable[[], Awaitable[None]]
    ) -> Receipt:
        await hand_over()
        self.taken += 1
        return Receipt("taken")


def sending(ledger: Ledger, **mailbox: Any) -> tuple[Messaging, Post]:
    box = ADA.model_copy(update=mailbox)
    accounts = Connections(centers={"default": CenterConnections(mailboxes={"default": box})})
    post = Post()
    return Messaging(ledger, accounts, post, "http://127.0.0.1:1"), post


def mail_of(enrollment: str, **more: Any) -> SendEmail:
    fields = {"enrollment": enrollment, "entry": 1, "step": "a", "visit": 1, "template": "intro"}
    return SendEmail.model_validate({"kind": "send_email", **fields, **more})


async def enrolled(ledger: Ledger, count: int, **campaign: Any) -> list[str]:
    await make(ledger, campaign=OPEN | campaign)
    leads = [a_lead(ledger, number, first_name="A") for number in range(count)]
    return [await enter(ledger, lead) for lead in leads]


async def test_mails_of_many_leads_at_once_get_slots_of_their_own(ledger: Ledger) -> None:
    there = await enrolled(ledger, 10)
    messaging, post = sending(ledger, min_gap=timedelta(hours=1))
    outcomes = await asyncio.gather(*(messaging.send_email(mail_of(one)) for one in there))
    held = sorted(outcome.until for outcome in outcomes if outcome.until)
    assert (post.taken, len(held), len(set(held))) == (1, 9, 9)
    assert all(b - a >= timedelta(hours=1) for a, b in pairwise(held))
    taken = [row for row in await rows(ledger, slots) if row["taken_at"]]
    assert len(taken) == 1
    async with ledger.reading() as tx:
        assert await waiting_for_slots(tx, "spring") == (9, held[-1])


async def test_caps_that_are_edited_hold_for_leads_inside(ledger: Ledger) -> None:
    first, second = await enrolled(ledger, 2)
    messaging, post = sending(ledger)
    assert (await messaging.send_email(mail_of(first))).state == "sent"
    await make(ledger, campaign=OPEN | {"caps": {"per_day": 1}})
    held = await messaging.send_email(mail_of(second))
    assert (held.state, held.cause) == ("held", "the campaign has sent its messages of the day")
    await make(ledger, campaign=OPEN | {"caps": {"per_day": 2}})
    assert (await messaging.send_email(mail_of(second))).state == "held"  # it keeps its slot
    assert post.taken == 1


async def test_ignoring_consents_never_beats_a_suppression_at_the_send(ledger: Ledger) -> None:
    ignore = {"ignore": True, "reason": "they have bought it", "approved_by": "Ada Fox"}
    await make(ledger, campaign=OPEN, consent=ignore)
    opted_out, other = (a_lead(ledger, number, first_name="A") for number in (1, 2))
    entered = [await enter(ledger, lead) for lead in (opted_out, other)]
    async with ledger.transaction() as tx:
        why = ("unsubscribed", "an opt-out", await ledger.now(tx))
        await suppress_person(tx, "default", opted_out.person, why)
    messaging, post = sending(ledger)
    refused, sent = [await messaging.send_email(mail_of(one)) for one in entered]
    assert (refused.state, refused.exit) == ("refused", "unsubscribed")
    assert (sent.state, post.taken) == ("sent", 1)


async def test_max_sends_and_lateness_are_judged_before_anything_is_written(
    ledger: Ledger,
) -> None:
    caps = {"max_sends": 1, "max_lateness": "1 day"}
    (there,) = await enrolled(ledger, 1, caps=caps)
    messaging, post = sending(ledger)
    now = datetime.now(UTC)
    late = mail_of(there, due=now - timedelta(days=1, minutes=1))
    refused = await messaging.send_email(late)
    assert (refused.state, refused.exit) == ("refused", None)
    async with ledger.reading() as tx:
        assert await find_effect(tx, late.key) is None
    on_time = mail_of(there, due=now - timedelta(hours=23))
    assert (await messaging.send_email(on_time)).state == "sent"
    again: Outcome = await messaging.send_email(mail_of(there, visit=2))
    assert (again.state, again.exit) == ("refused", "completed")
    assert post.taken == 1


async def test_who_has_no_address_is_passed_over_unless_something_stops_or_holds_it(
    ledger: Ledger,
) -> None:
    tell = {"id": "n", "kind": "notify", "channel": "sales", "text": "Look"}
    await make(ledger, campaign=OPEN, steps=[tell, {**SEND, "recipient_field": "work_email"}])
    enrollment = await enter(ledger, a_lead(ledger, 1, None))
    messaging, post = sending(ledger)
    mail = mail_of(enrollment, recipient_field="work_email")
    nowhere = "no e-mail address in its field 'work_email'"
    await set_state(ledger, "spring", "disabled", "a test")
    assert (await messaging.send_email(mail)).state == "held"
    await set_state(ledger, "spring", "enabled", "a test")
    done = await messaging.send_email(mail)
    assert (done.state, done.cause, post.taken) == ("skipped", nowhere, 0)
    async with ledger.reading() as tx:
        assert await find_effect(tx, mail.key) is None
    await leave(ledger, enrollment, ExitReason.UNSUBSCRIBED)
    assert (await messaging.send_email(mail)).exit is ExitReason.UNSUBSCRIBED
