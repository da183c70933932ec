"""send_sms before the gate, without a workflow: text messages have the caps that mails have."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.ledger import Ledger
from activities.ledger.effects import find_effect
from activities.ledger.gate_tables import slots
from activities.texting import Texting
from activities.vendors.ports import HandOver, Receipt, TextMessage
from tests.activities.ledger.scenes import ACCOUNTS, SEND, a_lead, enter, make, rows
from tests.activities.ledger.test_mail_gate import OPEN, mail_of, sending
from workflows.engine.effects import Outcome, SendSms

TEXT = {"id": "t", "kind": "send_sms", "text": "Hi"}


class Phones:
    """A vendor that takes every text message."""

    sender = "+12025550100"

    def __init__(self) -> None:
        self.taken = 0

    async def send_text(self, message: TextMessage, hand_over: HandOver) -> Receipt:
        await hand_over()
        self.taken += 1
        return Receipt(f"SM{self.taken}")

    async def find_text(
        self, message: TextMessage, since: datetime, known: Collection[str]
    ) -> Receipt | None:
        return None


async def enrolled(ledger: Ledger, count: int = 1, **caps: Any) -> list[str]:
    await make(ledger, campaign=OPEN | {"caps": caps}, steps=[SEND, TEXT])
    leads = [
        a_lead(ledger, number, f"lead{number}@quarry.example", first_name="A", phone=phone)
        for number, phone in enumerate(f"+1202555{n:04}" for n in range(count))
    ]
    return [await enter(ledger, lead) for lead in leads]


def text_of(enrollment: str, **more: Any) -> SendSms:
    fields = {"enrollment": enrollment, "entry": 1, "step": "t", "visit": 1, "text": "Hi"}
    return SendSms.model_validate({"kind": "send_sms", **fields, **more})


async def test_a_frequency_cap_counts_mails_and_text_messages_and_holds_both(
    ledger: Ledger,
) -> None:
    (there,) = await enrolled(ledger, frequency_cap="2 per 7 days")
    texting = Texting(ledger, ACCOUNTS, Phones())
    messaging, post = sending(ledger)
    began = datetime.now(UTC)
    assert (await messaging.send_email(mail_of(there))).state == "sent"
    assert (await texting.send_sms(text_of(there))).state == "sent"
    for held in (
        await texting.send_sms(text_of(there, visit=2)),
        await messaging.send_email(mail_of(there, visit=2)),
    ):
        assert (held.state, post.taken) == ("held", 1)
        assert "frequency cap of 2 per 1 week" in held.cause
        assert held.until
        assert held.until >= began + timedelta(days=7)


@pytest.mark.parametrize(
    ("caps", "cause"),
    [
        ({"per_day": 2}, "the campaign has sent its messages of the day"),
        ({"per_company_per_day": 2}, "the company has got its messages of the day"),
    ],
)
async def test_a_day_of_campaign_and_company_counts_both_channels(
    ledger: Ledger, caps: dict[str, int], cause: str
) -> None:
    first, second, third = await enrolled(ledger, 3, **caps)
    messaging, _ = sending(ledger)
    phones = Phones()
    texting = Texting(ledger, ACCOUNTS, phones)
    assert (await messaging.send_email(mail_of(first))).state == "sent"
    assert (await texting.send_sms(text_of(second))).state == "sent"
    held: Outcome = await texting.send_sms(text_of(third))
    assert (held.state, held.cause, phones.taken) == ("held", cause, 1)


async def test_the_pace_of_mailboxes_neither_holds_nor_counts_text_messages(ledger: Ledger) -> None:
    first, second = await enrolled(ledger, 2)
    messaging, post = sending(ledger, per_day=1, min_gap=timedelta(hours=1))
    phones = Phones()
    texting = Texting(ledger, ACCOUNTS, phones)
    assert (await texting.send_sms(text_of(first))).state == "sent"
    assert (await messaging.send_email(mail_of(first))).state == "sent"
    assert (await texting.send_sms(text_of(second))).state == "sent"
    assert (await messaging.send_email(mail_of(second))).state == "held"
    assert (post.taken, phones.taken) == (1, 2)


async def test_max_sends_and_lateness_hold_for_text_messages_too(ledger: Ledger) -> None:
    (there,) = await enrolled(ledger, max_sends=2, max_lateness="1 day")
    messaging, _ = sending(ledger)
    phones = Phones()
    texting = Texting(ledger, ACCOUNTS, phones)
    assert (await messaging.send_email(mail_of(there))).state == "sent"
    late = text_of(there, due=datetime.now(UTC) - timedelta(days=1, minutes=1))
    refused = await texting.send_sms(late)
    assert (refused.state, refused.exit, phones.taken) == ("refused", None, 0)
    async with ledger.reading() as tx:
        assert await find_effect(tx, late.key) is None
    assert (await texting.send_sms(text_of(there))).state == "sent"
    again = await texting.send_sms(text_of(there, visit=2))
    assert (again.state, again.exit, phones.taken) == ("refused", "completed", 1)


async def test_a_text_message_that_is_held_has_a_slot_and_comes_for_it(ledger: Ledger) -> None:
    first, second = await enrolled(ledger, 2, per_day=1)
    phones = Phones()
    texting = Texting(ledger, ACCOUNTS, phones)
    assert (await texting.send_sms(text_of(first))).state == "sent"
    held = await texting.send_sms(text_of(second))
    (slot,) = [row for row in await rows(ledger, slots) if row["taken_at"] is None]
    assert (slot["at"], slot["mailbox"]) == (held.until, "")
    again = await texting.send_sms(text_of(second))
    assert (again.state, again.until, phones.taken) == ("held", held.until, 1)
