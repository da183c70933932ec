"""Replies in the ledger: what each class stops, suppresses and holds, and the second look."""

from __future__ import annotations

from typing import Any

import pytest

from activities.ledger import Ledger
from activities.ledger.halts import why_held_back
from activities.ledger.leads import Lead
from activities.ledger.replies import OPERATOR, list_replies, readings_of
from activities.ledger.tables import deliveries, effects
from tests.activities.ledger.answers import MEMBER, member, of, says, suppressed
from tests.activities.ledger.scenes import a_lead, enter, entry_of, make, rows
from workflows.engine.automation import Automation
from workflows.engine.replies import REPLY_WAITS


async def held(ledger: Ledger, lead: Lead, automation: Automation) -> str:
    async with ledger.reading() as tx:
        return await why_held_back(tx, lead, automation)


@pytest.mark.parametrize(
    ("data", "exits", "reason", "state"),
    [
        ({"class": "POSITIVE"}, "reply_received", None, "SETTLED"),
        ({"class": "NEUTRAL"}, None, None, "WAITING"),
        ({"class": "NEGATIVE"}, "reply_received", "declined", "SETTLED"),
        ({"class": "NEGATIVE", "confidence": 0.3}, "reply_received", None, "WAITING"),
        ({"class": "OOO"}, None, None, "SETTLED"),
        ({"class": "UNSUBSCRIBE"}, "unsubscribed", "unsubscribed", "SETTLED"),
        ({"text": "please remove me"}, "unsubscribed", "unsubscribed", "SETTLED"),
        ({"text": "Hm."}, "reply_received", None, "WAITING"),
        ({}, "reply_received", None, "UNREAD"),
    ],
)
async def test_what_a_class_stops_suppresses_and_holds(
    ledger: Ledger,
    data: dict[str, Any],
    exits: str | None,
    reason: str | None,
    state: str,
) -> None:
    automation, lead = await make(ledger), member(ledger)
    other = await make(ledger, "service", campaign=None)
    await enter(ledger, lead)
    await says(ledger, lead, "r", **data)
    assert (await entry_of(ledger, lead))["stop_reason"] == exits
    assert await suppressed(ledger, lead) == reason
    async with ledger.reading() as tx:
        (reply,) = await list_replies(tx, None, settled_too=True, limit=9)
    assert reply.state == state
    assert await held(ledger, lead, automation) == (REPLY_WAITS if state == "WAITING" else "")
    assert await held(ledger, lead, other) == ""
    assert await held(ledger, a_lead(ledger, 2), automation) == ""


async def test_a_decision_lets_go_and_is_told_and_every_reading_is_kept(ledger: Ledger) -> None:
    automation, lead = await make(ledger), member(ledger)
    await enter(ledger, lead)
    await says(ledger, lead, "r", **of("NEUTRAL"))
    outside: dict[str, Any] = {"reply": "r", "class": "NEUTRAL", "verdict": "go_on"}
    await says(ledger, lead, "c1", **outside)
    assert await held(ledger, lead, automation) == REPLY_WAITS
    await says(ledger, lead, "c2", source=OPERATOR, **outside, by="kim", reason="they wait")
    assert await held(ledger, lead, automation) == ""
    assert (await entry_of(ledger, lead))["stop_reason"] is None
    async with ledger.reading() as tx:
        readings = await readings_of(tx, "r")
    assert [(one["given_by"], one["verdict"]) for one in readings] == [
        ("upstream", ""),
        ("test", ""),
        ("kim", "go_on"),
    ]
    bodies = [row["body"]["data"] for row in await rows(ledger, deliveries)]
    assert {"class": "NEUTRAL", "verdict": "go_on"} in bodies


async def test_a_second_look_never_takes_a_stop_back(ledger: Ledger) -> None:
    await make(ledger)
    lead = member(ledger)
    await enter(ledger, lead)
    await says(ledger, lead, "r", **of("UNSUBSCRIBE"))
    again: dict[str, Any] = {"reply": "r", "class": "POSITIVE", "verdict": "stop"}
    await says(ledger, lead, "c", source=OPERATOR, **again)
    assert await suppressed(ledger, lead) == "unsubscribed"
    assert (await entry_of(ledger, lead))["stop_reason"] == "unsubscribed"
    payloads = {row["key"]: row["payload"] for row in await rows(ledger, effects)}
    latest = payloads[f"c/{MEMBER}/classify_reply"]
    assert latest["fields"] == {"ReplyClassification__c": "Positive"}


@pytest.mark.parametrize(
    ("first", "source", "verdict", "left"),
    [
        ("NEGATIVE", OPERATOR, "go_on", None),
        ("NEGATIVE", OPERATOR, "stop", "declined"),
        ("NEGATIVE", "test", "go_on", "declined"),
        ("UNSUBSCRIBE", OPERATOR, "go_on", "unsubscribed"),
    ],
)
async def test_only_a_colleague_takes_a_refusal_back_and_nobody_an_opt_out(
    ledger: Ledger, first: str, source: str, verdict: str, left: str | None
) -> None:
    await make(ledger)
    lead = member(ledger)
    await enter(ledger, lead)
    await says(ledger, lead, "r", **of(first))
    await says(ledger, lead, "c", source=source, reply="r", verdict=verdict, **of("NEUTRAL"))
    assert await suppressed(ledger, lead) == left
    assert (await entry_of(ledger, lead))["stop_reason"] is not None


async def test_a_second_look_concerns_what_had_begun_before_the_reply(ledger: Ledger) -> None:
    await make(ledger)
    await make(ledger, "later", campaign={"lane": "later"})
    lead = member(ledger)
    await enter(ledger, lead)
    await says(ledger, lead, "r", **of("NEUTRAL"))
    await enter(ledger, lead, "later")
    await says(ledger, lead, "c1", source=OPERATOR, reply="r", **of("POSITIVE"))
    assert (await entry_of(ledger, lead))["stop_reason"] == "reply_received"
    assert (await entry_of(ledger, lead, "later"))["stop_reason"] is None
    await says(ledger, lead, "c2", source=OPERATOR, reply="r", **of("NEGATIVE"))
    assert (await entry_of(ledger, lead, "later"))["stop_reason"] == "reply_received"
    assert await suppressed(ledger, lead) == "declined"


async def test_the_reply_of_another_lead_is_not_touched(ledger: Ledger) -> None:
    one, other = member(ledger), a_lead(ledger, 2)
    for lead in (one, other):
        await make(ledger, f"for-{lead.lead[-1]}")
        await enter(ledger, lead, f"for-{lead.lead[-1]}")
    await says(ledger, one, "r", **of("NEUTRAL"))
    await says(ledger, other, "c", reply="r", **of("NEGATIVE"))
    async with ledger.reading() as tx:
        (reply,) = await list_replies(tx, None, settled_too=True, limit=9)
    assert (reply.reply_class, await suppressed(ledger, other)) == ("NEUTRAL", None)


async def test_an_opt_out_is_not_hidden_by_an_earlier_refusal(ledger: Ledger) -> None:
    lead = member(ledger)
    await make(ledger)
    await enter(ledger, lead)
    reasons = []
    said: dict[str, dict[str, Any]] = {"a": of("NEGATIVE"), "b": {"text": "unsubscribe me"}}
    for name, data in said.items():
        await says(ledger, lead, name, **data)
        reasons.append(await suppressed(ledger, lead))
    assert reasons == ["declined", "unsubscribed"]
