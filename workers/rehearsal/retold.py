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

KINDS: Mapping[str, LineKind] = {
    "send_email": "mail",
    "send_sms": "sms",
    "notify": "chat",
    "http_call": "web",
    "track_event": "web",
}
"""What an effect is told as; every other one writes to the CRM."""

UNTOLD = ("ask_review",)
"""Effects that the lead's timeline tells already."""


async def retell(ledger: Ledger, lead: Lead, ending: Ending) -> list[Line]:
    """Everything that happened to a lead, in the order of its virtual time."""
    lines = [Line(d.at, "decision", d.step, d.what, d.why) for d in ending.timeline]
    query = select(effects).where(effects.c.lead == lead.lead, effects.c.done_at.is_not(None))
    async with ledger.reading() as tx:
        rows = (await tx.execute(query.order_by(effects.c.done_at))).mappings().all()
    lines += [_line(row) for row in rows if _is_told(row)]
    return sorted(lines, key=lambda line: line.at)


def _is_told(row: Mapping[Any, Any]) -> bool:
    """A tracked event has a row for each who is told of it, and one line."""
    if row["activity"] in UNTOLD:
        return False
    return bool(row["activity"] != "track_event" or row["connection"] == "google_analytics")


def _line(row: Mapping[Any, Any]) -> Line:
    step, done = row["step"] or "", row["done_at"]
    if row["state"] != "SENT":
        what = f"{row['activity']}: {row['state'].lower().replace('_', ' ')}"
        return Line(done, "gate", step, what, row["reason"])
    payload = row["payload"]
    if "mail" in payload:
        payload = _mail(payload["mail"])
    if row["activity"] == "hand_over_lead":
        payload = {name: payload[name] for name in ("campaign", "lead")}
    return Line(done, KINDS.get(row["activity"], "crm"), step, row["activity"], detail=payload)


def _mail(parts: Mapping[str, Any]) -> dict[str, Any]:
    names = {"from": "from_address", "to": "to_address", "subject": "subject", "text": "text"}
    mail = {name: parts[field] for name, field in names.items()}
    return mail | ({"html": parts["html"]} if parts.get("html") else {})
