"""The waves of a launch: released, halted at once, and let go on, each written down.

A halted wave is halted by the gate: from the commit on no message to its leads begins, also to
those that are in the middle of the campaign. What had begun before is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Join,
    String,
    bindparam,
    cast,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.lifecycle import Act, note
from activities.ledger.publishing import Version
from activities.ledger.store import Ledger
from activities.ledger.tables import admissions, effects
from activities.ledger.wave_tables import audience, launches, waves
from workflows.engine.waves import Signs, Waves

WAITING = "waiting"
MESSAGES = ("send_email", "send_sms", "hand_over_lead")
"""Activities that write to a lead."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message to a lead of a wave: its effect's key, and when it began."""

    key: str
    lead: str
    begun_at: datetime


@dataclass(frozen=True, slots=True)
class Halted:
    """What a halt found. ``left`` are messages that had left, or perhaps; ``in_flight`` had begun
    and may leave within 30 seconds. No other message of the wave begins after ``at``."""

    is_new: bool
    at: datetime
    left: tuple[Message, ...]
    in_flight: tuple[Message, ...]


def waves_of_version(version: Version) -> Waves | None:
    """The waves that a version asks for, if it does."""
    campaign = version.definition.campaign
    return campaign.waves if campaign else None


async def launch_of(tx: AsyncConnection, automation: str) -> Mapping[str, Any] | None:
    """The launch of a campaign."""
    query = select(launches).where(launches.c.automation == automation)
    row = (await tx.execute(query)).mappings().first()
    return dict(row) if row else None


async def look_again(ledger: Ledger, tx: AsyncConnection, automation: str) -> None:
    """A launch that perhaps has come to its end has something to do again."""
    values = {"state": "OPEN", "next_at": await ledger.now(tx)}
    here = launches.c.automation == automation
    await tx.execute(update(launches).where(here).values(values))


async def waves_of(tx: AsyncConnection, automation: str) -> list[Mapping[str, Any]]:
    """The waves that were released, in their order."""
    query = select(waves).where(waves.c.automation == automation).order_by(waves.c.number)
    return [dict(row) for row in (await tx.execute(query)).mappings()]


async def audience_counts(tx: AsyncConnection, automation: str) -> dict[str, int]:
    """How many leads of the audience there are, by their state."""
    row = audience.c
    query = select(row.state, func.count()).where(row.automation == automation).group_by(row.state)
    return {found[0]: found[1] for found in await tx.execute(query)}


async def excluded_by_reason(tx: AsyncConnection, automation: str) -> dict[str, int]:
    """How many leads of the files are not in the audience, or did not enter, by the reason."""
    row, count = audience.c, func.count()
    query = select(row.reason, count).where(row.automation == automation, row.reason != "")
    query = query.group_by(row.reason).order_by(count.desc(), row.reason)
    return {found[0]: found[1] for found in await tx.execute(query)}


async def waves_ahead(tx: AsyncConnection, automation: str, plan: Waves) -> list[int]:
    """The sizes of the waves that are still to come."""
    counts = await audience_counts(tx, automation)
    released = len(await waves_of(tx, automation))
    everybody = sum(counts.values()) - counts.get("excluded", 0)
    return plan.ahead(released, everybody, counts.get(WAITING, 0))


async def release_next(
    ledger: Ledger, tx: AsyncConnection, version: Version, why: tuple[str, str]
) -> int | None:
    """Release the next wave, in a transaction that locks ``launch:{automation}``; its number.

    None if nobody is waiting. The leads enter one after the other, at a bounded rate.
    """
    plan, automation = waves_of_version(version) or Waves(), version.automation
    ahead = await waves_ahead(tx, automation, plan)
    if not ahead:
        return None
    row, now = audience.c, await ledger.now(tx)
    number = len(await waves_of(tx, automation)) + 1
    mine = row.automation == automation
    next_ones = select(row.lead).where(mine, row.state == WAITING).order_by(row.place)
    here = mine & row.lead.in_(next_ones.limit(ahead[0]))
    await tx.execute(update(audience).where(here).values(state="released", wave=number))
    values = {"center": version.center, "automation": automation, "number": number}
    values |= {"size": ahead[0], "state": "RELEASED", "reason": why[1], "judged_from": {}}
    values |= {"released_at": now, "released_by": why[0], "changed_at": now, "changed_by": why[0]}
    await tx.execute(insert(waves).values(values))
    act = Act("wave released", version.center, why[0], automation, reason=_named(number, why[1]))
    await note(ledger, tx, act)
    return number


async def halt_wave(
    ledger: Ledger, automation: str, number: int, why: tuple[str, str]
) -> Halted | None:
    """Halt a wave; ``why`` is (who, reason). None if no such wave has been released.

    Messages that are being claimed are waited for: none begins after this commit.
    """
    async with ledger.transaction(f"automation:{automation}") as tx:
        here = (waves.c.automation == automation) & (waves.c.number == number)
        found = (await tx.execute(select(waves).where(here))).mappings().first()
        if found is None:
            return None
        now, is_new = await ledger.now(tx), found["state"] != "HALTED"
        if is_new:
            values = {"state": "HALTED", "changed_at": now, "changed_by": why[0], "reason": why[1]}
            await tx.execute(update(waves).where(here).values(values))
            act = Act("wave halted", found["center"], why[0], automation)
            reason = _named(number, why[1])
            await note(ledger, tx, Act(**asdict(act) | {"reason": reason}))
        left = await _messages(tx, automation, number, ("SENT", "UNKNOWN"))
        begun = await _messages(tx, automation, number, ("INTENT",), leased_at=now)
        return Halted(is_new, now if is_new else found["changed_at"], left, begun)


async def lift_wave(
    ledger: Ledger, automation: str, number: int, why: tuple[str, str], signs: Signs
) -> bool:
    """Let a halted wave go on; False if it is not halted. From now on it is judged by what comes
    after ``signs``, which whoever releases it has seen."""
    async with ledger.transaction(f"automation:{automation}") as tx:
        here = (waves.c.automation == automation) & (waves.c.number == number)
        halted = here & (waves.c.state == "HALTED")
        values = {"state": "RELEASED", "changed_at": await ledger.now(tx), "changed_by": why[0]}
        values |= {"reason": why[1], "judged_from": asdict(signs)}
        if not (await tx.execute(update(waves).where(halted).values(values))).rowcount:
            return False
        center = str(await tx.scalar(select(waves.c.center).where(here)))
        act = Act("wave goes on", center, why[0], automation, reason=_named(number, why[1]))
        await note(ledger, tx, act)
        return True


_SAME_WAVE = (waves.c.automation == audience.c.automation) & (waves.c.number == audience.c.wave)
_HALTED_WAVE = (
    select(waves)
    .select_from(audience.join(waves, _SAME_WAVE))
    .where(
        audience.c.automation == bindparam("automation"),
        audience.c.lead == bindparam("lead"),
        waves.c.state == "HALTED",
    )
)


async def why_wave_halted(tx: AsyncConnection, automation: str, lead: str) -> str:
    """Why no message to this lead may leave; empty if its wave, if it has one, is not halted."""
    found = await tx.execute(_HALTED_WAVE, {"automation": automation, "lead": lead})
    row = found.mappings().first()
    return cause_of_wave(row["number"], row["changed_by"], row["reason"]) if row else ""


def cause_of_wave(number: int, by: str, reason: str) -> str:
    """What a lead of a halted wave is held for."""
    return f"wave {number} is halted by {by}: {reason}"[:250]


async def _messages(
    tx: AsyncConnection,
    automation: str,
    number: int,
    states: Sequence[str],
    leased_at: datetime | None = None,
) -> tuple[Message, ...]:
    row, entry = effects.c, admissions.c
    same = (row.enrollment == entry.enrollment) & (row.entry == entry.entry)
    here = audience.c.wave == number
    here &= row.activity.in_(MESSAGES) & not_by_index(row.state).in_(states)
    if leased_at:
        here &= row.lease_owner.is_not(None) & (row.lease_until > leased_at)
    entered = launched(automation).join(effects, same)
    query = select(row.key, row.lead, row.intent_at).select_from(entered)
    found = await tx.execute(query.where(here).order_by(row.intent_at, row.key))
    return tuple(Message(*one) for one in found)


def cause_of(automation: str, turn: int, lead: str) -> str:
    """The id under which a lead of a released wave asks to enter: it is answered once."""
    return f"launch:{automation}/{turn}/{lead}"


def not_by_index(column: Column[str]) -> ColumnElement[str]:
    """The column, kept from being looked up by its index: SQLite, which knows nothing of the sizes
    of tables, would begin with it and go through the whole audience for each row found."""
    return func.coalesce(column, "")


def launched(automation: str, *, isouter: bool = False) -> Join:
    """The audience of a campaign, with the entries that its waves have led to.

    With ``isouter``, also who has no entry, and leads of other campaigns.
    """
    turn, lead = cast(audience.c.turn, String), audience.c.lead
    cause = literal(f"launch:{automation}/") + turn + literal("/") + lead
    here = (audience.c.automation == automation) & (admissions.c.cause == cause)
    return audience.join(admissions, here, isouter=isouter)


def _named(number: int, reason: str) -> str:
    return f"wave {number}: {reason}" if reason else f"wave {number}"
