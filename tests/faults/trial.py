"""The system while negative controls are tried on it: leads, events, a worker without a guard."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import httpx

from activities.ledger.reviews import Review, waiting_reviews
from starters.demo.stage import WORKER
from starters.sandbox.log import Log
from tests.faults.campaigns import MAIN, shut_at_night
from tests.faults.checker import Violation, check
from tests.faults.collecting import Circumstances, collect
from tests.faults.system import System
from tests.faults.upstream import Act, Part, Upstream

PATIENCE = 75.0
CONNECTED, CUT_OFF = 0, 1


@dataclass
class Trial:
    """The system, and upstream, while controls are tried one after the other."""

    system: System
    http: httpx.AsyncClient
    upstream: Upstream
    numbers: count[int]

    async def enters(self, automation: str = MAIN) -> Part:
        """A new lead, enrolled."""
        part = Part(next(self.numbers), automation, 0.0, CONNECTED, ())
        await self.upstream.seed([part])
        await self.upstream.enter(part)
        return part

    async def tells(self, part: Part, kind: str, *doors: int) -> None:
        """An event of a lead, once by each of the doors."""
        await self.upstream.tell(part, 0, Act(0.0, kind, len(doors), doors))

    async def works_without(self, guard: str) -> None:
        """From now on the only worker is one without ``guard``; "" is the real one."""
        for worker in self.system.workers:
            await worker.kill()
        command = without(guard) if guard else WORKER
        self.system.workers = [self.system.process(f"worker-{guard or 'real'}", command)]
        await self.system.workers[0].start()

    async def waiting(self) -> list[Review]:
        """Mails that wait for an approval."""
        async with self.system.ledger.reading() as tx:
            return await waiting_reviews(tx, "default", 10)

    async def mails(self, part: Part, number: int = 1) -> None:
        """Wait until a lead has got so many mails."""
        address = f".{part.number}@"
        async with asyncio.timeout(PATIENCE):
            while sum(address in to for to in self._arrived()) < number:
                await asyncio.sleep(0.1)

    def _arrived(self) -> list[str]:
        log = Log(self.system.journal)
        try:
            accepted = (one for one in log.entries() if one["action"] == "accepted")
            return [one["details"]["rcpt_to"][0] for one in accepted]
        finally:
            log.close()

    async def found(self, invariant: str, leads: Sequence[str]) -> list[Violation]:
        """What the checker reports of these leads against an invariant; waits for it."""
        until, shown = time.monotonic() + PATIENCE, list[Violation]()
        while not shown and time.monotonic() < until:
            await asyncio.sleep(1)
            beside = Circumstances(shut=(shut_at_night(),))
            facts = await collect(self.system, self.upstream, beside)
            against = [one for one in check(facts) if one.invariant == invariant]
            shown = [one for one in against if any(lead in one.what for lead in leads)]
        return shown


def without(guard: str) -> tuple[str, ...]:
    """The command of a worker, or of an ingress, without ``guard``."""
    return (sys.executable, "-m", "tests.faults.unguarded", guard)
