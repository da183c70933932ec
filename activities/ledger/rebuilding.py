"""Writing again what a restored ledger has lost and what workflows' histories still tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.effects import TERMINAL, Settlement, find_effect, settle
from activities.ledger.entries import find_entry, this
from activities.ledger.leads import find_lead
from activities.ledger.publishing import NotPublished, find_version
from activities.ledger.settings import priority_in_force
from activities.ledger.store import Ledger
from activities.ledger.tables import admissions, automations, effects
from workflows.contracts import Start, enrollment_id
from workflows.engine.effect_base import Effect
from workflows.engine.exits import ExitReason

FROM_HISTORY = "written again from the history of its workflow"
CONNECTIONS = {"send_email": "smtp", "send_sms": "twilio"}

Found = Literal["there", "written", "closed", "lost"]


@dataclass(frozen=True, slots=True)
class Run:
    """What is known of an entry's workflow: when it began, and how it ended, if it has."""

    start: Start
    run_id: str
    began_at: datetime
    ended_at: datetime | None = None
    exit: ExitReason | None = None


@dataclass(frozen=True, slots=True)
class Did:
    """An effect of an entry that history tells of, as SENT or UNKNOWN.

    ``about`` are the columns by which answers to it are known again.
    """

    effect: Effect
    at: datetime
    state: Literal["SENT", "UNKNOWN"]
    about: dict[str, str]


async def rebuild_entry(ledger: Ledger, run: Run) -> Found:
    """Have the ledger know of an entry and of its end. ``lost``: its lead or version is unknown.

    No event tells of an end that comes to light here: what followed from it has happened.
    """
    start = run.start
    enrollment, entry = enrollment_id(start.automation, start.lead), start.entry or 1
    ending: dict[str, object] = {}
    if run.ended_at:
        ending = {"state": "CLOSED", "closed_at": run.ended_at}
        ending |= {"exit": (run.exit or ExitReason.TERMINATED).value}
    async with ledger.transaction() as tx:
        known = await find_entry(tx, enrollment, entry)
        if known and (known["state"] == "CLOSED" or not ending):
            if known["state"] == "ADMITTED":
                running = {"state": "RUNNING", "run_id": run.run_id, "running_at": run.began_at}
                await tx.execute(update(admissions).where(this(enrollment, entry)).values(running))
            return "there"
        if known:
            values = ending | {"run_id": known["run_id"] or run.run_id}
            await tx.execute(update(admissions).where(this(enrollment, entry)).values(values))
            return "closed"
        row = await _entry_row(tx, run)
        if row is None:
            return "lost"
        try:
            async with tx.begin_nested():
                await tx.execute(insert(admissions).values(row | ending))
        except IntegrityError:
            return "lost"  # its lane is taken by another that the ledger takes to be running
        return "written"


async def _entry_row(tx: AsyncConnection, run: Run) -> dict[str, object] | None:
    start = run.start
    try:
        version = await find_version(tx, start.automation, start.version or 1)
    except NotPublished:
        return None
    lead = await find_lead(tx, version.center, start.lead)
    if lead is None:
        return None
    enrollment, entry = enrollment_id(start.automation, start.lead), start.entry or 1
    return {
        "center": version.center,
        "enrollment": enrollment,
        "entry": entry,
        "automation": start.automation,
        "version": version.version,
        "lead": start.lead,
        "person": lead.person,
        "lane": version.definition.lane,
        "priority": await priority_in_force(tx, version.definition),
        "state": "RUNNING",
        "cause": f"{enrollment}/{entry}/rebuilt",
        "run_id": run.run_id,
        "admitted_at": start.enrolled_at or run.began_at,
        "running_at": run.began_at,
    }


async def rebuild_effect(ledger: Ledger, did: Did) -> bool:
    """Have the ledger know what became of an effect; False if it knew."""
    effect = did.effect
    async with ledger.transaction() as tx:
        known = await find_effect(tx, effect.key)
        if known and known.state in TERMINAL:
            return False
        if known:
            await settle(ledger, tx, effect.key, Settlement(did.state, FROM_HISTORY))
            return True
        entry = await find_entry(tx, effect.enrollment, effect.entry)
        if entry is None:
            return False
        row = {
            "key": effect.key,
            "center": entry["center"],
            "activity": effect.activity,
            "connection": CONNECTIONS.get(effect.activity, "unknown"),
            "enrollment": effect.enrollment,
            "entry": effect.entry,
            "step": effect.step,
            "visit": effect.visit,
            "lead": entry["lead"],
            "person": entry["person"],
            "state": did.state,
            "reason": FROM_HISTORY,
            "payload": {},
            "payload_hash": "",
            "attempts": 1,
            "planned_at": did.at,
            "intent_at": did.at,
            "done_at": did.at,
        }
        await tx.execute(insert(effects).values(row | did.about))
    return True


async def center_of(tx: AsyncConnection, automation: str) -> str | None:
    """The center of a published automation."""
    query = automations.select().where(automations.c.automation == automation).limit(1)
    row = (await tx.execute(query)).mappings().first()
    return str(row["center"]) if row else None
