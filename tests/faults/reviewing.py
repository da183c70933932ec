"""A reviewer in the storm: approves and rejects mails as they come, until all is quiet."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from activities.ledger import LedgerUnavailable
from activities.ledger.deciding import Decision, decide
from activities.ledger.reviews import Review, waiting_reviews
from tests.faults.facts import Decided
from tests.faults.system import APPROVER, System

LOOK_EVERY = 0.4


@dataclass
class Reviewer:
    """Rejects every third mail. What was answered stands in ``decided``."""

    system: System
    decided: list[Decided] = field(default_factory=list)

    async def work(self) -> None:
        """Decide whatever waits, until cancelled; what the ledger did not answer, again."""
        while True:
            waiting: list[Review] = []
            with suppress(LedgerUnavailable):
                async with self.system.ledger.reading() as tx:
                    waiting = await waiting_reviews(tx, "default", 100)
            for review in waiting:
                await self._decide(review)
            await asyncio.sleep(LOOK_EVERY)

    async def _decide(self, review: Review) -> None:
        """Asked until it is answered: an answer that is lost is given again."""
        approve = int(review.id.removeprefix("r"), 16) % 3 > 0
        decision = Decision(review.id, approve, APPROVER)
        began, answer = datetime.now(UTC), None
        while answer is None:
            try:
                answer = await decide(self.system.ledger, decision, self.system.connections)
            except LedgerUnavailable:
                await asyncio.sleep(LOOK_EVERY)
        if not answer.refused:
            about = (review.enrollment, review.entry, review.step)
            self.decided.append(Decided(*about, approve, began))
