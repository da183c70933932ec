"""What a launch does next: judge the waves that run, release the one that is due, ask leads in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.alerts import Alert, alert_id, put_alert
from activities.ledger.connections import CenterConnections
from activities.ledger.halts import why_halted
from activities.ledger.lifecycle import find_obstacle_to_entry
from activities.ledger.publishing import Version, find_state, find_version, newest_version
from activities.ledger.store import Ledger
from activities.ledger.wave_figures import Wave, figures_of
from activities.ledger.wave_tables import audience, launches
from activities.ledger.waves import (
    halt_wave,
    release_next,
    waves_ahead,
    waves_of,
    waves_of_version,
)
from activities.ledger.windows import next_opening
from workflows.engine.waves import Signs, Waves, why_to_halt

DRIPSTONE = "dripstone"
"""Who releases and halts waves by itself."""


@dataclass(frozen=True, slots=True)
class NextWave:
    """Which wave was released now, if one was; else why none, and when one is due if that is known.

    ``is_last``: nobody waits for a wave any more.
    """

    released: int | None = None
    why_not: str = ""
    due: datetime | None = None
    is_last: bool = False


async def version_in_force(tx: AsyncConnection, automation: str) -> Version:
    """The version whose waves count: the one that new leads get; before that, the newest.

    Raises:
        NotPublished: there is none.
    """
    state = await find_state(tx, automation)
    if state is None:
        return await newest_version(tx, automation)
    return await find_version(tx, automation, state[1])


async def judge_waves(ledger: Ledger, version: Version) -> list[Wave]:
    """Halt the waves whose signs are bad, with an alert for each; the waves as they were found."""
    plan = waves_of_version(version) or Waves()
    async with ledger.reading() as tx:
        found = await figures_of(ledger, tx, version.automation)
        baselines = [row["judged_from"] for row in await waves_of(tx, version.automation)]
    fresh = [w.signs.since(Signs(**b)) for w, b in zip(found, baselines, strict=True)]
    for place, wave in enumerate(found):
        why = why_to_halt(fresh[place::-1], plan.halt_at) if wave.state == "RELEASED" else ""
        if why:
            halted = await halt_wave(ledger, version.automation, wave.number, (DRIPSTONE, why))
            if halted and halted.is_new:
                await _alert(ledger, version, wave.number, why, halted.at)
    return found


async def _alert(ledger: Ledger, version: Version, number: int, why: str, at: datetime) -> None:
    key = f"{version.automation}/wave-{number}/{at.isoformat()}"
    text = (
        f"wave {number} of {version.automation} is halted: {why}; look into it, then "
        f"dripstone release {version.automation} --wave {number}"
    )
    launch = f"launch:{version.automation}"
    async with ledger.transaction() as tx:
        await put_alert(tx, key, Alert(alert_id(key), version.center, launch, "", text, at))


async def release_due(ledger: Ledger, version: Version, center: CenterConnections) -> NextWave:
    """Release the next wave if its time has come and nothing is against it."""
    automation, plan = version.automation, waves_of_version(version) or Waves()
    async with ledger.transaction(f"launch:{automation}") as tx:
        if not await waves_ahead(tx, automation, plan):
            return NextWave(why_not="every wave is released", is_last=True)
        obstacle = await find_obstacle_to_entry(ledger, tx, automation)
        if obstacle:
            ended = obstacle.what in ("off", "archived")
            why = f"the automation is {obstacle.what}"
            return NextWave(why_not=why, due=obstacle.until, is_last=ended)
        if against := await why_halted(tx, version.center, automation):
            return NextWave(why_not=against)
        earlier, now = await waves_of(tx, automation), await ledger.now(tx)
        if against := _not_after(earlier) or await _still_entering(tx, automation):
            return NextWave(why_not=against)
        number = len(earlier) + 1
        if earlier and plan.release == "by_hand":
            return NextWave(why_not=f"dripstone release {automation} --wave {number}")
        due = max((row["changed_at"] + plan.spacing for row in earlier), default=now)
        due = within_hours(plan, center, max(due, now))
        if due > now:
            return NextWave(why_not=f"wave {number} is due at {due.isoformat()}", due=due)
        return NextWave(await release_next(ledger, tx, version, (DRIPSTONE, "on time")))


def within_hours(plan: Waves, center: CenterConnections, at: datetime) -> datetime:
    """``at``, or when the window for releases opens next, in its zone or the center's."""
    window = plan.window.plus(center.days_off)
    return next_opening(window, window.zone or center.zone, at) or at


def _not_after(earlier: Sequence[Mapping[str, Any]]) -> str:
    """That a wave is halted: none follows it."""
    halted = [row for row in earlier if row["state"] == "HALTED"]
    return f"wave {halted[0]['number']} is halted: {halted[0]['reason']}" if halted else ""


async def _still_entering(tx: AsyncConnection, automation: str) -> str:
    some = await next_to_ask(tx, automation, 1)
    return f"wave {some[0].wave} is entering" if some else ""


@dataclass(frozen=True, slots=True)
class ToAsk:
    """A lead of a released wave that has not asked to enter yet."""

    lead: str
    turn: int
    wave: int


async def next_to_ask(tx: AsyncConnection, automation: str, limit: int) -> list[ToAsk]:
    """Who is to be asked in next, in the order of the audience; nobody of a halted wave."""
    halted = [row["number"] for row in await waves_of(tx, automation) if row["state"] == "HALTED"]
    row = audience.c
    here = (row.automation == automation) & (row.state == "released") & row.wave.not_in(halted)
    query = select(row.lead, row.turn, row.wave).where(here).order_by(row.place).limit(limit)
    return [ToAsk(*found) for found in await tx.execute(query)]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a lead was answered; ``put_off`` is to be asked again, under another id."""

    lead: str
    refused: str = ""
    put_off: bool = False


async def note_asked(ledger: Ledger, automation: str, answers: Sequence[Asked]) -> None:
    """Write down what leads were answered."""
    row = audience.c
    async with ledger.transaction() as tx:
        now = await ledger.now(tx)
        for one in answers:
            here = (row.automation == automation) & (row.lead == one.lead)
            state = "refused" if one.refused else "entered"
            values: dict[str, Any] = {"state": state, "reason": one.refused, "asked_at": now}
            if one.put_off:
                values = {"turn": row.turn + 1}
            await tx.execute(update(audience).where(here).values(values))


async def note_round(
    ledger: Ledger, automation: str, pause: timedelta | None, waits_for: str
) -> None:
    """Write down when the launch is looked at next, and what it waits for; without a pause it has
    nothing to do any more."""
    async with ledger.transaction() as tx:
        now = await ledger.now(tx)
        state = "OPEN" if pause is not None else "DONE"
        values = {"state": state, "next_at": now + (pause or timedelta()), "waits_for": waits_for}
        here = launches.c.automation == automation
        await tx.execute(update(launches).where(here).values(values))


async def launches_left(ledger: Ledger, tx: AsyncConnection, since: timedelta) -> list[str]:
    """Open launches that should have been looked at ``since`` ago."""
    row = launches.c
    before = await ledger.now(tx) - since
    query = select(row.automation).where(row.state == "OPEN", row.next_at < before)
    return list((await tx.scalars(query)).all())
