"""Opt-outs from addresses that no record has: they hold for the address, in every center."""

from __future__ import annotations

from typing import Any

import pytest

from activities.dispatch import enroll
from activities.ledger import Ledger
from activities.ledger.admissions import Request
from activities.ledger.connections import Connections
from activities.ledger.leads import new_lead, person_of
from activities.ledger.tables import inbox, suppressions
from config.settings import IngressSettings
from starters.ingress.mail import take_mail
from starters.ingress.reception import Reception
from starters.ingress.smartlead import take_report
from starters.ingress.temporal_link import TemporalLink
from starters.webhooks.smartlead import parse
from tests.activities.ledger.scenes import ACCOUNTS, a_lead, enter, make, rows

HERE = ACCOUNTS.centers["default"]
TWO_CENTERS = Connections(centers={"default": HERE, "west": HERE})
STRANGER = "me@second.example"
SMARTLEAD = (
    b'{"event_type": "LEAD_UNSUBSCRIBED", "campaign_id": 7, "to_email": "me@second.example"}'
)


def reception_of(ledger: Ledger) -> Reception:
    return Reception(ledger, TWO_CENTERS, IngressSettings(), TemporalLink())


def letter(text: str, sender: str = STRANGER) -> bytes:
    return f"From: {sender}\r\nSubject: Hello\r\nMessage-ID: <x@y>\r\n\r\n{text}\r\n".encode()


async def said_by_mail(ledger: Ledger) -> None:
    told = await take_mail(reception_of(ledger), letter("Please unsubscribe me from all of this."))
    assert (told["kind"], told["matched"]) == ("unsubscribe", None)


async def said_to_smartlead(ledger: Ledger) -> None:
    told = await take_report(reception_of(ledger), parse(SMARTLEAD))
    assert (told["matched"], told["opted_out"]) == (False, 2)


@pytest.mark.parametrize("say", [said_by_mail, said_to_smartlead])
async def test_a_stranger_who_opts_out_is_not_contacted_when_they_are_imported(
    ledger: Ledger, say: Any
) -> None:
    await make(ledger)
    inside = a_lead(ledger)
    await enter(ledger, inside)
    await say(ledger)
    await say(ledger)
    put_down = [(row["center"], row["subject"]) for row in await rows(ledger, suppressions)]
    people = [(one, person_of(ledger, one, STRANGER, "")) for one in ("default", "west")]
    assert sorted(put_down) == sorted(people)
    imported = new_lead(ledger, "default", {"email": "Me+news@Second.example"}, "crm-9")
    entered = await enroll(ledger, None, Request("spring", imported, "a test"), TWO_CENTERS)
    assert entered.refused == "suppressed: unsubscribed"


async def test_whoever_is_known_in_one_center_opts_out_there_alone(ledger: Ledger) -> None:
    await make(ledger)
    lead = a_lead(ledger, 1, STRANGER)
    await enter(ledger, lead)
    told = await take_mail(reception_of(ledger), letter("Please unsubscribe me."))
    assert told["matched"] == "address"
    assert {row["center"] for row in await rows(ledger, suppressions)} == {"default"}


async def test_only_an_opt_out_counts_and_its_words_stay_in_one_center(ledger: Ledger) -> None:
    reception = reception_of(ledger)
    await take_mail(reception, letter("Tell me more."))
    assert await rows(ledger, suppressions) == []
    await take_mail(reception, letter("Please unsubscribe me."))
    kept = {row["center"]: row["data"] for row in await rows(ledger, inbox)}
    assert [name for name, data in kept.items() if "text" in data] == ["default"]
