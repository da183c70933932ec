"""Leading: of all workers one does a thing, and another one takes over soon after it died."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import structlog

from activities.ledger import Ledger, LedgerUnavailable
from activities.ledger.leasing import give_up_lease, take_lease

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=10)
RENEWED_EVERY = timedelta(seconds=2)


class Leading:
    """This process's part in the lease of that name; while ``ours`` is set, it leads.

    A process that was frozen goes on for a moment in the belief that it does: what is done under
    a lease must bear being done twice.
    """

    def __init__(self, ledger: Ledger, name: str) -> None:
        self._ledger = ledger
        self._name = name
        self._owner = uuid4().hex
        self.ours = asyncio.Event()

    async def keep(self) -> None:
        """Take the lease once it is free, and renew it; until cancelled."""
        try:
            while True:
                await self._renew()
                await asyncio.sleep(RENEWED_EVERY.total_seconds())
        finally:
            async with self._ledger.transaction() as tx:
                await give_up_lease(tx, self._name, self._owner)

    async def _renew(self) -> None:
        is_ours = False
        try:
            async with self._ledger.transaction() as tx:
                is_ours = await take_lease(self._ledger, tx, self._name, self._owner, LEASE)
        except LedgerUnavailable as error:
            log.warning("leading.ledger_unavailable", error=str(error))
        if is_ours:
            self.ours.set()
        else:
            self.ours.clear()
