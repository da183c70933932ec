"""No fact undoes an opt-out, in whatever order facts come; an operator may lift one, on record."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from activities.dispatch import take_in
from activities.ledger import Ledger
from activities.ledger.inbox import Incoming
from activities.ledger.leads import Lead, canonical_address, person_of
from activities.ledger.suppression_history import Lifting, history_of, in_force, lift
from activities.ledger.suppressions import suppression_of
from activities.ledger.tables import inbox, suppressions
from tests.activities.ledger.scenes import ACCOUNTS, AT, a_lead, ask, enter, make, rows
from workflows.engine.events import Event

Told = tuple[str, dict[str, JsonValue]]

TRUE: Told = ("lead_changed", {"fields": {"HasOptedOutOfEmail": True}})
FALSE: Told = ("lead_changed", {"fields": {"HasOptedOutOfEmail": False}})
AGAIN: Told = ("sms_opt_in", {})
CONSENT: Told = ("consent_given", {"consent": "news", "channel": "email"})
OPT_OUT: Told = ("unsubscribe", {"via": "reply"})


async def tell(ledger: Ledger, lead: Lead, told: Told, name: str) -> bool:
    event = Event(id=name, kind=told[0], at=AT, data=told[1])
    incoming = Incoming(event, "default", "events", lead.lead, lead.person)
    return (await take_in(ledger, incoming, ACCOUNTS)).is_new


async def why(ledger: Ledger, lead: Lead) -> str | None:
    async with ledger.reading() as tx:
        return await suppression_of(ledger, tx, lead)


@pytest.mark.parametrize("opt_out", [OPT_OUT, TRUE])
async def test_an_opt_out_holds_whatever_is_told_before_and_after_it(
    ledger: Ledger, opt_out: Told
) -> None:
    await make(ledger)
    orders: list[Sequence[Told]] = [*permutations((opt_out, FALSE, AGAIN))]
    for number, order in enumerate(orders):
        lead = a_lead(ledger, number)
        await enter(ledger, lead)
        for place, told in enumerate(order):
            await tell(ledger, lead, told, f"{number}/{place}")
        await tell(ledger, lead, CONSENT, f"{number}/consent")
        assert await why(ledger, lead) == "unsubscribed", order


async def test_a_record_that_comes_opted_out_does_not_enter(ledger: Ledger) -> None:
    await make(ledger)
    told: tuple[dict[str, JsonValue], ...] = (
        {"HasOptedOutOfEmail": True},
        {"has_opted_out_of_email": "TRUE"},
    )
    for number, fields in enumerate(told):
        refused = (await ask(ledger, a_lead(ledger, number, "", **fields))).refused
        assert refused == "suppressed: unsubscribed"
    values: tuple[JsonValue, ...] = (False, "false", "")
    for number, value in enumerate(values, start=5):
        assert not (await ask(ledger, a_lead(ledger, number, HasOptedOutOfEmail=value))).refused


async def test_what_was_lifted_stays_lifted_until_a_new_opt_out(ledger: Ledger) -> None:
    await make(ledger)
    lead = a_lead(ledger)
    await enter(ledger, lead)
    await tell(ledger, lead, OPT_OUT, "first")
    subjects = [("person", lead.person), ("lead", lead.lead)]
    async with ledger.transaction() as tx:
        lifting = Lifting("Eva", "asked for it by phone")
        assert len(await lift(ledger, tx, "default", subjects, lifting)) == 2
    assert await why(ledger, lead) is None
    # The same webhook, however often it is sent again, is no new word of anybody (threat 5).
    assert not any([await tell(ledger, lead, OPT_OUT, "first") for _ in range(50)])
    assert (await why(ledger, lead), len(await rows(ledger, suppressions))) == (None, 2)
    assert len([row for row in await rows(ledger, inbox) if row["kind"] == "unsubscribe"]) == 1
    await tell(ledger, lead, OPT_OUT, "second")
    assert await why(ledger, lead) == "unsubscribed"
    async with ledger.reading() as tx:
        assert len(await in_force(tx, "default", subjects)) == 2
        told = [(one["act"], one["done_by"]) for one in await history_of(tx, "default", subjects)]
    put_down, lifted = ("suppressed", ""), ("lifted", "Eva")
    assert told == [put_down, put_down, lifted, lifted, put_down, put_down]


ADDRESSES = st.from_regex(r"[a-z]{1,4}(\.[a-z]{1,2})?@[a-z]{1,4}\.example", fullmatch=True)
CENTERS = st.from_regex(r"[a-z:]{1,6}", fullmatch=True)


@given(one=st.tuples(CENTERS, ADDRESSES), other=st.tuples(CENTERS, ADDRESSES))
def test_two_persons_never_share_a_key(one: tuple[str, str], other: tuple[str, str]) -> None:
    ledger = Ledger.__new__(Ledger)
    ledger._secret = b"a secret"
    same = [(center, canonical_address(address)) for center, address in (one, other)]
    keys = [person_of(ledger, center, address, "") for center, address in (one, other)]
    assert (keys[0] == keys[1]) is (same[0] == same[1])


def test_letters_that_look_alike_are_not_the_same_person() -> None:
    latin, cyrillic = (
        canonical_address("ada@paypal.example"),
        canonical_address("ada@p\u0430ypal.example"),
    )
    assert latin != cyrillic
