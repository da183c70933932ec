"""What steps write about a lead: a field, a Task, an Event, a note. All calls can be repeated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.crm_calls import CrmCalls, crm_intent
from activities.crm_fields import event_fields, note_fields, task_fields
from activities.errors import as_application_error
from activities.ledger import Ledger
from activities.ledger.connections import Connections, SalesforceWrites
from activities.ledger.effects import EffectRow
from activities.ledger.facts import object_of
from activities.ledger.gate import judge_step
from activities.ledger.inbox import tell_criteria_met
from activities.ledger.leads import find_lead, set_fields
from activities.once import Afterwards, Deed, do_once
from activities.scene import Scene, facts_of, note_verdict, read_scene
from activities.templates import Rendered, Template, TemplateProblem, render
from activities.vendors.ports import Crm, Never
from workflows.engine.effects import AddEvent, AddNote, AddTask, Effect, Outcome, SetField, Written
from workflows.engine.events import Event

Kind = TypeVar("Kind", AddTask, AddEvent, AddNote)
Fields = Callable[[Kind, Rendered, datetime, ZoneInfo], dict[str, Any]]


class StepWrites:
    """Writes that an automation's author asked for. ``crm`` is None where none is configured."""

    def __init__(self, ledger: Ledger, connections: Connections, crm: Crm | None) -> None:
        self._ledger = ledger
        self._connections = connections
        self._ask = CrmCalls(crm).ask

    @activity.defn
    async def add_task(self, effect: AddTask) -> Outcome:
        """Create a Task for somebody to do; its key makes it one, however often it is tried."""
        return await self._add(effect, "Task", task_fields, effect.assigned_to)

    @activity.defn
    async def add_event(self, effect: AddEvent) -> Outcome:
        """Create an Event in somebody's calendar."""
        return await self._add(effect, "Event", event_fields, effect.assigned_to)

    @activity.defn
    async def add_note(self, effect: AddNote) -> Outcome:
        """Write a note into the record's activity history."""
        return await self._add(effect, "Task", note_fields, None)

    @activity.defn
    async def set_field(self, effect: SetField) -> Outcome:
        """Set a field in the lead projection and, for a Salesforce lead, there.

        The outcome carries the value along if a condition names the field.
        """
        scene = await read_scene(self._ledger, effect, self._connections)
        there = scene.lead.fields.get(effect.field)
        keeps = effect.fill_if_empty and there not in (None, "")
        value = there if keeps else effect.value
        payload: dict[str, Any] = {"field": effect.field, "value": value, "keeps": keeps}
        if not keeps and not effect.only_here:
            payload |= _crm_update(effect, scene)
        outcome = await self._do(effect, scene, payload, lambda tx, row: self._keep(tx, scene, row))
        if outcome.state != "sent" or effect.field not in scene.version.definition.fields_looked_at:
            return outcome
        return outcome.model_copy(update={"values": {effect.field: value}})

    async def _add(
        self, effect: Kind, name: str, fields_of: Fields[Kind], assignee: str | None
    ) -> Outcome:
        scene = await read_scene(self._ledger, effect, self._connections)
        writes, record = scene.accounts.salesforce, scene.lead.salesforce_id
        if writes is None or record is None:
            message = f"step {effect.step!r} needs a lead of Salesforce: skip it for this one"
            raise as_application_error(Never("salesforce", "not_a_record", message))
        async with self._ledger.reading() as tx:
            now = await self._ledger.now(tx)
        zone = ZoneInfo(writes.zone_of(assignee))
        fields = fields_of(effect, _filled_in(effect, scene), now, zone) | {"WhoId": record}
        payload = {"object": name, "key_field": writes.key_field, "fields": fields}
        owners = (assignee, writes.fallback_owner)
        payload["owners"] = [owner for owner in owners if owner]
        return await self._do(effect, scene, payload)

    async def _do(
        self,
        effect: Effect,
        scene: Scene,
        payload: Mapping[str, Any],
        afterwards: Afterwards | None = None,
    ) -> Outcome:
        async def judge(tx: AsyncConnection) -> Outcome | None:
            facts = await facts_of(self._ledger, tx, scene)
            return await note_verdict(self._ledger, tx, scene, judge_step(facts))

        deed = Deed(
            intent=crm_intent(effect, scene, payload),
            judge=judge,
            ask=self._ask,
            afterwards=afterwards or _nothing_more,
            repeatable=True,
            locks=scene.locks,
            shared=scene.shared,
        )
        return await do_once(self._ledger, deed)

    async def _keep(self, tx: AsyncConnection, scene: Scene, row: EffectRow) -> tuple[str, ...]:
        """The value here too; it is a change of the lead like any other."""
        lead = await find_lead(tx, scene.lead.center, scene.lead.lead)
        if lead is None or row.payload["keeps"]:
            return ()
        await set_fields(self._ledger, tx, lead, {row.payload["field"]: row.payload["value"]})
        at = await self._ledger.now(tx)
        event = Event(id=f"{row.key}/changed", kind="lead_changed", at=at)
        await tell_criteria_met(self._ledger, tx, lead, event, self._connections)
        return ()


async def _nothing_more(_tx: AsyncConnection, _row: EffectRow) -> tuple[str, ...]:
    return ()


def _crm_update(effect: SetField, scene: Scene) -> dict[str, Any]:
    writes, record = scene.accounts.salesforce, scene.lead.salesforce_id
    if writes is None or record is None:
        return {}
    _check_writable(effect, writes)
    return {"object": object_of(record), "id": record, "fields": {effect.field: effect.value}}


def _check_writable(effect: SetField, writes: SalesforceWrites) -> None:
    if effect.field not in writes.writable_fields:
        message = (
            f"step {effect.step!r}: {effect.field!r} is not among the writable_fields of the "
            "connections file: add it there, then retry"
        )
        raise as_application_error(Never("salesforce", "not_writable", message))


def _filled_in(effect: Written, scene: Scene) -> Rendered:
    template = Template(name=effect.step, subject=effect.subject, text=effect.text, html=None)
    try:
        return render(template, {"lead": scene.lead.merge_fields})
    except TemplateProblem as problem:
        raise as_application_error(Never("dripstone", "template", str(problem))) from problem
