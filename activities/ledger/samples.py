"""Sample leads are told apart by their ids, and counted apart."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.leads import SAMPLE
from activities.ledger.tables import admissions, effects


@dataclass(frozen=True, slots=True)
class Samples:
    """Entries of sample leads, and the mails that went to the sample mailbox for them."""

    entered: int
    live: int
    sent: int


def production(automation: str) -> ColumnElement[bool]:
    """Entries of an automation that count: those of real leads."""
    row = admissions.c
    return (row.automation == automation) & ~row.lead.startswith(SAMPLE)


async def count_samples(tx: AsyncConnection, automation: str) -> Samples:
    """What there is of samples in an automation."""
    row = admissions.c
    ours = (row.automation == automation) & row.lead.startswith(SAMPLE)
    live = func.sum(case((row.state == "CLOSED", 0), else_=1))
    entered, inside = (await tx.execute(select(func.count(), live).where(ours))).one()
    mails = (effects.c.activity == "send_email") & (effects.c.state == "SENT")
    same = (effects.c.enrollment == row.enrollment) & (effects.c.entry == row.entry)
    query = select(func.count()).select_from(effects).join(admissions, same).where(mails, ours)
    return Samples(entered, inside or 0, int(await tx.scalar(query) or 0))
