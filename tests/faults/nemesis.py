"""The nemesis: carries a plan of strikes out against the running system, and counts them."""

from __future__ import annotations

import asyncio
import math
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx

from activities.ledger import LedgerUnavailable
from activities.ledger.publishing import set_state
from activities.ledger.release import release_held
from starters.processes.devserver import DATABASE
from tests.faults.backups import back_up, put_back
from tests.faults.campaigns import SWITCHED
from tests.faults.facts import Restored, Shut
from tests.faults.processes import Process, start_until_ready
from tests.faults.releases import ASLEEP, AWAKE, of
from tests.faults.resetting import reset, terminate
from tests.faults.strikes import Strike
from tests.faults.system import System
from tests.faults.tiers import Tier

STARTS_BETWEEN_KILLS = 2.4
"""By its plan three; a machine that has become slower since it was made gets fewer kills."""

SIDE_BY_SIDE = 0.03
"""For what part of a storm a deployment rests between one worker and the next."""


class Nemesis:
    """Strikes one after the other; what takes long (a restart) does not hold up the next.

    ``done`` counts strikes by kind, ``shut`` says when the switched campaign was disabled,
    ``terminated`` which workflows an operator ended, ``restored`` what Temporal has forgotten.
    """

    def __init__(self, system: System, http: httpx.AsyncClient, tier: Tier) -> None:
        self._system = system
        self._http = http
        self._freeze = tier.freeze
        self._side_by_side = tier.lasts * SIDE_BY_SIDE
        self._longest_rest = tier.lasts / 5  # so that a few die in a short storm, too
        self._deploying = asyncio.Lock()
        self._worker_killed_at = -math.inf
        self._busy: set[str] = set()
        self._server_turn = asyncio.Lock()
        self._disabled: asyncio.Future[datetime] = asyncio.get_running_loop().create_future()
        self.done: Counter[str] = Counter()
        self.shut: list[Shut] = []
        self.terminated: list[str] = []
        self.restored: list[Restored] = []
        self._backed_up_at = datetime.now(UTC)
        self.inside: Callable[[], Sequence[str]] = tuple
        self._acts: dict[str, Callable[[Strike], Awaitable[bool]]] = {
            "kill_worker": self._kill_worker,
            "replace_worker": self._replace_worker,
            "freeze_worker": self._freeze_worker,
            "deploy": self._deploy,
            "kill_ingress": self._kill_ingress,
            "kill_server": self._kill_server,
            "shake_ledger": self._shake_ledger,
            "reset": self._reset,
            "terminate": self._terminate,
            "disable": self._disable,
            "enable": self._enable,
            "back_up": self._back_up,
            "restore": self._restore,
            "fault": self._order_fault,
        }

    async def rage(self, strikes: Sequence[Strike]) -> None:
        """Carry the plan out; ends when all of it has, and everything is up again."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for strike in strikes:
                await asyncio.sleep(max(0.0, began + strike.at - time.monotonic()))
                group.create_task(self._strike(strike))
        await self._order_nothing()

    async def _strike(self, strike: Strike) -> None:
        if await self._acts[strike.kind](strike):
            self.done[strike.kind] += 1

    async def _order_fault(self, strike: Strike) -> bool:
        assert strike.fault
        vendor, point, kind, value = strike.fault
        order = {"vendor": vendor, "point": point, "kind": kind, "value": value}
        await self._http.post(f"{self._system.sandbox_url}/_faults", json=order)
        return True

    async def _order_nothing(self) -> None:
        """What was ordered and has not struck by the end of the storm does not strike, or count."""
        address = f"{self._system.sandbox_url}/_faults"
        left = (await self._http.get(address)).json()["pending"]
        self.done["fault"] -= sum(order["times"] for order in left)
        await self._http.delete(address)

    async def _kill_worker(self, strike: Strike) -> bool:
        """Not so soon after the last one that workers would do nothing but start."""
        now, took = time.monotonic(), max(one.start_seconds for one in self._system.workers)
        rest = min(STARTS_BETWEEN_KILLS * took, self._longest_rest)
        if now < self._worker_killed_at + rest:
            return False
        self._worker_killed_at = now
        return await self._again(self._victim(strike, self._system.workers), Process.kill)

    async def _replace_worker(self, strike: Strike) -> bool:
        return await self._again(self._victim(strike, self._system.workers), Process.stop)

    async def _kill_ingress(self, strike: Strike) -> bool:
        return await self._again(self._victim(strike, self._system.ingresses), Process.kill)

    def _victim(self, strike: Strike, processes: Sequence[Process]) -> Process | None:
        free = [process for process in processes if process.name not in self._busy]
        return free[strike.number % len(free)] if free else None

    async def _again(
        self, process: Process | None, finish: Callable[[Process], Awaitable[None]]
    ) -> bool:
        """End a process and start it again; until then nothing else happens to it."""
        if process is None:
            return False
        self._busy.add(process.name)
        await finish(process)
        await start_until_ready(process)
        self._busy.discard(process.name)
        return True

    async def _deploy(self, strike: Strike) -> bool:
        """The next release, worker by worker: first with its patch asleep, beside workers of the
        release before it, which do not know the patch; then awake, beside some that sleep."""
        command = of((ASLEEP, AWAKE)[strike.number])
        async with self._deploying:
            for process in self._system.workers:
                process.becomes(command)  # also if it is just being started again, and dies later
                while process.name in self._busy:
                    await asyncio.sleep(0.1)
                await self._again(process, Process.stop)
                await asyncio.sleep(self._side_by_side)
        return True

    async def _freeze_worker(self, strike: Strike) -> bool:
        process = self._victim(strike, self._system.workers)
        if process is None:
            return False
        self._busy.add(process.name)
        process.send(signal.SIGSTOP)
        await asyncio.sleep(self._freeze)
        process.send(signal.SIGCONT)
        self._busy.discard(process.name)
        return True

    async def _kill_server(self, _strike: Strike) -> bool:
        async with self._server_turn:
            await self._system.server.kill()
            await self._system.server.start()
        return True

    async def _shake_ledger(self, _strike: Strike) -> bool:
        if "ledger" in self._busy:
            return False
        self._busy.add("ledger")
        await self._system.shake_ledger()
        self._busy.discard("ledger")
        return True

    async def _back_up(self, _strike: Strike) -> bool:
        """A copy of Temporal's database, as a nightly backup makes one."""
        self._backed_up_at = datetime.now(UTC)
        await asyncio.to_thread(back_up, self._system.directory / "temporal" / DATABASE)
        return True

    async def _restore(self, _strike: Strike) -> bool:
        """Temporal goes back in time: it has forgotten starts, signals and what was done.

        Workers end before and start after, as the runbook wants it: what they have in memory of
        workflows is ahead of the restored histories.
        """
        database = self._system.directory / "temporal" / DATABASE
        async with self._no_worker(), self._server_turn:
            await self._system.server.kill()
            put_back(database)
            await self._system.server.start()
        self.restored.append(Restored(self._backed_up_at, datetime.now(UTC)))
        return True

    @asynccontextmanager
    async def _no_worker(self) -> AsyncIterator[None]:
        """While the block lasts no worker runs, and nothing else starts one."""
        for process in self._system.workers:
            while process.name in self._busy:
                await asyncio.sleep(0.1)
            self._busy.add(process.name)
            await process.kill()
        yield
        await asyncio.gather(*map(start_until_ready, self._system.workers))
        self._busy -= {process.name for process in self._system.workers}

    async def _reset(self, strike: Strike) -> bool:
        """An operator resets a workflow to its first task."""
        return await reset(self._system, self._somebody(strike))

    async def _terminate(self, strike: Strike) -> bool:
        workflow = self._somebody(strike)
        if workflow is None or not await terminate(self._system, workflow):
            return False
        self.terminated.append(workflow)
        return True

    def _somebody(self, strike: Strike) -> str | None:
        inside = self.inside()
        return inside[strike.number % len(inside)] if inside else None

    async def _disable(self, _strike: Strike) -> bool:
        await self._switch("disabled")
        self._disabled.set_result(datetime.now(UTC))
        return True

    async def _enable(self, _strike: Strike) -> bool:
        since = await self._disabled  # a ledger that was just killed may have delayed it
        shut = Shut(SWITCHED, since, datetime.now(UTC), "disabled")
        await self._switch("enabled")
        self.shut.append(shut)
        await _until_up(lambda: self._release())
        return True

    async def _switch(self, state: str) -> None:
        await _until_up(lambda: set_state(self._system.ledger, SWITCHED, state, "the fault suite"))

    async def _release(self) -> None:
        await release_held(self._system.ledger, SWITCHED, self._system.connections)


async def _until_up(ask: Callable[[], Awaitable[object]]) -> None:
    while True:
        try:
            await ask()
        except LedgerUnavailable:
            await asyncio.sleep(0.3)
        else:
            return
