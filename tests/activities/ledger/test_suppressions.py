"""One human has many spellings: an opt-out under one of them holds for all."""

from __future__ import annotations

import pytest

from activities.ledger import Ledger
from activities.ledger.leads import canonical_address, new_lead
from activities.ledger.suppressions import suppress_domain, suppress_person, suppression_of
from tests.activities.ledger.scenes import AT, a_lead, enter, happens, make

WHY = ("unsubscribed", "e-1", AT)


@pytest.mark.parametrize(
    ("said", "mailed", "is_same"),
    [
        ("ada@example.com", "Ada@EXAMPLE.com", True),
        ("ada@example.com", "ada+news@example.com", True),
        ("ada.fox@gmail.com", "adafox@gmail.com", True),
        ("A.D.A.fox+x@googlemail.com", "adafox@gmail.com", True),
        ("ada.fox@example.com", "adafox@example.com", False),
        ("ada@bücher.example", "ada@xn--bcher-kva.example", True),
        ("ada@example.com", "ada@example.org", False),
        ("ada@example.com", "bob@example.com", False),
    ],
)
async def test_an_opt_out_holds_for_every_spelling_of_the_address(
    ledger: Ledger, said: str, mailed: str, is_same: bool
) -> None:
    assert (canonical_address(said) == canonical_address(mailed)) is is_same
    one, other = a_lead(ledger, 1, said), a_lead(ledger, 2, mailed)
    async with ledger.transaction() as tx:
        assert await suppress_person(tx, "default", one.person, WHY)
        assert not await suppress_person(tx, "default", one.person, WHY)
        assert await suppression_of(ledger, tx, other) == ("unsubscribed" if is_same else None)


async def test_a_domain_is_suppressed_in_every_spelling(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        await suppress_domain(tx, "default", " @Example.COM", ("asked", "e-2", AT))
        for number, domain in enumerate(("example.com", "EXAMPLE.com")):
            lead = a_lead(ledger, number, f"someone@{domain}")
            assert await suppression_of(ledger, tx, lead) == "asked"
        elsewhere = a_lead(ledger, 9, "someone@sub.example.com")
        assert await suppression_of(ledger, tx, elsewhere) is None


async def test_a_lead_without_an_address_is_a_person_of_its_own(ledger: Ledger) -> None:
    one, other = a_lead(ledger, 1, None), a_lead(ledger, 2, None)
    async with ledger.transaction() as tx:
        await suppress_person(tx, "default", one.person, WHY)
        assert await suppression_of(ledger, tx, one) == "unsubscribed"
        assert await suppression_of(ledger, tx, other) is None


async def test_an_opt_out_outlives_a_change_of_the_address(ledger: Ledger) -> None:
    await make(ledger)
    lead = a_lead(ledger)
    await enter(ledger, lead)
    await happens(ledger, lead, "unsubscribe")
    moved = new_lead(ledger, lead.center, {"email": "quite.another@elsewhere.example"}, lead.lead)
    assert moved.person != lead.person
    async with ledger.reading() as tx:
        assert await suppression_of(ledger, tx, moved) == "unsubscribed"


async def test_a_bounce_says_nothing_about_another_address_of_the_lead(ledger: Ledger) -> None:
    await make(ledger)
    lead = a_lead(ledger)
    await enter(ledger, lead)
    await happens(ledger, lead, "bounce")
    moved = new_lead(ledger, lead.center, {"email": "quite.another@elsewhere.example"}, lead.lead)
    async with ledger.reading() as tx:
        assert await suppression_of(ledger, tx, lead) == "bounced"
        assert await suppression_of(ledger, tx, moved) is None
