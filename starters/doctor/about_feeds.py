"""The feeds that replies, bounces and opt-outs come by: while one is silent, messages wait."""

from __future__ import annotations

from activities.ledger import Ledger
from activities.ledger.connections import Connections
from activities.ledger.feeds import FeedState, feed_states
from starters.doctor.finding import Finding

MEND = "see docs/runbooks/feed-silent.md: messages that its answers would come to wait until then"


async def look_at_feeds(ledger: Ledger, connections: Connections) -> list[Finding]:
    """One finding for each feed, and for each center that declares none.

    Raises:
        LedgerUnavailable: it stopped answering.
    """
    return [_of(one) for one in await feed_states(ledger, connections)]


def _of(one: FeedState) -> Finding:
    if one.state == "not checked":
        what = f"center {one.center} declares no feeds: whether answers are heard is not checked"
        return Finding("feeds", "ok", what)
    where = f"{one.feed} of center {one.center}"
    if one.state == "fresh":
        return Finding("feeds", "ok", f"{where} was heard of at {one.heard_at:%Y-%m-%d %H:%M:%S}Z")
    return Finding("feeds", "problem", f"{where}: {one.why}", MEND)
