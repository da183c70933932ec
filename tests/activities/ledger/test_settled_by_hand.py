"""What a person or the repair loop makes of a message of which nobody knew whether it was sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from temporalio.exceptions import ApplicationError

from activities.ledger import Ledger
from activities.ledger.effects import find_effect
from activities.ledger.left_behind import RETRIED_FOR, settle_left_behind
from activities.ledger.tables import admissions, effects, inbox
from activities.ledger.unknowns import settle_unknown
from activities.vendors.ports import HandOver, Receipt, Unclear
from tests.activities.ledger.messages import KINDS, Sender, mailing, someone_inside
from tests.activities.ledger.scenes import ACCOUNTS, rows

STEP = {"mail": "a/1/send_email", "text message": "t/1/send_sms"}
HOUR = timedelta(hours=1)


async def lost(ledger: Ledger, kind: str) -> tuple[str, Sender]:
    """A message whose answer was lost; its key, and what would send it again."""
    _, enrollment = await someone_inside(ledger)
    sender = KINDS[kind](ledger)

    async def break_off(_message: Any, hand_over: HandOver) -> Receipt:
        await hand_over()
        raise Unclear("test", "disconnected", "its answer was lost")

    for name in ("send", "send_text"):
        if hasattr(sender.vendors, name):
            setattr(sender.vendors, name, break_off)
    if kind == "mail":
        assert (await sender.send(enrollment)).state == "unknown"
    else:
        with pytest.raises(ApplicationError, match="lost"):
            await sender.send(enrollment)
    return f"{enrollment}/1/{STEP[kind]}", sender


async def told(ledger: Ledger) -> tuple[list[str], list[str]]:
    """The facts, and the Tasks that are planned."""
    kinds = [row["kind"] for row in await rows(ledger, inbox)]
    planned = await rows(ledger, effects)
    return kinds, [row["activity"] for row in planned if row["activity"] == "create_task"]


async def settle(ledger: Ledger, key: str, sent: bool) -> bool:
    state: Any = "SENT" if sent else "NOT_SENT"
    return await settle_unknown(ledger, key, state, "says Ada", ACCOUNTS)


@pytest.mark.parametrize("kind", STEP)
async def test_a_message_that_did_arrive_is_a_fact_from_then_on_and_once(
    ledger: Ledger, kind: str
) -> None:
    key, _ = await lost(ledger, kind)
    async with ledger.transaction() as tx:
        await tx.execute(update(effects).where(effects.c.key == key).values(state="UNKNOWN"))
    assert await told(ledger) == ([], [])
    assert [await settle(ledger, key, sent=True) for _ in range(2)] == [True, False]
    facts = {"mail": (["email_sent"], ["create_task"]), "text message": (["sms_sent"], [])}
    assert await told(ledger) == facts[kind]
    async with ledger.reading() as tx:
        row = await find_effect(tx, key)
    (fact,) = await rows(ledger, inbox)
    assert row
    assert (row.state, fact["at"]) == ("SENT", row.intent_at)


async def test_a_message_that_did_not_arrive_is_no_fact(ledger: Ledger) -> None:
    key, _ = await lost(ledger, "mail")
    assert await settle(ledger, key, sent=False)
    assert await told(ledger) == ([], [])


async def test_a_mail_and_its_task_are_the_same_whoever_says_that_it_was_sent(
    ledger: Ledger,
) -> None:
    key, _ = await lost(ledger, "mail")
    await settle(ledger, key, sent=True)
    (by_hand,) = await rows(ledger, inbox)
    async with ledger.transaction() as tx:
        for table in (effects, inbox):
            await tx.execute(table.delete())
    await mailing(ledger).send(key.rpartition("/1/a/")[0])
    (by_itself,) = await rows(ledger, inbox)
    same = ("id", "kind", "center", "source", "lead", "person", "data")
    assert [by_hand[name] for name in same] == [by_itself[name] for name in same]


async def aged(ledger: Ledger, key: str, by: timedelta) -> None:
    async with ledger.transaction() as tx:
        row = await find_effect(tx, key)
        assert row
        assert row.lease_until
        past = {"lease_until": row.lease_until - by}
        await tx.execute(update(effects).where(effects.c.key == key).values(past))


async def test_a_text_message_is_looked_up_however_long_temporal_was_down(ledger: Ledger) -> None:
    key, sender = await lost(ledger, "text message")
    await aged(ledger, key, 5 * HOUR)
    await settle_left_behind(ledger, 10)

    async def find(*_: Any) -> Receipt:
        return Receipt("SM7")

    sender.vendors.find_text = find
    assert (await sender.send(key.rpartition("/1/t/")[0])).state == "sent"
    async with ledger.reading() as tx:
        row = await find_effect(tx, key)
    assert row
    assert (row.state, row.vendor_ref) == ("SENT", "SM7")


@pytest.mark.parametrize("is_closed", [True, False])
async def test_once_no_attempt_follows_any_more_it_is_unknown(
    ledger: Ledger, is_closed: bool
) -> None:
    key, _ = await lost(ledger, "text message")
    await aged(ledger, key, HOUR if is_closed else RETRIED_FOR + HOUR)
    if is_closed:
        async with ledger.transaction() as tx:
            await tx.execute(update(admissions).values(state="CLOSED"))
    await settle_left_behind(ledger, 10)
    async with ledger.reading() as tx:
        row = await find_effect(tx, key)
    assert row
    assert row.state == "UNKNOWN"
