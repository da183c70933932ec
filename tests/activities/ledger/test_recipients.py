"""Mail to another address of a lead: judged is the address that the mail really goes to."""

from __future__ import annotations

from typing import Any

import pytest

from activities.dispatch import take_in
from activities.ledger import Ledger
from activities.ledger.inbox import Incoming
from activities.ledger.leads import Lead
from activities.ledger.recipients import person_at, recipient_of
from activities.ledger.suppressions import (
    suppress_domain,
    suppress_lead,
    suppress_person,
    suppression_of,
)
from tests.activities.ledger.scenes import ACCOUNTS, AT, SEND, a_lead, ask, make
from workflows.engine.events import Event

HOME, WORK = "ada@home.example", "ada@work.example"


def ada(ledger: Ledger, **fields: Any) -> Lead:
    return a_lead(ledger, 1, HOME, **({"work_email": WORK} | fields))


@pytest.mark.parametrize(
    ("written", "address"),
    [
        (WORK, WORK),
        (f" {WORK} ", WORK),
        ("", None),
        (None, None),
        ("nobody", None),
        (5, None),
        ("a@x.example, b@x.example", None),
    ],
)
def test_the_address_is_that_in_the_field_or_none(
    written: str | int | None, address: str | None
) -> None:
    lead = Lead("default", "crm-1", "p", HOME, None, {"work_email": written})
    assert recipient_of(lead, "work_email") == address
    assert recipient_of(lead, "email") == HOME


@pytest.mark.parametrize(
    ("what", "reason", "to_home", "to_work"),
    [
        ("the human", "unsubscribed", "unsubscribed", "unsubscribed"),
        ("the human", "complained", "complained", "complained"),
        ("the human", "bounced", "bounced", None),
        ("the work address", "bounced", None, "bounced"),
        ("the work address", "unsubscribed", None, "unsubscribed"),
        ("the record", "unsubscribed", "unsubscribed", "unsubscribed"),
        ("the work domain", "unsubscribed", None, "unsubscribed"),
    ],
)
async def test_an_opt_out_is_about_a_human_and_a_bounce_about_an_address(
    ledger: Ledger, what: str, reason: str, to_home: str | None, to_work: str | None
) -> None:
    lead, why = ada(ledger), (reason, "e-1", AT)
    async with ledger.transaction() as tx:
        if what == "the human":
            await suppress_person(tx, "default", lead.person, why)
        elif what == "the work address":
            await suppress_person(tx, "default", person_at(ledger, lead, WORK), why)
        elif what == "the record":
            await suppress_lead(tx, "default", lead.lead, why)
        else:
            await suppress_domain(tx, "default", "work.example", why)
        found = [await suppression_of(ledger, tx, lead, to) for to in (None, HOME, WORK)]
    assert found == [to_home, to_home, to_work]


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({}, ""),
        ({"work_email": ""}, "no e-mail address in work_email"),
        ({"work_email": "call me"}, "no e-mail address in work_email"),
    ],
)
async def test_who_has_no_address_in_that_field_is_not_enrolled(
    ledger: Ledger, fields: dict[str, Any], refused: str
) -> None:
    await make(ledger, steps=[SEND | {"recipient_field": "work_email"}])
    answer = await ask(ledger, ada(ledger, **fields))
    assert refused in answer.refused
    assert bool(answer.refused) is bool(refused)


TELL = {"id": "tell", "kind": "notify", "channel": "sales", "text": "Look"}
SPLIT = {"id": "z", "kind": "ab_split", "arms": [{"go_to": "tell"}, {"go_to": "rest"}]}
REST = {"id": "rest", "kind": "wait", "for": "1 day"}


@pytest.mark.parametrize(
    ("steps", "enters"),
    [
        ([TELL, SEND], True),
        ([REST, TELL, SEND], True),
        ([REST, SEND, TELL], False),
        ([{"id": "z", "kind": "jump", "go_to": SEND["id"], "at_most": 2}, SEND, TELL], False),
        ([SPLIT, REST, SEND, TELL], True),
        ([{"id": "z", "kind": "approval", "of": SEND["id"]}, SEND, TELL], False),
    ],
)
async def test_without_an_address_only_what_begins_with_a_mail_is_closed(
    ledger: Ledger, steps: list[dict[str, Any]], enters: bool
) -> None:
    await make(ledger, steps=steps)
    answer = await ask(ledger, a_lead(ledger, 1, None))
    assert bool(answer.start) is enters
    assert ("begins with a mail" in answer.refused) is not enters


async def test_who_can_be_reached_at_one_of_several_addresses_is_enrolled(ledger: Ledger) -> None:
    work = SEND | {"id": "b", "recipient_field": "work_email"}
    await make(ledger, steps=[SEND, work])
    lead = ada(ledger)
    event = Event(id="e-1", kind="bounce", at=AT)
    bounced = person_at(ledger, lead, WORK)
    about = Incoming(event, "default", "test", lead.lead, lead.person, bounced=bounced)
    await take_in(ledger, about, ACCOUNTS)
    assert (await ask(ledger, lead)).start
    await make(ledger, "only-work", steps=[work])
    assert (await ask(ledger, lead, "only-work")).refused == "suppressed: bounced"
