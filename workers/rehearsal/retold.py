"""A lead's story in server mode, retold from its timeline and from its effects in the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from activities.ledger import Ledger
from activities.ledger.leads import Lead
from activities.ledger.tables import effects
from workers.rehearsal.story import Line, LineKind
from workflows.contracts import Ending

KINDS: Mapping[str, LineKind] = {"send_email": "mail", "send_sms": "sms", "notify": "chat"}
"""What an effect is told as; every other one writes to the CRM."""


async def retell(ledger: Ledger, lead: Lead, ending: Ending) -> list[Line]:
    """Everything that happened to a lead, in the order of its virtual time."""
    lines = [Line(d.at, "decision", d.step, d.what, d.why) for d in ending.timeline]
    query = select(effects).where(effects.c.lead == lead.lead, effects.c.done_at.is_not(None))
    async with ledger.reading() as tx:
        rows = (await tx.execute(query.order_by(effects.c.done_at))).mappings().all()
    lines += [_line(row) for row in rows]
    return sorted(lines, key=lambda line: line.at)


def _line(row: Mapping[Any, Any]) -> Line:
    step, done = row["step"] or "", row["done_at"]
    if row["state"] != "SENT":
        what = f"{row['activity']}: {row['state'].lower().replace('_', ' ')}"
        return Line(done, "gate", step, what, row["reason"])
    payload = row["payload"]
    if "mail" in payload:
        payload = _mail(payload["mail"])
    return Line(done, KINDS.get(row["activity"], "crm"), step, row["activity"], detail=payload)


def _mail(parts: Mapping[str, Any]) -> dict[str, Any]:
    names = {"from": "from_address", "to": "to_address", "subject": "subject", "text": "text"}
    mail = {name: parts[field] for name, field in names.items()}
    return mail | ({"html": parts["html"]} if parts.get("html") else {})
