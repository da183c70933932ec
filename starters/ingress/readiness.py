"""Whether something that comes in now could be kept: the ledger takes a write, within seconds."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from activities.ledger import Ledger, LedgerUnavailable
from activities.ledger.self_checks import write_nothing

PATIENCE = timedelta(seconds=5)


class Readiness:
    """One look at a time: a ledger that hangs must not be asked by ever more who wait."""

    def __init__(self) -> None:
        self._look: asyncio.Task[None] | None = None

    async def check(self, ledger: Ledger) -> None:
        """Return if the ledger can be written.

        Raises:
            LedgerUnavailable: it cannot, or has not answered in time.
        """
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(write_nothing(ledger))
        # Not cut off: a call into a database that hangs ends no sooner for being cancelled.
        done, _ = await asyncio.wait({self._look}, timeout=PATIENCE.total_seconds())
        if not done:
            raise LedgerUnavailable("the ledger takes no write: is it locked, or out of reach?")
        self._look.result()
