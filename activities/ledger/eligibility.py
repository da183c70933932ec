"""Who may enter: every criterion by name, with what was looked at and what is against the lead.

An admission stops at the first objection; the selection of an audience keeps all that was found,
so that anybody can be shown afterwards why a lead was in it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel, JsonValue
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.connections import Connections
from activities.ledger.consents import consent_missing_somewhere, missing_consent
from activities.ledger.criteria import meets
from activities.ledger.goals import reached_goal_before
from activities.ledger.leads import Lead
from activities.ledger.reachable import objection_to_reach
from activities.ledger.settings import settings_of
from activities.ledger.store import Ledger
from activities.ledger.tables import admissions
from workflows.engine.automation import Automation
from workflows.engine.conditions import AllOf, Condition, FieldIs, parts_of
from workflows.engine.triggers.base import Values

NOT_IN_AUDIENCE = "not in the audience of the automation"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that was asked of a lead. It is met if nothing is said against it.

    ``looked_at`` are the lead's fields that it names, with their values at the time.
    """

    name: str
    objection: str = ""
    looked_at: Mapping[str, JsonValue] = field(default_factory=dict)

    @property
    def written(self) -> dict[str, Any]:
        """Its document in the row of the audience: without what is empty."""
        kept = {"criterion": self.name, "met": not self.objection}
        kept |= {"objection": self.objection} if self.objection else {}
        return kept | ({"looked_at": dict(self.looked_at)} if self.looked_at else {})


@dataclass(frozen=True, slots=True)
class Applicant:
    """A lead that wants to enter an automation, and the transaction in which that is judged."""

    ledger: Ledger
    tx: AsyncConnection
    lead: Lead
    automation: Automation
    connections: Connections


async def objection_to_entry(applicant: Applicant) -> str:
    """The first thing that is against the lead's entering; empty if nothing is."""
    for look in _LOOKS:
        for criterion in await look(applicant):
            if criterion.objection:
                return criterion.objection
    return ""


async def examined(applicant: Applicant) -> list[Criterion]:
    """Every criterion, met or not."""
    return [criterion for look in _LOOKS for criterion in await look(applicant)]


def objection_to_audience(automation: Automation, lead: Lead) -> str:
    """Why the lead is not in the audience, by its fields alone; empty if it is."""
    found = (criterion.objection for criterion in _of_audience(automation, lead))
    return next((objection for objection in found if objection), "")


async def _center(applicant: Applicant) -> Sequence[Criterion]:
    automation, lead = applicant.automation, applicant.lead
    alien = f"automation {automation.id!r} belongs to center {automation.center!r}"
    return [Criterion("same center", alien if automation.center != lead.center else "")]


async def _audience(applicant: Applicant) -> Sequence[Criterion]:
    return _of_audience(applicant.automation, applicant.lead)


def _of_audience(automation: Automation, lead: Lead) -> list[Criterion]:
    """Each part of the audience that must hold by itself."""
    whole = automation.audience
    parts = whole.all if isinstance(whole, AllOf) else (whole,) if whole else ()
    return [_by_fields("audience", part, lead, NOT_IN_AUDIENCE) for part in parts]


async def _exit_criteria(applicant: Applicant) -> Sequence[Criterion]:
    exits = (await settings_of(applicant.tx, applicant.automation.id)).exits
    if exits.when is None:
        return []
    against = "meets the exit criteria of the campaign already"
    met = against if meets(exits, applicant.lead) else ""
    fields = _fields(exits.when, applicant.lead)
    return [Criterion(f"not the exit criteria: {_words(exits.when)}", met, fields)]


async def _goal(applicant: Applicant) -> Sequence[Criterion]:
    goal = applicant.automation.goal
    reached = await reached_goal_before(applicant.tx, applicant.automation, applicant.lead)
    against = "has reached the goal already" if reached else ""
    return [Criterion(f"goal not reached before: {goal.event}", against)] if goal else []


async def _reachable(applicant: Applicant) -> Sequence[Criterion]:
    accounts = applicant.connections.of(applicant.lead.center)
    about = (applicant.ledger, applicant.tx, applicant.automation, applicant.lead)
    return [
        Criterion(
            "can be reached, and is not suppressed", await objection_to_reach(*about, accounts)
        )
    ]


async def _consents(applicant: Applicant) -> Sequence[Criterion]:
    automation, lead = applicant.automation, applicant.lead
    whose, found = (lead.center, lead.person), []
    for channel in automation.channels if automation.consents_needed else ():
        lack = await missing_consent(applicant.tx, whose, automation.consents_needed, channel)
        needs = ", ".join(automation.consents_needed)
        found.append(Criterion(f"consents for {channel}: {needs}", lack))
    if automation.consents_needed and automation.calls_reach_leads:
        lack = await consent_missing_somewhere(applicant.tx, whose, automation.consents_needed)
        needs = ", ".join(automation.consents_needed)
        found.append(Criterion(f"consents, withdrawn for no channel: {needs}", lack))
    return found


async def _re_entry(applicant: Applicant) -> Sequence[Criterion]:
    return [Criterion("not inside, and may enter again", await _objection_to_re_entry(applicant))]


async def _objection_to_re_entry(applicant: Applicant) -> str:
    automation = applicant.automation
    earlier = await _earlier(applicant.tx, applicant.lead, automation.id)
    if any(row["state"] != "CLOSED" for row in earlier):
        return "already enrolled"
    if not earlier:
        return ""
    rule = automation.campaign.re_entry if automation.campaign else None
    if rule is None or rule.rule == "once":
        return f"enrolled before (exit: {earlier[-1]['exit']}), and the re-entry rule is 'once'"
    closed: datetime = earlier[-1]["closed_at"]
    if rule.wait and await applicant.ledger.now(applicant.tx) < closed + rule.wait:
        return f"enrolled before: may enter again after {(closed + rule.wait).isoformat()}"
    return ""


async def _earlier(tx: AsyncConnection, lead: Lead, automation: str) -> list[Mapping[str, Any]]:
    """Entries of this lead, or of another record of the same person, in the automation."""
    row = admissions
    same = or_(row.c.lead == lead.lead, row.c.person == lead.person)
    query = select(row).where(row.c.automation == automation, row.c.center == lead.center, same)
    query = query.order_by(row.c.admitted_at, row.c.entry)
    return [dict(found) for found in (await tx.execute(query)).mappings()]


_LOOKS: tuple[Callable[[Applicant], Awaitable[Sequence[Criterion]]], ...] = (
    _center,
    _audience,
    _exit_criteria,
    _goal,
    _reachable,
    _consents,
    _re_entry,
)
"""In the order in which objections are told."""


def _by_fields(name: str, condition: Condition, lead: Lead, objection: str) -> Criterion:
    holds = condition.holds(Values(lead.merge_fields))
    words = f"{name}: {_words(condition)}"
    return Criterion(words, "" if holds else objection, _fields(condition, lead))


def _words(condition: BaseModel) -> str:
    written = condition.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return json.dumps(written, ensure_ascii=False)


def _fields(condition: Condition, lead: Lead) -> dict[str, JsonValue]:
    named = {part.field for part in parts_of(condition) if isinstance(part, FieldIs)}
    return {name: lead.merge_fields.get(name) for name in sorted(named)}
