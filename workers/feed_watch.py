"""Watching the feeds, a part of the repair loop: who is silent is logged, and the held go on."""

from __future__ import annotations

import structlog

from activities.ledger import Ledger
from activities.ledger.connections import Connections
from activities.ledger.feeds import feed_states
from activities.ledger.release import release_heard

log = structlog.get_logger(__name__)

LET_GO_AT_ONCE = 100
"""Leads let go on in one pass: an outage of a day must not end in one burst of mails."""


class FeedWatch:
    """Remembers which feeds it has called silent, to say it once."""

    def __init__(self, ledger: Ledger, connections: Connections) -> None:
        self._ledger = ledger
        self._connections = connections
        self._silent: set[tuple[str, str]] = set()

    async def let_go_on(self) -> None:
        """Let go on, so many a pass, who was held for a feed that is fresh again."""
        silent = set()
        for one in await feed_states(self._ledger, self._connections):
            place = (one.center, one.feed)
            silent |= {place} if one.why else set()
            if one.why and place not in self._silent:
                log.warning("feed.silent", center=one.center, feed=one.feed, why=one.why)
            elif place in self._silent and not one.why:
                log.info("feed.heard_again", center=one.center, feed=one.feed)
        self._silent = silent
        await release_heard(self._ledger, self._connections, LET_GO_AT_ONCE)
