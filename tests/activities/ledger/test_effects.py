"""One intent per key: who holds it, what a dead attempt leaves behind, and what a zombie may do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from temporalio.exceptions import ApplicationError

from activities.ledger import Ledger
from activities.ledger.effects import Intent, find_effect, hand_over, keep_answer
from activities.ledger.left_behind import left_behind
from activities.ledger.tables import effects
from activities.once import Deed, do_once
from activities.vendors.capabilities import Capability, Key
from activities.vendors.ports import Never, NotYet, Receipt, Unclear
from tests.activities.ledger.scenes import rows
from workflows.engine.effects import Outcome

KEY = "enrollment:spring:crm-1/1/a/1/send_email"


@dataclass
class Vendor:
    """Counts what was asked of it, and fails as it is told."""

    failures: list[Exception] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)
    hands_over: bool = True

    async def ask(self, row: Any, hand_over: Callable[[], Awaitable[None]]) -> Receipt:
        if self.hands_over:
            await hand_over()
        self.asked.append(dict(row.payload))
        if self.failures:
            raise self.failures.pop(0)
        return Receipt("ref-1")


def deed(vendor: Vendor, payload: str = "text", **more: Any) -> Deed:
    intent = Intent(KEY, "default", "send_email", "smtp", {"text": payload}, "digest", {})

    async def go(_tx: Any) -> None:
        return None

    if more.pop("repeatable", False):
        more["capability"] = Capability("a test", key=Key())
    return Deed(intent=intent, ask=vendor.ask, **({"judge": go} | more))


async def state_of(ledger: Ledger) -> tuple[str, str]:
    async with ledger.reading() as tx:
        row = await find_effect(tx, KEY)
    assert row
    return row.state, row.phase


async def die(
    ledger: Ledger, vendor: Vendor, ago: timedelta = timedelta(seconds=1), **more: Any
) -> None:
    """An attempt ends like a killed process: nothing more is written, and its lease ran out."""
    vendor.failures.append(MemoryError())
    with pytest.raises(MemoryError):
        await do_once(ledger, deed(vendor, **more))
    async with ledger.transaction() as tx:
        past = await ledger.now(tx) - ago
        await tx.execute(update(effects).values(lease_until=past))


async def test_a_finished_effect_answers_what_became_of_it_and_is_not_done_again(
    ledger: Ledger,
) -> None:
    vendor = Vendor()
    for payload in ("text", "another text by now"):
        assert (await do_once(ledger, deed(vendor, payload))).state == "sent"
    assert vendor.asked == [{"text": "text"}]
    assert await state_of(ledger) == ("SENT", "handed_over")


async def test_while_an_attempt_lives_no_other_begins(ledger: Ledger) -> None:
    vendor = Vendor(failures=[MemoryError()])
    with pytest.raises(MemoryError):
        await do_once(ledger, deed(vendor))
    with pytest.raises(ApplicationError) as busy:
        await do_once(ledger, deed(vendor))
    assert busy.value.next_retry_delay
    assert not busy.value.non_retryable
    assert len(vendor.asked) == 1


async def test_what_died_before_the_hand_over_is_tried_again_with_the_stored_payload(
    ledger: Ledger,
) -> None:
    vendor = Vendor(hands_over=False)
    await die(ledger, vendor)
    assert (await do_once(ledger, deed(vendor, "rendered anew"))).state == "sent"
    assert vendor.asked == [{"text": "text"}, {"text": "text"}]


async def test_a_row_tells_when_it_was_first_and_when_it_was_last_claimed(ledger: Ledger) -> None:
    vendor = Vendor(hands_over=False)
    await die(ledger, vendor)
    (first,) = await rows(ledger, effects)
    await do_once(ledger, deed(vendor))
    (last,) = await rows(ledger, effects)
    assert first["claimed_at"] == first["intent_at"] == last["intent_at"]
    assert first["claimed_at"] < last["claimed_at"] <= last["done_at"]


async def test_what_died_after_the_hand_over_is_unknown_and_never_tried_again(
    ledger: Ledger,
) -> None:
    vendor = Vendor()
    await die(ledger, vendor)
    assert [(await do_once(ledger, deed(vendor))).state for _ in range(2)] == ["unknown"] * 2
    assert len(vendor.asked) == 1


async def test_what_can_be_repeated_is_repeated_after_any_death(ledger: Ledger) -> None:
    vendor = Vendor()
    await die(ledger, vendor, repeatable=True)
    assert (await do_once(ledger, deed(vendor, repeatable=True))).state == "sent"


async def test_a_zombie_whose_lease_was_taken_cannot_hand_over(ledger: Ledger) -> None:
    vendor = Vendor(hands_over=False)
    await die(ledger, vendor)
    zombie = (await rows(ledger, effects))[0]["lease_owner"]
    assert not await hand_over(ledger, KEY, zombie)  # its lease is over
    vendor.failures.append(MemoryError())
    with pytest.raises(MemoryError):
        await do_once(ledger, deed(vendor))
    assert not await hand_over(ledger, KEY, zombie)  # and another attempt has it
    living = (await rows(ledger, effects))[0]["lease_owner"]
    assert await hand_over(ledger, KEY, living)


@pytest.mark.parametrize(
    ("failure", "repeatable", "state", "again"),
    [
        (NotYet("smtp", "421", "later"), False, "INTENT", 2),
        (Unclear("smtp", "dot", "lost"), False, "UNKNOWN", 1),
        (Unclear("salesforce", "cut", "lost"), True, "INTENT", 2),
        (Never("smtp", "550", "no"), False, "NOT_SENT", 1),
    ],
)
async def test_a_failure_decides_whether_the_key_may_be_tried_again(
    ledger: Ledger, failure: Exception, repeatable: bool, state: str, again: int
) -> None:
    vendor = Vendor(failures=[failure])
    with suppress(ApplicationError):
        await do_once(ledger, deed(vendor, repeatable=repeatable))
    assert (await state_of(ledger))[0] == state
    await do_once(ledger, deed(vendor, repeatable=repeatable))
    assert len(vendor.asked) == again


@pytest.mark.parametrize(
    ("verdict", "kept"),
    [
        (Outcome(state="held", cause="disabled"), []),
        (Outcome(state="refused", cause="unsubscribed"), []),
    ],
)
async def test_what_the_gate_does_not_let_through_writes_no_intent(
    ledger: Ledger, verdict: Outcome, kept: list[str]
) -> None:
    async def judge(_tx: Any) -> Outcome:
        return verdict

    vendor = Vendor()
    assert await do_once(ledger, deed(vendor, judge=judge)) == verdict
    assert [row["state"] for row in await rows(ledger, effects)] == kept
    assert vendor.asked == []


async def test_an_intent_that_the_gate_refuses_by_now_ends_as_not_sent(ledger: Ledger) -> None:
    async def judge(_tx: Any) -> Outcome:
        return Outcome(state="refused", cause="unsubscribed")

    vendor = Vendor(failures=[NotYet("smtp", "421", "later")])
    with pytest.raises(ApplicationError):
        await do_once(ledger, deed(vendor))
    await do_once(ledger, deed(vendor, judge=judge))
    assert (await state_of(ledger))[0] == "NOT_SENT"


async def test_without_the_claim_the_same_call_would_be_made_twice(ledger: Ledger) -> None:
    """The negative control: the vendor itself knows no keys."""
    vendor = Vendor()
    for number in range(2):
        fresh = deed(vendor)
        await do_once(
            ledger, Deed(Intent(f"{KEY}-{number}", *_rest(fresh)), fresh.judge, fresh.ask)
        )
    assert len(vendor.asked) == 2


def _rest(made: Deed) -> tuple[Any, ...]:
    intent = made.intent
    return (
        intent.center,
        intent.activity,
        intent.connection,
        intent.payload,
        intent.payload_hash,
        intent.about,
    )


@pytest.mark.parametrize(
    ("hands_over", "repeatable", "ago", "left"),
    [
        pytest.param(True, False, timedelta(minutes=2), [KEY], id="handed over"),
        pytest.param(True, False, timedelta(seconds=30), [], id="another attempt may come"),
        pytest.param(True, True, timedelta(days=1), [], id="can be repeated"),
        pytest.param(False, False, timedelta(days=1), [], id="never left"),
    ],
)
async def test_of_an_open_enrollment_only_a_call_that_was_handed_over_counts_as_left_behind(
    ledger: Ledger, hands_over: bool, repeatable: bool, ago: timedelta, left: list[str]
) -> None:
    """Its lead may be held for weeks: until then nobody would say what became of the mail."""
    await die(ledger, Vendor(hands_over=hands_over), ago, repeatable=repeatable)
    async with ledger.reading() as tx:
        assert [row.key for row in await left_behind(ledger, tx, 10)] == left


async def test_what_was_taken_from_an_answer_is_kept_with_what_was_asked(ledger: Ledger) -> None:
    async def keep(tx: Any, row: Any) -> tuple[str, ...]:
        await keep_answer(tx, row, {"tier": "gold", "n": 7.5, "none": None})
        return ()

    await do_once(ledger, deed(Vendor(), afterwards=keep))
    async with ledger.reading() as tx:
        row = await find_effect(tx, KEY)
    assert row
    kept = {"text": "text", "answer": {"tier": "gold", "n": 7.5, "none": None}}
    assert (row.state, row.payload) == ("SENT", kept)
