"""One storm: a system is started, leads pass through it, it is struck, and it is judged."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
from sqlalchemy import func, select
from temporalio.service import RPCError

from activities.ledger import LedgerUnavailable
from activities.ledger.tables import deliveries
from tests.faults.campaigns import HOLDING, MAIN, publish_all, shut_at_night
from tests.faults.checker import Figures, Violation, check, figures
from tests.faults.collecting import (
    Circumstances,
    collect,
    read_effects,
    read_entries,
)
from tests.faults.facts import TERMINAL, Facts
from tests.faults.nemesis import Nemesis
from tests.faults.reviewing import Reviewer
from tests.faults.strikes import strikes
from tests.faults.system import System, running_system
from tests.faults.tiers import Tier
from tests.faults.upstream import Upstream, cast

LOOK_EVERY = 0.5
RUNNING = "ExecutionStatus = 'Running'"
QUIET_LOOKS = 3
"""So often in a row nothing may be going on before it counts as over."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What to run. ``ledger`` is sqlite or postgres."""

    tier: Tier
    seed: int
    ledger: str = "sqlite"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. ``struck`` counts strikes by kind; ``settled`` is False when it was still
    not quiet after the tier's patience."""

    wish: Wish
    facts: Facts
    violations: list[Violation]
    figures: Figures
    struck: Counter[str]
    seconds: float
    settled: bool


async def storm(wish: Wish, directory: Path) -> Outcome:
    """Run one campaign in an empty directory.

    Raises NoPostgres, DevServerError or NotReady when something does not start.
    """
    began = time.monotonic()
    async with (
        running_system(directory, wish.ledger) as system,
        httpx.AsyncClient(trust_env=False, timeout=10) as http,
    ):
        reviewer = Reviewer(system)
        reviewing = asyncio.create_task(reviewer.work())
        upstream, nemesis, settled = await _play(wish, system, http)
        reviewing.cancel()
        with suppress(asyncio.CancelledError):
            await reviewing
        freeze = timedelta(seconds=wish.tier.freeze)
        shut = (*nemesis.shut, shut_at_night())
        beside = Circumstances(
            shut=shut,
            freeze=freeze,
            decided=tuple(reviewer.decided),
            terminated=frozenset(nemesis.terminated),
            restored=tuple(nemesis.restored),
        )
        facts = await collect(system, upstream, beside)
    violations = check(facts)
    seconds = time.monotonic() - began
    numbers = figures(facts, violations)
    return Outcome(wish, facts, violations, numbers, nemesis.done, seconds, settled)


async def _play(
    wish: Wish, system: System, http: httpx.AsyncClient
) -> tuple[Upstream, Nemesis, bool]:
    parts = cast(wish.seed, wish.tier)
    await publish_all(system)
    upstream = Upstream(system, http)
    await upstream.seed(parts)
    nemesis = Nemesis(system, http, wish.tier)
    nemesis.inside = lambda: [
        one.enrollment for one in upstream.accepted if f":{MAIN}:" in one.enrollment
    ]
    planned = strikes(wish.seed, wish.tier, system.workers[-1].start_seconds)
    async with asyncio.TaskGroup() as group:
        group.create_task(upstream.play(parts))
        group.create_task(nemesis.rage(planned))
    return upstream, nemesis, await quiet(system, wish.tier.patience)


async def quiet(system: System, patience: float) -> bool:
    """Wait until nothing goes on any more; False if something still does after ``patience`` s."""
    until, looks = time.monotonic() + patience, 0
    while looks < QUIET_LOOKS:
        if time.monotonic() > until:
            return False
        await asyncio.sleep(LOOK_EVERY)
        looks = looks + 1 if await _is_quiet(system) else 0
    return True


async def _is_quiet(system: System) -> bool:
    """Nothing is unfinished in the ledger, and Temporal has no more open than those who wait."""
    try:
        entries = [one for one in await read_entries(system.ledger) if one.state != "CLOSED"]
        effects = await read_effects(system.ledger)
        async with system.ledger.reading() as tx:
            pending = select(func.count()).where(deliveries.c.state == "PENDING")
            untold = await tx.scalar(pending)
        running = (await system.client.count_workflows(RUNNING)).count
    except (LedgerUnavailable, RPCError):
        return False
    waiting = all(entry.automation in HOLDING and not entry.stop_reason for entry in entries)
    going_on = [effect for effect in effects if effect.state not in TERMINAL]
    return waiting and not going_on and not untold and running == len(entries)


def lines(outcomes: Sequence[Outcome]) -> list[str]:
    """The table, one line a campaign."""
    names = (
        "tier", "ledger", "seed", "enrollments", "mails", "events", "kills", "faults",
        "lost", "duplicated", "sent after stop", "unknown", "lost to the restore", "violations",
        "seconds",
    )  # fmt: skip
    rows = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    return rows + [f"| {' | '.join(map(str, _row(outcome)))} |" for outcome in outcomes]


def _row(outcome: Outcome) -> tuple[object, ...]:
    wish, found, struck = outcome.wish, outcome.figures, outcome.struck
    kills = sum(number for kind, number in struck.items() if kind.startswith(("kill", "freeze")))
    return (
        wish.tier.name,
        wish.ledger,
        wish.seed,
        found.enrollments,
        found.mails,
        found.stops,
        kills + struck["shake_ledger"] + struck["restore"],
        struck["fault"],
        found.lost,
        found.duplicated,
        found.sent_after_stop,
        found.unknown,
        found.to_restore,
        found.violations,
        round(outcome.seconds),
    )
