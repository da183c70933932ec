"""What the gate answers instead of go stands in the ledger, with its reason, before any intent."""

from __future__ import annotations

from datetime import timedelta

from activities.ledger import Ledger
from activities.ledger.effects import find_effect
from activities.ledger.gate_answers import answers_to
from activities.ledger.halts import halt
from activities.ledger.report import campaign_report
from activities.ledger.suppressions import suppress_person
from tests.activities.ledger.scenes import a_lead
from tests.activities.ledger.test_mail_gate import enrolled, mail_of, sending


async def test_a_hold_is_written_down_each_time_and_no_intent(ledger: Ledger) -> None:
    first, second = await enrolled(ledger, 2)
    messaging, _ = sending(ledger, min_gap=timedelta(hours=1))
    assert (await messaging.send_email(mail_of(first))).state == "sent"
    held = [await messaging.send_email(mail_of(second)) for _ in range(2)][-1]
    async with ledger.reading() as tx:
        assert await answers_to(tx, first) == []
        assert await find_effect(tx, mail_of(second).key) is None
        (answer,) = await answers_to(tx, second)
    assert (answer["answer"], answer["times"], answer["until"]) == ("held", 2, held.until)
    assert answer["cause"] == held.cause
    assert answer["first_at"] < answer["at"]


async def test_the_last_answer_counts_and_stays_when_the_mail_leaves(ledger: Ledger) -> None:
    (there,) = await enrolled(ledger, 1)
    messaging, _ = sending(ledger)
    await halt(ledger, "default", "spring", ("ada", "a test"))
    await messaging.send_email(mail_of(there))
    async with ledger.reading() as tx:
        (held,) = await answers_to(tx, there)
    assert (held["answer"], held["until"]) == ("held", None)
    assert "a test" in held["cause"]
    async with ledger.transaction() as tx:
        why = ("unsubscribed", "an opt-out", await ledger.now(tx))
        await suppress_person(tx, "default", a_lead(ledger, 0).person, why)
    await messaging.send_email(mail_of(there))
    async with ledger.reading() as tx:
        (refused,) = await answers_to(tx, there)
    assert (refused["answer"], refused["cause"]) == ("refused", "suppressed: unsubscribed")
    assert refused["times"] == 2


async def test_the_report_counts_what_was_answered_by_its_reason(ledger: Ledger) -> None:
    there = await enrolled(ledger, 3)
    messaging, _ = sending(ledger)
    await halt(ledger, "default", "spring", ("ada", "a test"))
    for one in there[:2]:
        await messaging.send_email(mail_of(one))
    async with ledger.reading() as tx:
        report = await campaign_report(ledger, tx, "spring")
    assert report.gate == {"held: the automation is halted by ada: a test": 2}
