"""Opting out of text messages, and of more than that: which message may still be sent to whom."""

from __future__ import annotations

import asyncio

import pytest

from activities.dispatch import take_in
from activities.ledger import Ledger
from activities.ledger.connections import CenterConnections, Connections
from activities.ledger.inbox import Incoming
from activities.ledger.leads import Lead
from activities.ledger.opt_outs import SMS_VENDOR
from activities.ledger.suppressions import (
    phone_key,
    suppress_domain,
    suppression_of,
    text_suppression_of,
)
from activities.ledger.tables import admissions
from tests.activities.ledger.scenes import ACCOUNTS, AT, a_lead, ask, enter, has_to_wait, make, rows
from workflows.engine.events import Event

ONE, OTHER = "+12025550123", "+12025550124"
TEXT = {"id": "t", "kind": "send_sms", "text": "Hi"}


async def posts(ledger: Ledger, kind: str, number: str, lead: Lead | None, sid: str) -> None:
    """A message from a phone comes in, as the ingress takes it."""
    phone = phone_key(ledger, "default", number)
    event = Event(id=f"twilio-{sid}/default", kind=kind, at=AT, data={"phone": phone})
    who = (lead.lead, lead.person) if lead else (None, None)
    await take_in(ledger, Incoming(event, "default", SMS_VENDOR, *who), ACCOUNTS)


async def happens(ledger: Ledger, lead: Lead, kind: str) -> None:
    """An event about a lead that the ledger may not know yet."""
    event = Event(id=f"{kind}-{lead.lead}", kind=kind, at=AT)
    await take_in(ledger, Incoming(event, "default", "test", lead.lead, lead.person), ACCOUNTS)


async def verdicts(ledger: Ledger, lead: Lead, number: str | None) -> tuple[str | None, ...]:
    """Why no mail, why nothing at all, why no text message."""
    async with ledger.reading() as tx:
        mail = await suppression_of(ledger, tx, lead)
        return (mail, *await text_suppression_of(ledger, tx, lead, number))


async def test_a_stop_holds_for_person_record_and_number_and_mails_go_on(ledger: Ledger) -> None:
    lead = a_lead(ledger, 1)
    await posts(ledger, "sms_opt_out", ONE, lead, "1")
    for who, number in ((lead, ONE), (lead, OTHER), (lead, None), (a_lead(ledger, 2), ONE)):
        assert await verdicts(ledger, who, number) == (None, None, "sms_opt_out")
    assert await verdicts(ledger, a_lead(ledger, 2), OTHER) == (None, None, None)


async def test_start_takes_back_what_the_stop_of_that_phone_put_down_and_no_more(
    ledger: Ledger,
) -> None:
    lead = a_lead(ledger, 1)
    await posts(ledger, "sms_opt_out", ONE, lead, "1")
    await posts(ledger, "sms_opt_in", ONE, lead, "2")
    assert await verdicts(ledger, lead, ONE) == (None, None, None)
    await posts(ledger, "sms_opt_out", ONE, lead, "3")
    await posts(ledger, "sms_opt_out", OTHER, lead, "4")
    await posts(ledger, "sms_opt_in", OTHER, lead, "5")
    assert await verdicts(ledger, lead, ONE) == (None, None, "sms_opt_out")
    # The very same webhook once more is no new word of anybody.
    await posts(ledger, "sms_opt_in", ONE, lead, "2")
    assert await verdicts(ledger, lead, ONE) == (None, None, "sms_opt_out")


@pytest.mark.parametrize("kind", ["unsubscribe", "complaint", "erasure"])
async def test_start_lifts_no_other_opt_out(ledger: Ledger, kind: str) -> None:
    lead = a_lead(ledger, 1)
    if kind == "erasure":
        await posts(ledger, "sms_undelivered", ONE, lead, "0")  # soft: of no consequence
        phone = phone_key(ledger, "default", ONE)
        hard = Event(id="h", kind="sms_undelivered", at=AT, data={"phone": phone, "type": "hard"})
        await take_in(ledger, Incoming(hard, "default", SMS_VENDOR), ACCOUNTS)
    else:
        await happens(ledger, lead, kind)
    before = await verdicts(ledger, lead, ONE)
    await posts(ledger, "sms_opt_in", ONE, lead, "1")
    assert await verdicts(ledger, lead, ONE) == before != (None, None, None)


async def test_a_start_that_the_vendor_has_not_signed_lifts_nothing(ledger: Ledger) -> None:
    lead = a_lead(ledger, 1)
    await posts(ledger, "sms_opt_out", ONE, lead, "1")
    phone = phone_key(ledger, "default", ONE)
    for source in ("signal", "events", "command"):
        event = Event(id=source, kind="sms_opt_in", at=AT, data={"phone": phone})
        await take_in(ledger, Incoming(event, "default", source, lead.lead), ACCOUNTS)
    assert await verdicts(ledger, lead, ONE) == (None, None, "sms_opt_out")


@pytest.mark.parametrize(
    ("kind", "mail", "everything"),
    [
        ("unsubscribe", "unsubscribed", "unsubscribed"),
        ("complaint", "complained", "complained"),
        ("bounce", "bounced", None),
    ],
)
async def test_an_opt_out_from_mails_is_one_from_texts_and_a_bounce_is_not(
    ledger: Ledger, kind: str, mail: str, everything: str | None
) -> None:
    lead = a_lead(ledger, 1)
    await happens(ledger, lead, kind)
    assert await verdicts(ledger, lead, ONE) == (mail, everything, None)


async def test_a_bounce_does_not_hide_an_opt_out_that_comes_after_it(ledger: Ledger) -> None:
    lead = a_lead(ledger, 1)
    await happens(ledger, lead, "bounce")
    await happens(ledger, lead, "unsubscribe")
    # Another record of the same person, which only the person's row tells of.
    other = a_lead(ledger, 2, email=lead.email)
    assert await verdicts(ledger, other, ONE) == ("unsubscribed", "unsubscribed", None)


async def test_a_domain_that_is_not_written_to_gets_no_texts_either(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        await suppress_domain(tx, "default", "example.com", ("competitor", "c", AT))
    found = await verdicts(ledger, a_lead(ledger, 1), ONE)
    assert found == ("competitor", "competitor", None)


async def test_who_gets_texts_alone_must_have_a_number_and_not_have_said_stop(
    ledger: Ledger,
) -> None:
    await make(ledger, steps=[TEXT])
    nobody = await ask(ledger, a_lead(ledger, 1, phone="none"))
    assert nobody.refused.startswith("no phone number")
    stopped = a_lead(ledger, 2, email=None, phone=ONE)
    await posts(ledger, "sms_opt_out", ONE, None, "1")
    assert (await ask(ledger, stopped)).refused == "suppressed: sms_opt_out"
    assert (await ask(ledger, a_lead(ledger, 3, email=None, phone=OTHER))).start


async def test_a_stop_ends_what_sends_texts_alone_at_once_and_mixed_campaigns_go_on(
    ledger: Ledger,
) -> None:
    await make(ledger, "texts", steps=[TEXT], campaign={"lane": "t"})
    await make(
        ledger, "mixed", steps=[TEXT, {"id": "m", "kind": "send_email", "template": "intro"}]
    )
    lead = a_lead(ledger, 1, phone=ONE)
    for name in ("texts", "mixed"):
        await enter(ledger, lead, name)
    await posts(ledger, "sms_opt_out", ONE, lead, "1")
    found = {row["automation"]: row["stop_reason"] for row in await rows(ledger, admissions)}
    assert found == {"texts": "unsubscribed", "mixed": None}


async def test_a_stop_waits_for_a_message_to_that_number_that_is_being_judged(
    ledger: Ledger,
) -> None:
    """Whoever else it is known by: two records may have one phone."""
    phone = phone_key(ledger, "default", ONE)
    async with ledger.transaction(f"person:{a_lead(ledger, 2).person}", f"phone:{phone}"):
        stop = asyncio.create_task(posts(ledger, "sms_opt_out", ONE, a_lead(ledger, 1), "1"))
        await has_to_wait(ledger, stop)
    await stop
    assert await verdicts(ledger, a_lead(ledger, 2), ONE) == (None, None, "sms_opt_out")


async def test_the_crm_is_told_if_a_field_is_configured(ledger: Ledger) -> None:
    lead = a_lead(ledger, 1)
    writes = ACCOUNTS.of("default").salesforce
    assert writes is not None
    own = writes.model_copy(update={"sms_opt_out_field": "NoTexts__c"})
    accounts = Connections(centers={"default": CenterConnections(salesforce=own)})
    await make(ledger)
    await enter(ledger, lead)
    for name, here in (("a", ACCOUNTS), ("b", accounts)):
        event = Event(id=name, kind="sms_opt_out", at=AT)
        received = await take_in(ledger, Incoming(event, "default", "test", lead.lead), here)
        assert received.writebacks == (("b/mark_unsubscribed",) if name == "b" else ())
