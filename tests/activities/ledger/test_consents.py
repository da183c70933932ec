"""Consents: the latest statement counts, from wherever it came, and without one nobody enters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import JsonValue

from activities.dispatch import take_in
from activities.ledger import Ledger
from activities.ledger.consent_fields import BadConsent, split_consents
from activities.ledger.consents import consents_of, missing_consent, note_consent
from activities.ledger.gate_tables import consents
from activities.ledger.inbox import Incoming
from activities.ledger.leads import Lead, new_lead
from activities.ledger.lifecycle import log_of
from tests.activities.ledger.scenes import ACCOUNTS, a_lead, ask, enter, make, rows
from workflows.engine.consent import Statement
from workflows.engine.events import Event

JAN, FEB, MAR = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))
NEEDS: dict[str, Any] = {"consent": {"needs": ["newsletter"]}}
IGNORES: dict[str, Any] = {
    "consent": {
        "ignore": True,
        "reason": "notices of the contract, which need none",
        "approved_by": "the data protection officer",
    }
}
MISSING = "no consent 'newsletter' for email"
WITHDRAWN = "consent 'newsletter' for email was withdrawn"


async def says(ledger: Ledger, lead: Lead, kind: str, at: datetime, **more: Any) -> None:
    """An event about a consent comes in."""
    source, data = more.pop("source", "events"), {"consent": "newsletter"} | more
    event = Event(id=f"{kind}-{at.isoformat()}", kind=kind, at=at, data=data)
    incoming = Incoming(event, "default", source, lead.lead, lead.person)
    await take_in(ledger, incoming, ACCOUNTS)


async def lack(ledger: Ledger, lead: Lead, channel: Any = "email") -> str:
    async with ledger.reading() as tx:
        return await missing_consent(tx, ("default", lead.person), ["newsletter"], channel)


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([], MISSING),
        ([("consent_given", JAN)], ""),
        ([("consent_given", JAN), ("consent_withdrawn", FEB)], WITHDRAWN),
        ([("consent_withdrawn", FEB), ("consent_given", JAN)], WITHDRAWN),  # in whatever order
        ([("consent_withdrawn", JAN), ("consent_given", FEB)], ""),
        ([("consent_given", JAN), ("consent_withdrawn", JAN)], WITHDRAWN),
    ],
)
async def test_the_latest_statement_counts(
    ledger: Ledger, statements: list[tuple[str, datetime]], expected: str
) -> None:
    lead = a_lead(ledger)
    for kind, at in statements:
        await says(ledger, lead, kind, at)
    assert await lack(ledger, lead) == expected
    assert await lack(ledger, lead, "sms") == "no consent 'newsletter' for sms"
    assert len(await rows(ledger, consents)) == len(statements)  # nothing is written over


async def test_a_consent_from_the_future_does_not_outlast_a_withdrawal(ledger: Ledger) -> None:
    lead = a_lead(ledger)
    await says(ledger, lead, "consent_given", datetime.now(UTC) + timedelta(days=3000))
    await says(ledger, lead, "consent_withdrawn", datetime.now(UTC))
    assert await lack(ledger, lead) == WITHDRAWN


async def test_a_signal_takes_a_consent_away_and_never_gives_one(ledger: Ledger) -> None:
    lead = a_lead(ledger)
    await says(ledger, lead, "consent_given", JAN, source="signal")
    assert await lack(ledger, lead) == MISSING
    await says(ledger, lead, "consent_given", FEB)
    await says(ledger, lead, "consent_withdrawn", MAR, source="signal")
    assert await lack(ledger, lead) == WITHDRAWN


async def test_a_withdrawal_that_does_not_say_of_what_takes_all(ledger: Ledger) -> None:
    lead = a_lead(ledger)
    whose = ("default", lead.person)
    async with ledger.transaction() as tx:
        for name in ("newsletter", "trade-fairs"):
            await note_consent(ledger, tx, whose, Statement(name, "given", JAN), "a form")
    await says(ledger, lead, "consent_withdrawn", FEB, consent=None)
    async with ledger.reading() as tx:
        assert {one["state"] for one in await consents_of(tx, *whose)} == {"withdrawn"}


async def test_without_its_consent_nobody_enters_and_an_import_may_bring_it(
    ledger: Ledger,
) -> None:
    await make(ledger, **NEEDS)
    assert (await ask(ledger, a_lead(ledger, 1))).refused == MISSING
    given = a_lead(ledger, 2, consent_newsletter="yes 2026-01-05", first_name="Bo")
    assert (await ask(ledger, given)).start
    denied = a_lead(ledger, 3, consent_newsletter="no")
    assert (await ask(ledger, denied)).refused == WITHDRAWN
    # An older file, imported once more, does not undo the withdrawal.
    again = a_lead(ledger, 3, consent_newsletter="yes 2025-12-24")
    assert (await ask(ledger, again, cause="once more")).refused == WITHDRAWN
    assert "consent_newsletter" not in given.fields


async def test_a_consent_belongs_to_the_address_it_was_given_for(ledger: Ledger) -> None:
    await make(ledger, **NEEDS)
    await enter(ledger, a_lead(ledger, 1, consent_newsletter="2026-01-05"))
    moved = a_lead(ledger, 1, "new@example.com")
    assert (await ask(ledger, moved, cause="moved")).refused == MISSING


async def test_ignoring_consents_is_explicit_and_stands_in_the_log(ledger: Ledger) -> None:
    await make(ledger, **IGNORES)
    assert (await ask(ledger, a_lead(ledger))).start
    async with ledger.reading() as tx:
        published = (await log_of(tx, "default", "spring"))[0]
    assert published["reason"] == (
        "consents are ignored, approved by the data protection officer: "
        "notices of the contract, which need none"
    )


async def test_ignoring_consents_does_not_beat_an_opt_out(ledger: Ledger) -> None:
    await make(ledger, **IGNORES)
    lead = a_lead(ledger)
    event = Event(id="out", kind="unsubscribe", at=JAN)
    await take_in(ledger, Incoming(event, "default", "test", lead.lead, lead.person), ACCOUNTS)
    assert (await ask(ledger, lead)).refused == "suppressed: unsubscribed"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"consent_news": "yes 2026-01-01"}, Statement("news", "given", JAN)),
        ({"consent_news": "2026-01-01"}, Statement("news", "given", JAN)),
        ({"consent_news": "Yes", "consent_news_at": "2026-01-01"}, Statement("news", "given", JAN)),
        ({"consent_news": True, "consent_news_at": "2026-01-01"}, Statement("news", "given", JAN)),
        ({"consent_news_sms": "2026-01-01T00:00Z"}, Statement("news", "given", JAN, "sms")),
        ({"consent_news": "no"}, Statement("news", "withdrawn")),
        ({"consent_news": False}, Statement("news", "withdrawn")),
        ({"consent_news": "no 2026-02-01"}, Statement("news", "withdrawn", FEB)),
        ({"consent_news": " "}, None),
    ],
)
def test_consents_are_read_from_fields(
    fields: dict[str, JsonValue], expected: Statement | None
) -> None:
    assert split_consents({**fields, "size": 3}) == ({"size": 3}, (expected,) if expected else ())


@pytest.mark.parametrize("value", ["yes", "maybe", "yes 1.2.2026", 7, "yes please", True])
def test_a_consent_without_its_date_is_refused_and_the_value_is_not_repeated(
    value: JsonValue,
) -> None:
    with pytest.raises(BadConsent, match=r"^consent_news: write 'yes' and its date") as raised:
        split_consents({"consent_news": value})
    assert "2.2026" not in str(raised.value)


async def test_a_lead_with_an_unreadable_consent_is_not_taken(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="consent_news: write 'yes' and its date"):
        new_lead(ledger, "default", {"email": "a@example.com", "consent_news": "yes"})
