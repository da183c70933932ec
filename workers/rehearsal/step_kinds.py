"""Steps that write about a lead or look a day up, in a rehearsal: told instead of done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from activities.handovers import lead_handed_on
from activities.http_answers import Read, problem_with, read_answer
from activities.http_requests import filled_in, request_payload
from activities.ledger.connections import CenterConnections
from activities.ledger.windows import window_of
from activities.reckoning import instant_of
from activities.step_payloads import Record, field_payload, record_payload
from activities.templates import TemplateProblem
from activities.vendors.ports import Never
from workers.rehearsal.case import Case
from workers.rehearsal.letters import CannotBeWritten
from workers.rehearsal.story import WebAnswer
from workflows.engine.effects import (
    Assign,
    Effect,
    HandOverLead,
    HttpCall,
    Outcome,
    PlanWait,
    SetField,
    TrackEvent,
)


def written(
    case: Case, effect: Record | SetField | Assign, accounts: CenterConnections, now: datetime
) -> dict[str, JsonValue]:
    """What would be asked of the CRM.

    Raises:
        CannotBeWritten: the lead is not there, a field may not be written, a text has gaps.
    """
    try:
        if isinstance(effect, Assign):
            return {"to": effect.to, "pool": effect.pool}
        if isinstance(effect, SetField):
            return field_payload(effect, case.lead, accounts)
        return record_payload(effect, case.lead, accounts, now)
    except (Never, TemplateProblem) as problem:
        raise CannotBeWritten(str(problem)) from problem


def handed_on(case: Case, effect: HandOverLead) -> dict[str, JsonValue]:
    """What another tool would be given of the lead."""
    lead = lead_handed_on(case.lead, effect.fields)
    return {"campaign": effect.campaign, "lead": lead}


def looked_up(case: Case, effect: PlanWait, now: datetime) -> dict[str, JsonValue]:
    """The instant that a ``wait_until`` step means; None if the lead's field names no day."""
    value = case.lead.merge_fields.get(effect.field) if effect.field else None
    off = window_of(case.play.automation, case.play.accounts) or case.play.accounts.days_off
    until = instant_of(effect, now, ZoneInfo(effect.zone or case.zone), value, off)
    return {"until": until.isoformat() if until else None}


def requested(case: Case, effect: HttpCall, accounts: CenterConnections) -> dict[str, JsonValue]:
    """The request that would be made.

    Raises:
        CannotBeWritten: there is no such connection, or the request cannot be filled in.
    """
    account = accounts.http.get(effect.connection)
    if account is None:
        raise CannotBeWritten(f"no HTTP connection {effect.connection!r}")
    try:
        return request_payload(effect, case.lead.merge_fields, account)
    except (Never, TemplateProblem) as problem:
        raise CannotBeWritten(str(problem)) from problem


def tracked(case: Case, effect: TrackEvent) -> dict[str, JsonValue]:
    """The event that would be reported.

    Raises:
        CannotBeWritten: a property cannot be filled in.
    """
    fields = case.lead.merge_fields
    try:
        properties: dict[str, JsonValue] = {
            name: filled_in(effect.step, name, value, fields) if isinstance(value, str) else value
            for name, value in effect.properties.items()
        }
    except TemplateProblem as problem:
        raise CannotBeWritten(str(problem)) from problem
    return {"event": effect.event, "properties": properties}


def answered(effect: HttpCall, accounts: CenterConnections, answer: WebAnswer) -> Read:
    """What the step takes from an answer.

    Raises:
        VendorFailure: the answer is none of success.
    """
    if problem := problem_with(effect, accounts.http[effect.connection], answer):
        raise problem
    return read_answer(effect, answer)


def outcome_of(case: Case, effect: Effect, payload: Mapping[str, JsonValue]) -> Outcome:
    """What the activity would answer."""
    if isinstance(effect, PlanWait):
        return Outcome.model_validate({"state": "sent", "until": payload["until"]})
    looked_at = case.play.automation.fields_looked_at
    if isinstance(effect, SetField) and effect.field in looked_at:
        return Outcome(state="sent", values={effect.field: payload["value"]})
    return Outcome(state="sent")
