"""One campaign of faults: a system is started, leads pass through it, it is struck, it is judged."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from activities.ledger import Ledger, LedgerUnavailable
from activities.ledger.tables import deliveries
from tests.faults.campaigns import MAIN, NIGHT, publish_all
from tests.faults.checker import Figures, Violation, check, figures
from tests.faults.collecting import (
    Circumstances,
    collect,
    read_effects,
    read_entries,
)
from tests.faults.facts import TERMINAL, Facts, Shut
from tests.faults.nemesis import Nemesis
from tests.faults.strikes import strikes
from tests.faults.system import System, Variants, running_system
from tests.faults.tiers import Tier
from tests.faults.upstream import Upstream, cast
from sqlalchemy import func, select

LOOK_EVERY = 0.5
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
        running_system(directory, wish.ledger, Variants()) as system,
        httpx.AsyncClient(trust_env=False, timeout=10) as http,
    ):
        upstream, nemesis, settled = await _play(wish, system, http)
        freeze = timedelta(seconds=wish.tier.freeze)
        shut = (*nemesis.shut, _night())
        facts = await collect(system, upstream, Circumstances(shut, freeze))
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
    nemesis = Nemesis(system, http, wish.tier.freeze)
    nemesis.inside = lambda: [
        one.enrollment for one in upstream.accepted if f":{MAIN}:" in one.enrollment
    ]
    planned = strikes(wish.seed, wish.tier, system.workers[-1].start_seconds)
    async with asyncio.TaskGroup() as group:
        group.create_task(upstream.play(parts))
        group.create_task(nemesis.rage(planned))
    return upstream, nemesis, await quiet(system.ledger, wish.tier.patience)


def _night() -> Shut:
    """The window of the night campaign is shut for longer than any run."""
    now = datetime.now(UTC)
    return Shut(NIGHT, now - timedelta(days=1), now + timedelta(days=1), "outside its send window")


async def quiet(ledger: Ledger, patience: float) -> bool:
    """Wait until nothing goes on any more; False if something still does after ``patience`` s."""
    until, looks = time.monotonic() + patience, 0
    while looks < QUIET_LOOKS:
        if time.monotonic() > until:
            return False
        await asyncio.sleep(LOOK_EVERY)
        looks = looks + 1 if await _is_quiet(ledger) else 0
    return True


async def _is_quiet(ledger: Ledger) -> bool:
    try:
        open_entries = [
            entry
            for entry in await read_entries(ledger)
            if entry.state != "CLOSED" and (entry.automation != NIGHT or entry.stop_reason)
        ]
        going_on = [one for one in await read_effects(ledger) if one.state not in TERMINAL]
        async with ledger.reading() as tx:
            pending = select(func.count()).where(deliveries.c.state == "PENDING")
            untold = await tx.scalar(pending)
    except LedgerUnavailable:
        return False
    return not (open_entries or going_on or untold)


def lines(outcomes: Sequence[Outcome]) -> list[str]:
    """The table, one line a campaign."""
    names = (
        "tier", "ledger", "seed", "enrollments", "mails", "events", "kills", "faults",
        "lost", "duplicated", "sent after stop", "unknown", "violations", "seconds",
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
        found.violations,
        round(outcome.seconds),
    )
