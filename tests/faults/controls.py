"""Negative controls: with a guard taken out, a short scene must make the checker report the harm.

Each scene runs on the same system, with leads of its own; only its worker (or ingress) lacks the
guard. A control fails if the checker finds nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import httpx
from pydantic import JsonValue

from activities.ledger.telling import signal_body
from tests.faults.campaigns import CAP, CAPPED, MAIN, NIGHT, REVIEWED, publish_all
from tests.faults.checker import Violation
from tests.faults.releases import AWAKE, of
from tests.faults.resetting import reset
from tests.faults.system import running_system
from tests.faults.trial import CUT_OFF, PATIENCE, Trial, without
from tests.faults.upstream import Part, Upstream
from workflows.engine.events import REVIEW_DECIDED, Event


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


async def no_caps(trial: Trial) -> list[Part]:
    """More leads enter a campaign than it may mail on one day."""
    await trial.works_without("caps")
    parts = [await trial.enters(CAPPED) for _ in range(CAP + 1)]
    for part in parts:
        await trial.mails(part)
    return parts


async def no_window(trial: Trial) -> list[Part]:
    """A lead enters a campaign whose send window is shut."""
    await trial.works_without("window")
    part = await trial.enters(NIGHT)
    await trial.mails(part)
    return [part]


async def no_review(trial: Trial) -> list[Part]:
    """A workflow hears of an approval that nobody has given."""
    await trial.works_without("review")
    part = await trial.enters(REVIEWED)
    async with asyncio.timeout(PATIENCE):
        while not (waiting := await trial.waiting()):
            await asyncio.sleep(0.1)
    (review,) = waiting
    data: dict[str, JsonValue] = {
        "step": review.asked_by,
        "visit": review.visit,
        "verdict": "approved",
    }
    approved = Event(id="forged", kind=REVIEW_DECIDED, at=datetime.now(UTC), data=data)
    handle = trial.system.client.get_workflow_handle(review.enrollment)
    await handle.signal("event", signal_body(approved, frozenset(), ()))
    await trial.mails(part)
    return [part]


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
    Control("caps", "I7", no_caps),
    Control("window", "I7", no_window),
    Control("review", "I7", no_review),
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
