"""``dripstone replies``: what waits for a judgement is listed, shown, and decided."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from pydantic import JsonValue

from activities.dispatch import take_in
from activities.ledger import Ledger
from activities.ledger.connections import Connections
from activities.ledger.inbox import Incoming
from activities.ledger.leads import new_lead, put_lead
from activities.ledger.replies import reply_id
from activities.ledger.suppressions import suppression_of
from tests.starters.commands import Commands
from workflows.engine.events import Event

AT = datetime(2026, 11, 20, 10, tzinfo=UTC)
LEAD = "crm-1"


def answers(commands: Commands, **replies: dict[str, JsonValue]) -> None:
    """A lead answers, once for each name."""

    async def work() -> None:
        ledger = await Ledger.open(commands.environment["DRIPSTONE_LEDGER_URL"])
        lead = new_lead(ledger, "default", {"email": "ada@example.com"}, LEAD)
        async with ledger.transaction() as tx:
            await put_lead(ledger, tx, lead)
        for name, data in replies.items():
            event = Event(id=name, kind="reply", at=AT, data=data)
            await take_in(ledger, Incoming(event, "default", "test", LEAD), Connections())
        await ledger.close()

    asyncio.run(work())


def suppressed(commands: Commands) -> str | None:
    async def work() -> str | None:
        ledger = await Ledger.open(commands.environment["DRIPSTONE_LEDGER_URL"])
        lead = new_lead(ledger, "default", {"email": "ada@example.com"}, LEAD)
        async with ledger.reading() as tx:
            found = await suppression_of(ledger, tx, lead)
        await ledger.close()
        return found

    return asyncio.run(work())


def test_what_waits_is_listed_shown_and_decided(cut_off: Commands) -> None:
    assert cut_off("replies").out == "none waits\n"
    answers(cut_off, hm={"text": "Hm.", "subject": "Re: Hello"}, yes={"class": "POSITIVE"})
    (waiting,) = cut_off("replies", "--json").document["replies"]
    name = reply_id("hm")
    assert (waiting["id"], waiting["state"], waiting["sure"]) == (name, "WAITING", False)
    assert len(cut_off("replies", "--all", "--json").document["replies"]) == 2
    shown = cut_off("replies", name)
    assert "Subject: Re: Hello\n\nHm.\n" in shown.out
    decided = cut_off("replies", name, "--class", "negative", "--by", "kim", "--json")
    told = {"reply": name, "class": "NEGATIVE", "verdict": "stop", "told": False}
    assert decided.document == told
    assert cut_off("replies").out == "none waits\n"
    readings = cut_off("replies", name, "--json").document["readings"]
    assert [one["reply_class"] for one in readings] == ["NEUTRAL", "NEGATIVE"]
    assert [one["given_by"] for one in readings] == ["rules", "kim"]
    assert suppressed(cut_off) == "declined"


def test_what_cannot_be_decided_is_refused_and_says_why(cut_off: Commands) -> None:
    answers(cut_off, hm={"text": "Hm."})
    name = reply_id("hm")
    for given, status, why in (
        (("nothing", "--class", "OOO"), 1, "there is no such reply"),
        ((name, "--class", "hot"), 2, "is none of POSITIVE"),
        ((name, "--class", "NEGATIVE", "--go-on"), 2, "outreach does not go on"),
        (("--class", "OOO"), 2, "say which"),
    ):
        refused = cut_off("replies", *given)
        assert (refused.status, refused.out) == (status, "")
        assert why in refused.err
    assert len(cut_off("replies", "--json").document["replies"]) == 1


def test_what_waits_for_its_time_is_shown_and_released(cut_off: Commands) -> None:
    assert cut_off("write-back").out == "none waits for its time\n"
    assert cut_off("write-back", "--release").status == 2
    released = cut_off("write-back", "--release", "--center", "default", "--json")
    assert released.document == {"released": 0, "center": "default"}
