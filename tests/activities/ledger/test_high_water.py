"""A ledger behind the world: found once, holding everything, settled by an operator's word."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from activities.ledger import Ledger, LedgerUnavailable
from activities.ledger.gate import Facts, judge_mail, judge_step, judge_text
from activities.ledger.high_water import (
    BEHIND,
    fall_behind,
    find_behind,
    identity_of,
    mark_of,
    raise_mark,
    settle_behind,
)
from activities.ledger.lifecycle import log_of
from activities.ledger.rebuilding import Did, Run, rebuild_effect, rebuild_entry
from activities.ledger.release import release_reconciled
from activities.ledger.tables import facts_about_ledger
from tests.activities.ledger.scenes import ACCOUNTS, a_lead, ask, enter, entry_of, make
from tests.activities.ledger.test_feeds import listening
from tests.activities.ledger.test_mail_gate import enrolled, mail_of
from workflows.contracts import Start
from workflows.engine.exits import ExitReason

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
async def unmarked(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        row = facts_about_ledger.c.name
        await tx.execute(facts_about_ledger.delete().where(row.in_(("mark", "behind"))))


async def behind(ledger: Ledger) -> bool:
    async with ledger.reading() as tx:
        return await find_behind(tx) is not None


async def test_a_ledger_is_behind_once_the_world_has_seen_a_higher_mark(ledger: Ledger) -> None:
    assert [(await raise_mark(ledger)).number for _ in range(3)] == [1, 2, 3]
    assert await identity_of(ledger) == await identity_of(ledger)
    for world, is_news, state in ((0, False, False), (3, False, False), (4, True, True)):
        assert (await fall_behind(ledger, world), await behind(ledger)) == (is_news, state)
    assert not await fall_behind(ledger, 5)  # known already: the first finding stays
    assert await settle_behind(ledger, "ada", "all was sent again")
    assert not await behind(ledger)
    assert not await settle_behind(ledger, "ada", "again")
    async with ledger.reading() as tx:
        assert (await mark_of(ledger, tx)).number == 5  # else it would be found again
        log = await log_of(tx, "default", "none")
    assert [(line["act"], line["done_by"]) for line in log[-2:]] == [
        ("found_behind", "dripstone"),
        ("reconciled", "ada"),
    ]


async def test_while_it_is_behind_mails_are_held_and_nobody_is_enrolled(ledger: Ledger) -> None:
    (there,) = await enrolled(ledger, 1)
    messaging, post, _ = listening(ledger)
    await fall_behind(ledger, 1)
    held = await messaging.send_email(mail_of(there))
    assert (held.state, held.cause, held.until) == ("held", BEHIND, None)
    with pytest.raises(LedgerUnavailable, match="reconcile"):
        await ask(ledger, a_lead(ledger, 9))
    assert await release_reconciled(ledger, ACCOUNTS, 9) == []
    await settle_behind(ledger, "ada", "done")
    assert len(await release_reconciled(ledger, ACCOUNTS, 9)) == 1
    assert (await messaging.send_email(mail_of(there))).state == "sent"
    assert post.taken == 1


@pytest.mark.parametrize("judge", [judge_step, judge_mail, judge_text])
@pytest.mark.parametrize(
    "facts",
    [
        Facts(now=AT, admission=None, is_behind=True),
        Facts(now=AT, admission="RUNNING", no_consent="was withdrawn", is_behind=True),
        Facts(now=AT, admission="RUNNING", sends=9, max_sends=9, is_behind=True),
        Facts(now=AT, admission="RUNNING", suppressed="unsubscribed", is_behind=True),
    ],
)
def test_nothing_is_refused_for_what_an_old_ledger_says(judge: object, facts: Facts) -> None:
    assert callable(judge)
    verdict = judge(facts)
    assert (verdict.state, verdict.cause) == ("held", BEHIND)


async def test_entries_and_effects_are_written_again_once(ledger: Ledger) -> None:
    await make(ledger)
    known, stranger = a_lead(ledger, 1, first_name="A"), a_lead(ledger, 2)
    await enter(ledger, known)
    ended = Start(automation="spring", lead=known.lead, entry=1, version=1)
    run = Run(ended, "run-1", AT, AT, ExitReason.REPLY_RECEIVED)
    assert [await rebuild_entry(ledger, run) for _ in range(2)] == ["closed", "there"]
    assert (await entry_of(ledger, known))["exit"] == "reply_received"
    second = Run(ended.model_copy(update={"entry": 2}), "run-2", AT)
    assert [await rebuild_entry(ledger, second) for _ in range(2)] == ["written", "there"]
    assert (await entry_of(ledger, known, entry=2))["state"] == "RUNNING"
    third = Run(ended.model_copy(update={"entry": 3}), "run-3", AT)
    assert await rebuild_entry(ledger, third) == "lost"  # the lane has room for one
    of_nobody = Run(ended.model_copy(update={"lead": stranger.lead}), "run-4", AT)
    assert await rebuild_entry(ledger, of_nobody) == "lost"
    mail = mail_of(f"enrollment:spring:{known.lead}")
    did = Did(mail, AT, "SENT", {"token": "t" * 40})
    assert [await rebuild_effect(ledger, did) for _ in range(2)] == [True, False]
    messaging, post, _ = listening(ledger)
    assert (await messaging.send_email(mail)).state == "sent"
    assert post.taken == 0
