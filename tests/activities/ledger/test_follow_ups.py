"""Positive replies are followed up: told, reminded, escalated, given on; until acknowledged."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from activities.dispatch import take_in
from activities.following_up import FollowingUp
from activities.ledger import Ledger
from activities.ledger.alerts import acknowledge, alert_id, list_alerts
from activities.ledger.connections import CenterConnections, Connections, Member, Pool
from activities.ledger.follow_up_rules import FollowUpRules
from activities.ledger.follow_ups import acknowledge_by_alerts
from activities.ledger.inbox import Incoming
from activities.ledger.leads import Lead
from activities.ledger.reply_tables import follow_ups
from activities.ledger.salesforce_writes import SalesforceWrites
from activities.ledger.tables import effects
from activities.ledger.windows import after_hours_of_work
from activities.notifications import Outlets
from activities.vendors.ports import HandOver, Never, Receipt
from tests.activities.ledger.scenes import ADA, a_lead, enter, make, rows
from workflows.engine.campaign import SendWindow
from workflows.engine.events import Event
from workflows.engine.replies import RECLASSIFIED

OWNER = "ada@dripstone.example"
POOL = Pool(members=tuple(Member(user=f"{name}@dripstone.example") for name in ("kim", "lee")))


def accounts(**rules: Any) -> Connections:
    center = CenterConnections(
        zone="Europe/Berlin",
        mailboxes={"default": ADA},
        salesforce=SalesforceWrites(user_zones={OWNER: "America/New_York"}),
        pools={"sales": POOL},
        follow_up=FollowUpRules(**rules),
    )
    return Connections(centers={"default": center})


async def says(
    ledger: Ledger, lead: Lead, connections: Connections, at: datetime, **data: Any
) -> str:
    """A reply, or with ``reply`` a later reading of one; the id of its event."""
    kind = RECLASSIFIED if "reply" in data else "reply"
    event = Event(id=f"{kind}/{lead.lead}", kind=kind, at=at, data=data)
    await take_in(ledger, Incoming(event, "default", "test", lead.lead), connections)
    return event.id


async def alerts_of(ledger: Ledger) -> list[str]:
    async with ledger.reading() as tx:
        found = await list_alerts(tx, None, acknowledged_too=False, limit=99)
    return [one.text for one in sorted(found, key=lambda one: one.at)]


MONDAY = datetime.fromisoformat("2026-06-01T12:00:00Z")


@pytest.mark.parametrize(
    ("zone", "replied", "hours", "due"),
    [
        ("UTC", "2026-06-01T12:00:00Z", 1, "2026-06-01T13:00:00Z"),
        ("UTC", "2026-06-01T16:30:00Z", 1, "2026-06-02T09:30:00Z"),  # half an hour is left
        ("UTC", "2026-06-05T20:00:00Z", 1, "2026-06-08T10:00:00Z"),  # Friday evening
        ("UTC", "2026-06-06T12:00:00Z", 9, "2026-06-09T10:00:00Z"),  # longer than a day of work
        ("America/New_York", "2026-06-01T12:00:00Z", 1, "2026-06-01T14:00:00Z"),
        ("Asia/Tokyo", "2026-06-01T12:00:00Z", 1, "2026-06-02T01:00:00Z"),
        ("Europe/Berlin", "2026-03-28T12:00:00Z", 1, "2026-03-30T08:00:00Z"),  # clocks change
    ],
)
def test_an_answer_is_due_in_the_hours_of_the_owner(
    zone: str, replied: str, hours: int, due: str
) -> None:
    found = after_hours_of_work(
        SendWindow(), zone, datetime.fromisoformat(replied), timedelta(hours=hours)
    )
    assert found == datetime.fromisoformat(due)


async def test_nobody_answers_so_it_is_told_reminded_escalated_and_given_on(
    ledger: Ledger,
) -> None:
    connections = accounts(reassign_to="sales")
    await make(ledger)
    lead = a_lead(ledger, owner=OWNER)
    await enter(ledger, lead)
    await says(ledger, lead, connections, MONDAY, text="Sounds good, call me.")
    (asked,) = await rows(ledger, follow_ups)
    # 12:00 UTC is before the owner's day begins in New York.
    assert (asked["owner"], asked["due_at"].isoformat()) == (OWNER, "2026-06-01T14:00:00+00:00")
    following = FollowingUp(ledger, connections, None)
    stages = []
    for _ in range(5):
        await following.follow_up_due()
        (row,) = await rows(ledger, follow_ups)
        stages.append((row["stage"], row["next_at"] and row["next_at"].strftime("%d %H:%M")))
    assert stages == [
        ("remind", "01 14:00"),
        ("escalate", "01 15:00"),
        ("reassign", "01 17:00"),
        ("reassign", None),
        ("reassign", None),
    ]
    told = await alerts_of(ledger)
    assert len(told) == 4
    assert all(lead.lead in text and "call me" not in text for text in told)
    (given,) = [row for row in await rows(ledger, effects) if row["activity"] == "reassign_lead"]
    assert given["payload"]["owners"] == ["kim@dripstone.example"]


async def test_whoever_acknowledges_one_of_the_alerts_ends_it(ledger: Ledger) -> None:
    connections = accounts()
    await make(ledger)
    lead = a_lead(ledger)
    await enter(ledger, lead)
    reply = await says(ledger, lead, connections, MONDAY, text="Sounds good.")
    following = FollowingUp(ledger, connections, None)
    for _ in range(2):
        await following.follow_up_due()
    assert len(await alerts_of(ledger)) == 2
    second = alert_id(f"{reply}/follow_up/remind")
    async with ledger.transaction() as tx:
        await acknowledge(ledger, tx, [second], "kim")
        await acknowledge_by_alerts(ledger, tx, [second], "kim")
    await following.follow_up_due()
    assert await alerts_of(ledger) == []
    (row,) = await rows(ledger, follow_ups)
    assert (row["acknowledged_by"], row["next_at"]) == ("kim", None)


async def test_before_it_is_due_nobody_is_reminded(ledger: Ledger) -> None:
    connections = accounts(hours=SendWindow(always=True))
    await make(ledger)
    lead = a_lead(ledger)
    await enter(ledger, lead)
    async with ledger.reading() as tx:
        now = await ledger.now(tx)
    await says(ledger, lead, connections, now, text="Sounds good.")
    for _ in range(3):
        await FollowingUp(ledger, connections, None).follow_up_due()
    (row,) = await rows(ledger, follow_ups)
    assert (row["stage"], row["next_at"]) == ("remind", now + timedelta(hours=1))
    assert len(await alerts_of(ledger)) == 1


@pytest.mark.parametrize(
    ("first", "then", "follow_ups_open"),
    [("NEUTRAL", "POSITIVE", 1), ("POSITIVE", "NEGATIVE", 0), ("NEGATIVE", "", 0), ("OOO", "", 0)],
)
async def test_a_follow_up_begins_and_ends_with_the_class(
    ledger: Ledger, first: str, then: str, follow_ups_open: int
) -> None:
    connections = accounts()
    await make(ledger)
    lead = a_lead(ledger)
    await enter(ledger, lead)
    reply = await says(ledger, lead, connections, MONDAY, **{"class": first})
    if then:
        await says(ledger, lead, connections, MONDAY, reply=reply, **{"class": then})
    waiting = [row for row in await rows(ledger, follow_ups) if not row["acknowledged_at"]]
    assert len(waiting) == len(await alerts_of(ledger)) == follow_ups_open


class Chatting:
    """A chat that takes the first message and refuses the others."""

    def __init__(self) -> None:
        self.said: list[str] = []

    async def post(self, channel: str, text: str) -> Receipt:
        if self.said:
            raise Never("slack", "is_archived", "the channel is archived")
        self.said.append(f"{channel}: {text}")
        return Receipt("1")


class Mailing:
    """A mail server that is not asked."""

    async def send(self, message: object, hand_over: HandOver) -> Receipt:
        raise AssertionError


async def test_the_channel_is_told_once_a_stage_and_a_refusal_holds_nothing_up(
    ledger: Ledger,
) -> None:
    connections = accounts(via="slack", channel="#sales")
    await make(ledger)
    lead = a_lead(ledger)
    await enter(ledger, lead)
    await says(ledger, lead, connections, MONDAY, text="Sounds good.")
    chat = Chatting()
    following = FollowingUp(ledger, connections, Outlets(chat, None, Mailing(), None))
    for _ in range(4):
        await following.follow_up_due()
    told = [row for row in await rows(ledger, effects) if row["activity"] == "tell_owner"]
    assert [row["state"] for row in told] == ["SENT", "NOT_SENT", "NOT_SENT"]
    assert chat.said[0].startswith(f"#sales: {lead.lead} has answered with interest")
    assert len(await alerts_of(ledger)) == 3


@pytest.mark.parametrize(
    "rules",
    [
        {"answer_within": timedelta(hours=3)},
        {"via": "slack"},
        {"channel": "#sales"},
        {"reassign_after": timedelta(hours=1)},
    ],
)
def test_rules_that_do_not_fit_together_are_refused(rules: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FollowUpRules(**rules)


def test_a_pool_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValidationError, match="there is no pool 'nobody'"):
        CenterConnections(follow_up=FollowUpRules(reassign_to="nobody"))
