"""What became of an automation's leads, counted from the ledger alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Select,
    String,
    case,
    cast,
    distinct,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.conversion import Conversion, count_conversion
from activities.ledger.gate_tables import gate_answers
from activities.ledger.leads import SAMPLE
from activities.ledger.publishing import find_version
from activities.ledger.report_facts import FACTS, seen_by_entry
from activities.ledger.samples import Samples, count_samples, production
from activities.ledger.store import Ledger
from activities.ledger.tables import admissions, effects, holds, inbox, refusals
from workflows.engine.events import read_return

WITHOUT_A_DATE = timedelta(days=14)
"""How long an absence without a return date lasts where there is no campaign block to say it."""


@dataclass(frozen=True, slots=True)
class EffectLine:
    """One effect that a person should know of: its key, whose it is, and why it ended so."""

    key: str
    lead: str
    reason: str


@dataclass(frozen=True, slots=True)
class HeldLead:
    """A lead that stands still. ``until`` is None when it waits for a cause to be removed."""

    lead: str
    enrollment: str
    cause: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """An automation in numbers. ``entered`` counts entries, and the facts count entries too: how
    many of them saw at least one. ``sent`` are mails, ``texts_sent`` text messages. ``exits`` is by
    reason, ``refused`` too; ``writebacks`` is by activity, then by state. ``versions`` are those
    that leads have entered in. ``gate`` counts effects by the last answer that was not go.
    """

    automation: str
    versions: tuple[int, ...]
    entered: int
    live: int
    sent: int
    texts_sent: int
    texts_undelivered: int
    unknown: tuple[EffectLine, ...]
    not_sent: tuple[EffectLine, ...]
    replied: int
    bounced: int
    unsubscribed: int
    opted_out_of_texts: int
    meetings: int
    out_of_office: int
    conversion: Conversion
    exits: Mapping[str, int]
    held: tuple[HeldLead, ...]
    refused: Mapping[str, int]
    gate: Mapping[str, int]
    writebacks: Mapping[str, Mapping[str, int]]
    samples: Samples

    @property
    def goals(self) -> int:
        """How many entries saw the goal."""
        return self.conversion.goals


async def campaign_report(ledger: Ledger, tx: AsyncConnection, automation: str) -> Report:
    """Count an automation, in one consistent read.

    A fact counts for an entry if it came after the admission and before the same person was
    admitted elsewhere, once this entry had closed: a reply two days after the last mail counts.
    Where leads are in their steps is known to Temporal only.
    """
    entries = select(
        admissions.c.version,
        func.count(),
        func.sum(case((admissions.c.state == "CLOSED", 0), else_=1)),
    ).where(production(automation))
    by_version = (await tx.execute(entries.group_by(admissions.c.version))).all()
    facts = await _facts(tx, automation)
    versions = tuple(sorted(row[0] for row in by_version))
    return Report(
        automation=automation,
        versions=versions,
        entered=sum(row[1] for row in by_version),
        live=sum(row[2] for row in by_version),
        sent=await _sent(tx, automation, "send_email"),
        texts_sent=await _sent(tx, automation, "send_sms"),
        texts_undelivered=facts["texts_undelivered"],
        unknown=await _effect_lines(tx, automation, "UNKNOWN"),
        not_sent=await _effect_lines(tx, automation, "NOT_SENT"),
        replied=facts["replied"],
        bounced=facts["bounced"],
        unsubscribed=facts["unsubscribed"],
        opted_out_of_texts=facts["opted_out_of_texts"],
        meetings=facts["meetings"],
        out_of_office=facts["out_of_office"],
        conversion=await count_conversion(tx, automation, versions[-1] if versions else None),
        exits=await _exits(tx, automation),
        held=(*await _held(tx, automation), *await _away(ledger, tx, automation)),
        refused=await _refused(tx, automation),
        gate=await _gate(tx, automation),
        writebacks=await _writebacks(tx, automation),
        samples=await count_samples(tx, automation),
    )


async def _facts(tx: AsyncConnection, automation: str) -> dict[str, int]:
    name = case(FACTS, value=inbox.c.kind).label("fact")
    kind = inbox.c.data["type"].as_string()
    hard = or_(inbox.c.kind != "bounce", kind.is_(None), kind != "soft")
    entry = admissions.c.enrollment + "/" + cast(admissions.c.entry, String)
    seen = seen_by_entry(automation) & inbox.c.kind.in_(FACTS) & hard
    query = select(name, func.count(distinct(entry))).where(seen).group_by(text("fact"))
    counted: dict[str, int] = {row[0]: row[1] for row in await tx.execute(query)}
    return dict.fromkeys(FACTS.values(), 0) | counted


def _of_entries(query: Select[Any], automation: str) -> Select[Any]:
    """Only effects of steps of the automation's entries."""
    here = (effects.c.enrollment == admissions.c.enrollment) & (
        effects.c.entry == admissions.c.entry
    )
    return query.join(admissions, here).where(production(automation))


async def _sent(tx: AsyncConnection, automation: str, activity: str) -> int:
    messages = (effects.c.activity == activity) & (effects.c.state == "SENT")
    query = select(func.count()).select_from(effects).where(messages)
    return int(await tx.scalar(_of_entries(query, automation)) or 0)


async def _effect_lines(tx: AsyncConnection, automation: str, state: str) -> tuple[EffectLine, ...]:
    query = select(effects.c.key, admissions.c.lead, effects.c.reason)
    query = query.where(effects.c.state == state).order_by(effects.c.planned_at)
    rows = await tx.execute(_of_entries(query, automation))
    return tuple(EffectLine(*row) for row in rows)


async def _exits(tx: AsyncConnection, automation: str) -> dict[str, int]:
    row = admissions.c
    closed = production(automation) & row.exit.is_not(None)
    query = select(row.exit, func.count()).where(closed).group_by(row.exit).order_by(row.exit)
    return {str(found[0]): found[1] for found in await tx.execute(query)}


async def _refused(tx: AsyncConnection, automation: str) -> dict[str, int]:
    row = refusals.c
    real = (row.automation == automation) & ~row.lead.startswith(SAMPLE)
    query = select(row.reason, func.count()).where(real)
    query = query.group_by(row.reason).order_by(func.count().desc(), row.reason)
    return {str(found[0]): found[1] for found in await tx.execute(query)}


async def _gate(tx: AsyncConnection, automation: str) -> dict[str, int]:
    """How many effects the gate answered for with something else than go, by its last answer."""
    row = gate_answers.c
    here = (row.enrollment == admissions.c.enrollment) & (row.entry == admissions.c.entry)
    query = select(row.answer, row.cause, func.count()).join(admissions, here)
    query = query.where(production(automation)).group_by(row.answer, row.cause)
    query = query.order_by(func.count().desc(), row.answer, row.cause)
    return {f"{found[0]}: {found[1]}": found[2] for found in await tx.execute(query)}


async def _held(tx: AsyncConnection, automation: str) -> list[HeldLead]:
    """Entries that the gate holds until a cause is removed."""
    here = (holds.c.enrollment == admissions.c.enrollment) & (holds.c.entry == admissions.c.entry)
    query = select(admissions.c.lead, holds.c.enrollment, holds.c.cause).join(admissions, here)
    query = query.where(production(automation)).order_by(holds.c.since)
    return [HeldLead(*row) for row in await tx.execute(query)]


async def _away(ledger: Ledger, tx: AsyncConnection, automation: str) -> list[HeldLead]:
    """Live leads that are out of office now: no mail leaves until they are back."""
    entry = admissions.c
    query = select(entry.lead, entry.enrollment, entry.version, inbox.c.data, inbox.c.received_at)
    absent = (inbox.c.kind == "out_of_office") & (entry.state != "CLOSED")
    query = query.where(seen_by_entry(automation), absent).order_by(inbox.c.received_at)
    now = await ledger.now(tx)
    newest: dict[str, HeldLead] = {}
    absences: dict[int, timedelta] = {}
    for row in (await tx.execute(query)).mappings():
        version = row["version"]
        if version not in absences:
            campaign = (await find_version(tx, automation, version)).definition.campaign
            lasting = campaign.out_of_office.otherwise if campaign else WITHOUT_A_DATE
            absences[version] = lasting
        until = read_return(row["data"]) or row["received_at"] + absences[version]
        newest[row["enrollment"]] = HeldLead(row["lead"], row["enrollment"], "out of office", until)
    return [held for held in newest.values() if held.until and held.until > now]


async def _writebacks(tx: AsyncConnection, automation: str) -> dict[str, dict[str, int]]:
    """Default write-backs: of our own mails by their key, of other facts by the person."""
    ours = inbox.c.id.startswith(f"enrollment:{automation}:", autoescape=True)
    fact = (inbox.c.kind != "email_sent") | ours
    caused = (
        select(inbox.c.id)
        .where(seen_by_entry(automation), fact)
        .correlate(None)
        .distinct()
        .subquery()
    )
    query = select(effects.c.activity, effects.c.state, func.count())
    query = query.join(caused, effects.c.event == caused.c.id)
    counted: dict[str, dict[str, int]] = {}
    grouped = query.group_by(effects.c.activity, effects.c.state)
    for activity, state, count in await tx.execute(grouped.order_by(effects.c.activity)):
        counted.setdefault(activity, {})[state] = count
    return counted
