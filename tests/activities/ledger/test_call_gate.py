"""http_call that reaches the lead, before the gate: whatever stands against any channel."""

from __future__ import annotations

from typing import Any

import pytest

from activities.call_gate import addresses_in
from activities.ledger import Ledger
from activities.ledger.leads import new_lead, person_of, put_lead
from activities.ledger.suppressions import suppress_person
from tests.activities.ledger.messages import calling, someone_inside
from tests.activities.ledger.scenes import AT, a_lead, ask, happens, make
from tests.activities.ledger.test_consents import FEB, NEEDS, says
from workflows.engine.effects import HttpCall

AGREED = {"consent_newsletter": "yes 2026-01-05"}
BY_TEXT = AGREED | {"consent_newsletter_sms": "yes 2026-01-05"}
CALL: dict[str, Any] = {
    **{"id": "c", "kind": "http_call", "connection": "gateway", "method": "POST"},
    **{"path": "/messages", "body": "Hi", "reaches_lead": True},
}


@pytest.mark.parametrize("channel", ["email", "sms"])
async def test_a_consent_that_was_withdrawn_for_any_channel_ends_it(
    ledger: Ledger, channel: str
) -> None:
    lead, enrollment = await someone_inside(ledger, fields=BY_TEXT, **NEEDS)
    await says(ledger, lead, "consent_withdrawn", FEB, channel=channel)
    sender = calling(ledger)
    outcome = await sender.send(enrollment)
    assert (outcome.state, outcome.exit, sender.reached) == ("refused", "no_consent", 0)


async def test_who_agreed_is_called(ledger: Ledger) -> None:
    _, enrollment = await someone_inside(ledger, fields=BY_TEXT, **NEEDS)
    sender = calling(ledger)
    assert ((await sender.send(enrollment)).state, sender.reached) == ("sent", 1)


async def test_without_a_consent_nobody_enters_what_only_calls(ledger: Ledger) -> None:
    await make(ledger, steps=[CALL], **NEEDS)
    refused = await ask(ledger, a_lead(ledger, 1))
    assert refused.refused == "no consent 'newsletter' for any channel"
    assert (await ask(ledger, a_lead(ledger, 2, **AGREED))).start


async def test_an_address_in_the_request_that_opted_out_is_not_reached(ledger: Ledger) -> None:
    lead, enrollment = await someone_inside(ledger, "ada@old.example")
    sender = calling(ledger)
    sender.vendors.down = True
    with pytest.raises(Exception, match="down"):
        await sender.send(enrollment)
    sender.vendors.down = False
    async with ledger.transaction() as tx:
        await put_lead(
            ledger, tx, new_lead(ledger, "default", {"email": "ada@new.example"}, lead.lead)
        )
        old = person_of(ledger, "default", "ada@old.example", "")
        await suppress_person(tx, "default", old, ("unsubscribed", "a click", AT))
    outcome = await sender.send(enrollment)
    assert (outcome.state, outcome.exit, sender.reached) == ("refused", "unsubscribed", 0)


async def test_a_daily_cap_of_the_campaign_holds_it(ledger: Ledger) -> None:
    _, enrollment = await someone_inside(ledger, campaign={"caps": {"per_day": 1}})
    sender = calling(ledger)
    assert (await sender.send(enrollment)).state == "sent"
    visit = {"enrollment": enrollment, "entry": 1, "step": "c", "visit": 2}
    request = {name: value for name, value in CALL.items() if name != "id"}
    again = HttpCall.model_validate(request | visit)
    held = await sender.activities.http_call(again)
    assert (held.state, held.cause) == ("held", "the campaign has sent its messages of the day")


async def test_who_opted_out_of_text_messages_is_not_called(ledger: Ledger) -> None:
    lead, enrollment = await someone_inside(ledger)
    await happens(ledger, lead, "sms_opt_out")
    sender = calling(ledger)
    assert ((await sender.send(enrollment)).state, sender.reached) == ("refused", 0)


@pytest.mark.parametrize(
    ("request_", "found"),
    [
        ({"url": "https://x.example/to/ada%40a.example?cc=bob%40b.example&n=1"}, "ada bob"),
        ({"url": "https://x.example", "content": '{"to": [{"a": "Ada <ada@a.example>"}]}'}, "ada"),
        ({"url": "https://x.example", "content": "to=ada%40a.example&text=Hi+at+10"}, "ada"),
        ({"url": "https://x.example", "headers": {"X-To": "Ada+x@A.example"}}, "ada"),
        ({"url": "https://u@x.example/@ada", "content": '"meet @ 10, ok"'}, ""),
        ({}, ""),
    ],
)
def test_the_addresses_of_a_request_are_found_wherever_they_stand(
    request_: dict[str, Any], found: str
) -> None:
    wanted = {"ada": "ada@a.example", "bob": "bob@b.example"}
    assert addresses_in(request_) == tuple(wanted[name] for name in found.split())
