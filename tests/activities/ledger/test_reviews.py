"""Reviews in the ledger: who may decide, once each, and what is kept of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from activities.ledger import Ledger
from activities.ledger.connections import CenterConnections, Connections, ReviewRules
from activities.ledger.deciding import Decided, Decision, Edited, decide
from activities.ledger.entries import find_entry
from activities.ledger.reviews import (
    Review,
    Written,
    ask_for_review,
    find_review,
    log_of,
    waiting_reviews,
)
from activities.ledger.tables import deliveries
from activities.message import MessageParts
from activities.reviewed_mail import BadEdit, edited_mail, reviewed_hash
from tests.activities.ledger.scenes import SEND, a_lead, enter, happens, make, rows

LINK = "https://dripstone.example/u/secret"
MAIL = MessageParts(
    from_address="ada@dripstone.example",
    to_address="lead1@example.com",
    subject="Hello",
    text=f"A text\n{LINK}\n",
    message_id="<one@dripstone.example>",
    date=datetime(2026, 6, 1, tzinfo=UTC),
    unsubscribe_url=LINK,
)
CHECK = {"id": "check", "kind": "approval", "of": "a"}
RULES = ReviewRules(approvers=("ada", "legal"), roles={"legal": ("ben", "a test")})


def rules(**more: Any) -> Connections:
    review = RULES.model_copy(update=more)
    return Connections(centers={"default": CenterConnections(review=review)})


async def asked(ledger: Ledger, parts: MessageParts = MAIL, visit: int = 1) -> Review:
    """A mail of the one lead's enrollment, up for review."""
    await make(ledger, steps=[CHECK, SEND])
    enrollment = await enter(ledger, a_lead(ledger))
    async with ledger.transaction() as tx:
        entry = await find_entry(tx, enrollment, 1)
        assert entry is not None
        mail = parts.model_dump(mode="json")
        written = Written(entry, "a", mail, reviewed_hash(mail))
        return await ask_for_review(ledger, tx, written, ("check", visit))


async def now_known(ledger: Ledger, review: Review) -> tuple[Review, list[str]]:
    async with ledger.reading() as tx:
        found = await find_review(tx, review.id)
        log = await log_of(tx, review.id)
    assert found is not None
    return found, [f"{line['act']} by {line['done_by']}" for line in log]


async def deciding(ledger: Ledger, review: Review, by: str = "ada", **more: Any) -> Decided:
    accounts = more.pop("accounts", rules())
    decision = Decision(review.id, more.pop("approve", True), by, **more)
    return await decide(ledger, decision, accounts)


@pytest.mark.parametrize(("approve", "verdict"), [(True, "approved"), (False, "rejected")])
async def test_a_decision_is_kept_and_told_once(
    ledger: Ledger, approve: bool, verdict: str
) -> None:
    review = await asked(ledger)
    first = await deciding(ledger, review, approve=approve)
    again = await deciding(ledger, review, by="ben", approve=approve)
    other = await deciding(ledger, review, by="ben", approve=not approve)
    assert (first.is_new, again.is_new, first.event) == (True, False, again.event)
    assert other.refused == f"{review.id} is {verdict} already by ada"
    (told,) = await rows(ledger, deliveries)
    assert told["body"]["data"] == {"step": "check", "visit": 1, "verdict": verdict}
    assert set(told["body"]) == {"id", "at", "kind", "recorded", "data"}
    found, log = await now_known(ledger, review)
    assert (found.state, found.decided_by) == (verdict.upper(), "ada")
    assert log == ["asked by dripstone", f"{verdict} by ada"]


@pytest.mark.parametrize(
    ("by", "accounts", "said"),
    [
        ("eve", rules(), "'eve' may not decide"),
        ("legal", rules(), "'legal' may not decide"),
        ("ada", Connections(), "'ada' may not decide"),
        ("a test", rules(author_may_approve=False), "somebody else must approve it"),
    ],
)
async def test_who_may_not_decide_is_refused_and_written_down(
    ledger: Ledger, by: str, accounts: Connections, said: str
) -> None:
    review = await asked(ledger)
    assert said in (await deciding(ledger, review, by=by, accounts=accounts)).refused
    found, log = await now_known(ledger, review)
    assert (found.state, log[-1]) == ("WAITING", f"refused by {by}")
    assert await rows(ledger, deliveries) == []


@pytest.mark.parametrize(("by", "author_may_approve"), [(" Ben ", False), ("a test", True)])
async def test_who_is_named_or_has_the_role_may_decide(
    ledger: Ledger, by: str, author_may_approve: bool
) -> None:
    review = await asked(ledger)
    accounts = rules(author_may_approve=author_may_approve)
    assert not (await deciding(ledger, review, by=by, accounts=accounts)).refused


async def test_who_edits_a_mail_becomes_its_author(ledger: Ledger) -> None:
    review = await asked(ledger)
    accounts = rules(author_may_approve=False)
    mail = edited_mail(review, {"text": f"Better\n{LINK}\n"})
    edit = Edited(mail, reviewed_hash(mail))
    first = await deciding(ledger, review, edit=edit, accounts=accounts)
    assert (first.needs_another, first.event) == (True, "")
    assert "somebody else" in (await deciding(ledger, review, accounts=accounts)).refused
    assert not (await deciding(ledger, review, by="ben", accounts=accounts)).refused
    found, log = await now_known(ledger, review)
    assert (found.edited_by, found.mail["text"]) == ("ada", f"Better\n{LINK}\n")
    assert found.mail_hash == edit.hash != found.rendered_hash == review.rendered_hash
    assert log[1:] == ["edited by ada", "refused by ada", "approved by ben"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"text": "No way out"}, "unsubscribe link"),
        ({"html": "<p>No way out</p>"}, "the html lacks"),
        ({"subject": "Two\nlines"}, "subject"),
    ],
)
async def test_an_edit_that_may_not_leave_is_refused(
    ledger: Ledger, words: dict[str, str], said: str
) -> None:
    with pytest.raises(BadEdit, match=said):
        edited_mail(await asked(ledger), words)


async def test_asked_again_it_is_the_same_review_and_a_new_visit_replaces_it(
    ledger: Ledger,
) -> None:
    first = await asked(ledger)
    async with ledger.transaction() as tx:
        entry = await find_entry(tx, first.enrollment, 1)
        assert entry is not None
        written = Written(entry, "a", MAIL.model_dump(mode="json"), first.rendered_hash)
        for asked_by in (("check", 1), (None, 0)):
            assert await ask_for_review(ledger, tx, written, asked_by) == first
        second = await ask_for_review(ledger, tx, written, ("check", 2))
        changed = await ask_for_review(ledger, tx, replace(written, hash="other"), (None, 0))
    assert len({first.id, second.id, changed.id}) == 3
    async with ledger.reading() as tx:
        assert await waiting_reviews(tx, "default", 10) == [changed]
        assert await waiting_reviews(tx, "elsewhere", 10) == []
    assert "is replaced already" in (await deciding(ledger, first)).refused


async def test_what_belongs_to_a_lead_that_leaves_waits_for_nobody(ledger: Ledger) -> None:
    review = await asked(ledger)
    await happens(ledger, a_lead(ledger), "unsubscribe")
    async with ledger.reading() as tx:
        assert await waiting_reviews(tx, None, 10) == []
    assert "the lead has left (unsubscribed)" in (await deciding(ledger, review)).refused


def test_a_mail_to_somebody_else_or_in_other_words_has_another_hash() -> None:
    parts = MAIL.model_dump(mode="json")
    other_link = parts | {"unsubscribe_url": f"{LINK}2", "text": f"A text\n{LINK}2\n"}
    assert reviewed_hash(other_link | {"message_id": "<two@d.example>"}) == reviewed_hash(parts)
    for change in (
        {"to_address": "bob@example.com"},
        {"from_address": "eve@dripstone.example"},
        {"from_name": "Eve"},
        {"subject": "Hello!"},
        {"text": f"A  text\n{LINK}\n"},
        {"html": "<p>A text</p>"},
    ):
        assert reviewed_hash(parts | change) != reviewed_hash(parts), change
