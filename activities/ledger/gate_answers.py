"""What the gate answered instead of go: the last answer for each effect, with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.gate_tables import gate_answers
from activities.ledger.store import Ledger
from activities.ledger.upsert import insert_new
from workflows.engine.effects import Outcome


async def note_answer(
    ledger: Ledger, tx: AsyncConnection, key: str, entry: Mapping[str, Any], verdict: Outcome
) -> None:
    """Write down that the effect of that key was held, refused or skipped, and why."""
    now = await ledger.now(tx)
    last = {
        "answer": verdict.state,
        "cause": verdict.cause[:1000],
        "until": verdict.until,
        "at": now,
    }
    row = {
        "center": entry["center"],
        "key": key,
        "enrollment": entry["enrollment"],
        "entry": entry["entry"],
        "lead": entry["lead"],
        "times": 1,
        "first_at": now,
    }
    if not await insert_new(tx, gate_answers, row | last):
        here = update(gate_answers).where(gate_answers.c.key == key)
        await tx.execute(here.values(last | {"times": gate_answers.c.times + 1}))


async def answers_to(tx: AsyncConnection, enrollment: str) -> list[Mapping[str, Any]]:
    """What was answered for the effects of an enrollment, in the order of the first answers."""
    query = select(gate_answers).where(gate_answers.c.enrollment == enrollment)
    query = query.order_by(gate_answers.c.first_at, gate_answers.c.key)
    return [dict(row) for row in (await tx.execute(query)).mappings()]
