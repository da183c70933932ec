"""What each kind of effect would ask of the outside world, and what comes of it: kind by kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from pydantic import JsonValue

from activities.ledger.connections import CenterConnections
from activities.ledger.facts import object_of
from workers.rehearsal.case import Case
from workers.rehearsal.letters import mail_of, notice_of, text_of
from workers.rehearsal.step_kinds import handed_on, looked_up, requested, tracked, written
from workers.rehearsal.story import LineKind
from workflows.engine.effects import (
    AddEvent,
    AddNote,
    AddTask,
    Assign,
    Effect,
    HandOverLead,
    HttpCall,
    Notify,
    PlanWait,
    SendEmail,
    SendSms,
    SetField,
    TrackEvent,
    UpdateStage,
)

Payload = dict[str, JsonValue]
Write = Callable[[Case, Any, CenterConnections, datetime], Payload]


def payload_of(case: Case, effect: Effect, accounts: CenterConnections, now: datetime) -> Payload:
    """What would be asked.

    Raises:
        CannotBeWritten: it cannot be made of this lead.
    """
    return _WRITERS[type(effect)](case, effect, accounts, now)


def _stage(case: Case, effect: UpdateStage, accounts: CenterConnections, _now: datetime) -> Payload:
    payload: Payload = {"stage": effect.stage}
    record, writes = case.lead.salesforce_id, accounts.salesforce
    if record and writes:
        fields: Payload = {writes.stage_field: effect.stage}
        payload |= {"object": object_of(record), "id": record, "fields": fields}
    return payload


_WRITERS: Mapping[type[Effect], Write] = {
    SendEmail: lambda case, effect, accounts, _: mail_of(case, effect, accounts),
    SendSms: lambda case, effect, accounts, _: text_of(case, effect, accounts),
    Notify: lambda case, effect, _accounts, _: notice_of(case, effect),
    PlanWait: lambda case, effect, _accounts, now: looked_up(case, effect, now),
    HandOverLead: lambda case, effect, _accounts, _: handed_on(case, effect),
    HttpCall: lambda case, effect, accounts, _: requested(case, effect, accounts),
    TrackEvent: lambda case, effect, _accounts, _: tracked(case, effect),
    UpdateStage: _stage,
    **dict.fromkeys((SetField, Assign, AddTask, AddEvent, AddNote), written),
}
_LINES: Mapping[type[Effect], LineKind | None] = {
    Notify: "chat",
    SendSms: "sms",
    TrackEvent: "web",
    PlanWait: None,
}


def line_kind(effect: Effect) -> LineKind | None:
    """How the timeline shows that it is done; None: not at all."""
    return _LINES.get(type(effect), "crm")


def changes_of(effect: Effect, payload: Mapping[str, JsonValue]) -> Payload:
    """The lead's fields that it changes."""
    if isinstance(effect, UpdateStage):
        return {"stage": effect.stage}
    return {effect.field: payload["value"]} if isinstance(effect, SetField) else {}
