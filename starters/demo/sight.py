"""What can be seen of the demo at one moment: the ledger, the sandbox's journal, and Temporal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio.service import RPCError

from activities.ledger.effects import TERMINAL
from activities.ledger.report import Report, campaign_report
from activities.ledger.tables import admissions, effects, inbox
from starters.demo.stage import Stage
from workflows.contracts import Status, enrollment_id

NEWS = 8


@dataclass(frozen=True, slots=True)
class SentMail:
    """One mail as the ledger has it: an effect of a step, and how it stands."""

    lead: str
    step: str
    state: str
    message_id: str
    intent_at: datetime


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What the vendors have: Message-IDs that arrived, records by object and id, chat messages."""

    arrived: Counter[str]
    records: Mapping[str, Mapping[str, Mapping[str, Any]]]
    posts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sight:
    """One look. ``entries`` and ``live`` are by lead; ``news`` is newest first: (at, the kind
    of event or the reason of an exit, lead).

    ``unfinished`` counts effects that are neither sent, nor surely not sent, nor unknown.
    """

    report: Report
    entries: Mapping[str, Mapping[str, Any]]
    mails: tuple[SentMail, ...]
    notices: int
    unfinished: int
    news: tuple[tuple[datetime, str, str], ...]
    sandbox: Sandbox
    live: Mapping[str, Status]

    @property
    def settled(self) -> bool:
        """Whether nothing goes on any more: whoever is still inside is held."""
        inside = [lead for lead, row in self.entries.items() if row["state"] != "CLOSED"]
        held = all(lead in self.live and self.live[lead].state == "held" for lead in inside)
        return bool(self.entries) and held and not self.unfinished


async def look(stage: Stage, automation: str, http: httpx.AsyncClient) -> Sight:
    """Look at everything now. While no worker answers, ``live`` lacks those it was asked for."""
    async with stage.ledger.reading() as tx:
        report = await campaign_report(stage.ledger, tx, automation)
        entries = await _entries(tx, automation)
        mails = await _mails(tx, automation)
        notices, unfinished = await _effects(tx)
        news = await _news(tx)
    inside = [lead for lead, row in entries.items() if row["state"] != "CLOSED"]
    few = len(inside) <= len(report.held)  # asked only once the others have left
    live = {
        lead: status for lead in inside if few and (status := await _live(stage, automation, lead))
    }
    sandbox = await _sandbox(stage, http)
    return Sight(report, entries, mails, notices, unfinished, news, sandbox, live)


async def _entries(tx: AsyncConnection, automation: str) -> dict[str, Mapping[str, Any]]:
    row = admissions.c
    query = select(row.lead, row.state, row.exit).where(row.automation == automation)
    return {found["lead"]: dict(found) for found in (await tx.execute(query)).mappings()}


async def _mails(tx: AsyncConnection, automation: str) -> tuple[SentMail, ...]:
    row = effects.c
    query = select(row.lead, row.step, row.state, row.message_id, row.intent_at)
    query = query.where(row.activity == "send_email").order_by(row.intent_at)
    query = query.where(row.enrollment.startswith(f"enrollment:{automation}:", autoescape=True))
    return tuple(SentMail(*found) for found in await tx.execute(query))


async def _effects(tx: AsyncConnection) -> tuple[int, int]:
    row = effects.c
    told = (row.activity == "notify") & (row.state == "SENT")
    notices = await tx.scalar(select(func.count()).where(told))
    unfinished = await tx.scalar(select(func.count()).where(row.state.not_in(TERMINAL)))
    return notices or 0, unfinished or 0


async def _news(tx: AsyncConnection) -> tuple[tuple[datetime, str, str], ...]:
    row = inbox.c
    query = select(row.received_at, row.kind, row.lead, row.data).where(row.kind != "email_sent")
    found = await tx.execute(query.order_by(row.received_at.desc()).limit(NEWS))
    return tuple(
        (at, str(data.get("reason") or kind), lead or "") for at, kind, lead, data in found
    )


async def _live(stage: Stage, automation: str, lead: str) -> Status | None:
    handle = stage.client.get_workflow_handle(enrollment_id(automation, lead))
    with suppress(RPCError):  # no worker answers queries just now
        status: Status = await handle.query(
            "status", result_type=Status, rpc_timeout=timedelta(seconds=3)
        )
        return status
    return None


async def _sandbox(stage: Stage, http: httpx.AsyncClient) -> Sandbox:
    answer = await http.get(f"{stage.sandbox_url}/_log")
    arrived: Counter[str] = Counter()
    records: dict[str, dict[str, Mapping[str, Any]]] = {}
    posts: list[str] = []
    for entry in answer.raise_for_status().json():
        details = entry["details"]
        kind = (entry["vendor"], entry["action"])
        if kind == ("smtp", "accepted"):
            arrived[details["message_id"]] += 1
        elif kind in (("salesforce", "create"), ("salesforce", "update")):
            records.setdefault(details["object"], {})[details["id"]] = details["record"]
        elif kind == ("slack", "post"):
            posts.append(details["text"])
    return Sandbox(arrived, records, tuple(posts))
