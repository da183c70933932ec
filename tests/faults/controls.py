"""Negative controls: with a guard taken out, a short scene must make the checker report the harm.

Each scene runs on the same system, with leads of its own; only its worker (or ingress) lacks the
guard. A control fails if the checker finds nothing.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import httpx

from starters.demo.stage import WORKER
from starters.sandbox.log import Log
from tests.faults.campaigns import MAIN, publish_all
from tests.faults.checker import Violation, check
from tests.faults.collecting import Circumstances, collect
from tests.faults.releases import AWAKE, of
from tests.faults.resetting import reset
from tests.faults.system import System, running_system
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

    async def enters(self) -> Part:
        """A new lead, enrolled."""
        part = Part(next(self.numbers), MAIN, 0.0, CONNECTED, ())
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
            facts = await collect(self.system, self.upstream, Circumstances())
            against = [one for one in check(facts) if one.invariant == invariant]
            shown = [one for one in against if any(lead in one.what for lead in leads)]
        return shown


def without(guard: str) -> tuple[str, ...]:
    """The command of a worker, or of an ingress, without ``guard``."""
    return (sys.executable, "-m", "tests.faults.unguarded", guard)


async def no_gate(trial: Trial) -> list[Part]:
    """Leads opt out between two mails, by a door from which Temporal hears only later."""
    await trial.works_without("gate")

    async def opts_out() -> Part:
        part = await trial.enters()
        await trial.mails(part)
        await trial.tells(part, "unsubscribe", CUT_OFF)
        return part

    return [*await asyncio.gather(*(opts_out() for _ in range(4)))]


async def no_claim(trial: Trial) -> list[Part]:
    """An operator resets workflows that have sent their first mail."""
    await trial.works_without("claim")
    parts = [await trial.enters() for _ in range(2)]
    for part in parts:
        await trial.mails(part)
        lead = trial.upstream.leads[part.number]
        await reset(trial.system, f"enrollment:{MAIN}:{lead}")
    return parts


async def no_hand_over(trial: Trial) -> list[Part]:
    """A worker dies while the mail server, which has taken the mail, is slow to say so."""
    await trial.works_without("hand_over")
    # More than one: leads of the scenes before may have mails on their way.
    order = {"vendor": "smtp", "point": "after_dot", "kind": "slow", "value": 6, "times": 4}
    await trial.http.post(f"{trial.system.sandbox_url}/_faults", json=order)
    part = await trial.enters()
    await trial.mails(part)
    await trial.works_without("hand_over")
    return [part]


async def no_dedupe(trial: Trial) -> list[Part]:
    """A calendar reports one meeting five times."""
    await trial.works_without("")
    part = await trial.enters()
    await trial.system.ingress("unguarded", without("dedupe")).start()
    door = len(trial.system.doors) - 1
    await trial.tells(part, "meeting_booked", *([door] * 5))
    return [part]


async def no_order(trial: Trial) -> list[Part]:
    """A release gives two commands in the other order while leads are inside."""
    await trial.works_without("")
    parts = [await trial.enters() for _ in range(3)]
    for part in parts:
        await trial.mails(part, 2)  # so there is a wait in its history
    await trial.works_without("order")
    return parts


async def no_sleep(trial: Trial) -> list[Part]:
    """Of two workers one is of the next release, and its patch is awake at once. It ends."""
    await trial.works_without("")
    newer = trial.system.process("worker-newer", of(AWAKE))
    trial.system.workers.append(newer)
    await newer.start()
    parts = [await trial.enters() for _ in range(8)]
    for part in parts:
        await trial.mails(part, 2)  # so there is a wait in its history
    await newer.kill()
    return parts


@dataclass(frozen=True, slots=True)
class Control:
    """A guard, the scene that needs it, and the invariant that must be reported without it."""

    guard: str
    invariant: str
    scene: Callable[[Trial], Awaitable[list[Part]]]


CONTROLS = (
    Control("gate", "I4", no_gate),
    Control("claim", "I2", no_claim),
    Control("dedupe", "I5", no_dedupe),
    Control("hand_over", "I2", no_hand_over),
    Control("order", "I10", no_order),
    Control("asleep", "I10", no_sleep),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the checker reported of a scene without its guard: nothing means that it looks away."""

    control: Control
    violations: tuple[Violation, ...]


async def try_controls(
    controls: Sequence[Control], directory: Path, ledger: str = "sqlite"
) -> list[Shown]:
    """Try controls one after the other on one system."""
    shown = []
    async with (
        running_system(directory, ledger, workers=1) as system,
        httpx.AsyncClient(trust_env=False, timeout=10) as http,
    ):
        await publish_all(system)
        trial = Trial(system, http, Upstream(system, http), count(1))
        for control in controls:
            parts = await control.scene(trial)
            leads = [trial.upstream.leads[part.number] for part in parts]
            shown.append(Shown(control, tuple(await trial.found(control.invariant, leads))))
    return shown
