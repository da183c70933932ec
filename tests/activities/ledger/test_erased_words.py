"""Mail of nobody known goes with whom it names, also by an address that they had before."""

from __future__ import annotations

from activities.dispatch import take_in
from activities.ledger import Ledger
from activities.ledger.inbox import Incoming
from activities.ledger.leads import Lead, put_lead
from activities.ledger.tables import inbox
from tests.activities.ledger.canaries import erased
from tests.activities.ledger.messages import mailing, someone_inside
from tests.activities.ledger.scenes import ACCOUNTS, AT, a_lead, happens, rows
from workflows.engine.events import Event

NEW = "ada@new.example"


async def writes(ledger: Ledger, sender: str) -> None:
    """A mail comes in that nobody is known by."""
    event = Event(id=sender, kind="auto_reply", at=AT, data={"from": sender, "text": "Hello"})
    await take_in(ledger, Incoming(event, "default", "mail"), ACCOUNTS)


async def moves(ledger: Ledger, lead: Lead) -> None:
    async with ledger.transaction() as tx:
        await put_lead(ledger, tx, a_lead(ledger, int(lead.lead[-3:]), NEW))


async def kept(ledger: Ledger) -> list[str]:
    return [row["id"] for row in await rows(ledger, inbox) if row["id"] == row["data"].get("from")]


async def test_an_address_that_something_was_sent_to(ledger: Ledger) -> None:
    lead, enrollment = await someone_inside(ledger, "ada@old.example")
    assert (await mailing(ledger).send(enrollment)).state == "sent"
    await moves(ledger, lead)
    for sender in ("Ada@Old.example", "eve@else.example"):
        await writes(ledger, sender)
    await erased(ledger, lead.lead)
    assert await kept(ledger) == ["eve@else.example"]


async def test_an_address_that_the_crm_told_of(ledger: Ledger) -> None:
    lead, _ = await someone_inside(ledger)
    await happens(ledger, lead, "lead_changed", fields={"email": "ada@once.example"})
    await moves(ledger, lead)
    await writes(ledger, "ada@once.example")
    await erased(ledger, lead.lead)
    assert await kept(ledger) == []


async def test_an_address_that_is_another_persons_by_now_names_that_one(ledger: Ledger) -> None:
    lead, enrollment = await someone_inside(ledger, "sales@shared.example")
    await mailing(ledger).send(enrollment)
    await moves(ledger, lead)
    async with ledger.transaction() as tx:
        await put_lead(ledger, tx, a_lead(ledger, 7, "Sales@shared.example"))
    await writes(ledger, "sales@shared.example")
    await erased(ledger, lead.lead)
    assert await kept(ledger) == ["sales@shared.example"]
