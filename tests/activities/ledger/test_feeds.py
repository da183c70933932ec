"""Feed freshness: no message leaves while its answer could not be heard, and the held go on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from activities.ledger import Ledger
from activities.ledger.connections import CenterConnections, Connections
from activities.ledger.feed_declarations import Channel, Feed
from activities.ledger.feeds import feed_states, hear_of, without_feeds
from activities.ledger.inbox_tables import inbox
from activities.ledger.release import release_heard
from activities.ledger.tables import holds
from activities.messaging import Messaging
from tests.activities.ledger.scenes import ADA, rows
from tests.activities.ledger.test_mail_gate import Post, enrolled, mail_of

HOUR = timedelta(hours=1)
REPLIES = Feed(max_age=HOUR)


def listening(ledger: Ledger, **feeds: Feed) -> tuple[Messaging, Post, Connections]:
    center = CenterConnections(mailboxes={"default": ADA}, feeds=feeds)
    accounts, post = Connections(centers={"default": center}), Post()
    return Messaging(ledger, accounts, post, "http://127.0.0.1:1"), post, accounts


async def heard(ledger: Ledger, feed: str = "replies", ago: timedelta = timedelta(0)) -> datetime:
    async with ledger.transaction() as tx:
        return await hear_of(ledger, tx, "default", feed, await ledger.now(tx) - ago)


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (None, ("held", "feed 'replies' was never heard of")),
        (timedelta(minutes=61), ("held", "feed 'replies' was last heard of at")),
        (timedelta(minutes=59), ("sent", "")),
        (timedelta(minutes=-5), ("sent", "")),
    ],
)
async def test_a_mail_waits_for_the_feed_that_its_answer_would_come_by(
    ledger: Ledger, ago: timedelta | None, expected: tuple[str, str]
) -> None:
    (there,) = await enrolled(ledger, 1)
    messaging, post, _ = listening(ledger, replies=REPLIES)
    if ago is not None:
        await heard(ledger, ago=ago)
    outcome = await messaging.send_email(mail_of(there))
    assert (outcome.state, outcome.cause[: len(expected[1])]) == expected
    assert outcome.until is None
    assert post.taken == (outcome.state == "sent")


async def test_without_a_feed_nothing_is_checked_and_the_same_mail_leaves(ledger: Ledger) -> None:
    (there,) = await enrolled(ledger, 1)
    messaging, post, accounts = listening(ledger)
    assert (await messaging.send_email(mail_of(there))).state == "sent"
    assert post.taken == 1
    assert [one.state for one in await feed_states(ledger, accounts)] == ["not checked"]


async def test_the_held_go_on_a_few_at_a_time_once_the_feed_is_heard_again(ledger: Ledger) -> None:
    there = await enrolled(ledger, 3)
    messaging, post, accounts = listening(ledger, replies=REPLIES)
    await heard(ledger, ago=2 * HOUR)
    assert {(await messaging.send_email(mail_of(one))).state for one in there} == {"held"}
    assert await release_heard(ledger, accounts, 2) == []  # not yet
    await heard(ledger)
    assert [len(await release_heard(ledger, accounts, 2)) for _ in range(3)] == [2, 1, 0]
    told = [row for row in await rows(ledger, inbox) if row["kind"] == "hold_released"]
    assert sorted(row["enrollment"] for row in told) == sorted(there)
    assert {(await messaging.send_email(mail_of(one))).state for one in there} == {"sent"}
    assert post.taken == 3


async def test_those_held_for_a_feed_that_is_declared_no_more_go_on(ledger: Ledger) -> None:
    (there,) = await enrolled(ledger, 1)
    messaging, _, accounts = listening(ledger, replies=REPLIES, other=REPLIES)
    await messaging.send_email(mail_of(there))
    assert len(await rows(ledger, holds)) == 1
    assert len(await release_heard(ledger, without_feeds(accounts), 9)) == 1
    assert (await messaging.send_email(mail_of(there))).cause.startswith("feed 'replies'")


async def test_what_was_heard_moves_forward_only_and_never_into_the_future(ledger: Ledger) -> None:
    first = await heard(ledger)
    assert await heard(ledger, ago=HOUR) == first
    later = await heard(ledger, ago=-HOUR)
    assert first <= later < first + HOUR


async def test_the_state_of_every_feed_is_told_for_every_center(ledger: Ledger) -> None:
    feeds = {"fresh": REPLIES, "stale": REPLIES, "new": Feed(kind="poll", max_age=HOUR)}
    accounts = Connections(
        centers={"default": CenterConnections(feeds=feeds), "shop": CenterConnections()}
    )
    await heard(ledger, "fresh")
    await heard(ledger, "stale", 2 * HOUR)
    found = await feed_states(ledger, accounts)
    assert [(one.center, one.feed, one.state, bool(one.why)) for one in found] == [
        ("default", "fresh", "fresh", False),
        ("default", "stale", "stale", True),
        ("default", "new", "never heard of", True),
        ("shop", "", "not checked", False),
    ]


MAIL: tuple[Channel, str, str] = ("email", "spring", "ada")


@pytest.mark.parametrize(
    ("limits", "message", "concerned"),
    [
        ({}, MAIL, True),
        ({}, (None, "spring", None), True),
        ({"channels": ["sms"]}, MAIL, False),
        ({"channels": ["sms"]}, (None, "spring", None), True),
        ({"automations": ["autumn"]}, MAIL, False),
        ({"automations": ["spring"]}, MAIL, True),
        ({"mailboxes": ["bob"]}, MAIL, False),
        ({"mailboxes": ["ada"]}, MAIL, True),
        ({"mailboxes": ["ada"]}, ("email", "spring", None), True),
        ({"mailboxes": ["ada"]}, ("sms", "spring", None), False),
    ],
)
def test_a_feed_concerns_the_messages_that_it_says(
    limits: dict[str, Any], message: tuple[Channel | None, str, str | None], concerned: bool
) -> None:
    feed = Feed.model_validate({"max_age": "1 hour", **limits})
    assert feed.concerns(*message) is concerned


def test_a_feed_of_a_misspelt_mailbox_is_refused() -> None:
    feed = {"max_age": "1 hour", "mailboxes": ["adda"]}
    with pytest.raises(ValidationError, match="there is no mailbox 'adda'"):
        CenterConnections.model_validate({"mailboxes": {"ada": ADA}, "feeds": {"replies": feed}})
