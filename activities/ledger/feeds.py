"""Feed freshness: nobody is written to whose answer could not be heard.

A feed is fresh while its last sign of life, a heartbeat or a poll that worked, is young enough by
the ledger's clock. A center without feeds is not checked; a feed never heard of is not fresh.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.connections import CenterConnections, Connections
from activities.ledger.feed_declarations import Channel, Feed
from activities.ledger.gate_tables import feed_signs
from activities.ledger.store import Ledger
from activities.ledger.upsert import insert_new
from workflows.engine.durations import write_duration

CAUSE = "feed '"
"""How the cause of every hold for a feed begins."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What the gate knows of a message. Without ``channel`` it may take any."""

    channel: Channel | None
    automation: str
    mailbox: str | None = None


@dataclass(frozen=True, slots=True)
class FeedState:
    """How a feed stands. ``why`` is what messages are held for, empty while it is fresh.

    ``not checked``, with an empty name, stands for a center that declares no feed at all.
    """

    center: str
    feed: str
    state: Literal["fresh", "stale", "never heard of", "not checked"]
    why: str = ""
    kind: str = ""
    max_age: timedelta | None = None
    heard_at: datetime | None = None


async def hear_of(
    ledger: Ledger, tx: AsyncConnection, center: str, feed: str, at: datetime | None = None
) -> datetime:
    """Note a sign of life, of ``at`` or of now; the last one known. The future counts as now."""
    now = await ledger.now(tx)
    heard = min(at or now, now)
    row = {"center": center, "feed": feed, "heard_at": heard, "noted_at": now}
    if not await insert_new(tx, feed_signs, row):
        known = feed_signs.c
        here = (known.center == center) & (known.feed == feed) & (known.heard_at < heard)
        await tx.execute(update(feed_signs).where(here).values(heard_at=heard, noted_at=now))
    return (await _last_heard(tx, center))[feed]


async def why_unheard(
    ledger: Ledger, tx: AsyncConnection, center: str, accounts: CenterConnections, what: Outgoing
) -> str:
    """Why an answer to such a message could not be heard now; empty if it could."""
    concerned = {
        name: feed
        for name, feed in accounts.feeds.items()
        if feed.concerns(what.channel, what.automation, what.mailbox)
    }
    if not concerned:
        return ""
    heard, now = await _last_heard(tx, center), await ledger.now(tx)
    found = (_why(name, feed, heard.get(name), now) for name, feed in concerned.items())
    return next((why for why in found if why), "")


async def feed_states(ledger: Ledger, connections: Connections) -> list[FeedState]:
    """The state of every feed of every center, by the ledger's clock."""
    found: list[FeedState] = []
    async with ledger.reading() as tx:
        now = await ledger.now(tx)
        for center in connections.centers or ("default",):
            feeds = connections.of(center).feeds
            heard = await _last_heard(tx, center)
            found += [_state(center, one, feeds[one], heard.get(one), now) for one in feeds]
            found += [] if feeds else [FeedState(center, "", "not checked")]
    return found


def without_feeds(connections: Connections) -> Connections:
    """The same accounts for a rehearsal, in which every feed is taken to be fresh."""
    centers = {
        name: center.model_copy(update={"feeds": {}})
        for name, center in connections.centers.items()
    }
    return connections.model_copy(update={"centers": centers})


def _state(
    center: str, name: str, feed: Feed, heard_at: datetime | None, now: datetime
) -> FeedState:
    why = _why(name, feed, heard_at, now)
    stale: Literal["stale", "never heard of"] = "stale" if heard_at else "never heard of"
    state = stale if why else "fresh"
    return FeedState(center, name, state, why, feed.kind, feed.max_age, heard_at)


def _why(name: str, feed: Feed, heard_at: datetime | None, now: datetime) -> str:
    """The same words for as long as nothing more is heard: the held are found by them."""
    if heard_at is None:
        return f"{CAUSE}{name}' was never heard of"
    if now - heard_at <= feed.max_age:
        return ""
    at = heard_at.isoformat(timespec="seconds")
    return f"{CAUSE}{name}' was last heard of at {at}, more than {write_duration(feed.max_age)} ago"


async def _last_heard(tx: AsyncConnection, center: str) -> dict[str, datetime]:
    query = select(feed_signs.c.feed, feed_signs.c.heard_at).where(feed_signs.c.center == center)
    return {row.feed: row.heard_at for row in await tx.execute(query)}
