"""What steps write about a lead: a field, a Task, an Event, a note. All calls can be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.crm_calls import CrmCalls, crm_intent
from activities.deed import Afterwards
from activities.errors import as_application_error
from activities.ledger import Ledger
from activities.ledger.connections import Connections
from activities.ledger.effects import EffectRow
from activities.ledger.inbox import receive
from activities.ledger.leads import find_lead
from activities.once import Deed, do_once
from activities.scene import Scene, judge_step_in, read_scene
from activities.step_facts import lead_changed
from activities.step_payloads import Record, field_payload, record_payload
from activities.templates import TemplateProblem
from activities.vendors.capabilities import capability_of
from activities.vendors.ports import Crm, Never
from workflows.engine.effects import AddEvent, AddNote, AddTask, Effect, Outcome, SetField


class StepWrites:
    """Writes that an automation's author asked for. ``crm`` is None where none is configured."""

    def __init__(self, ledger: Ledger, connections: Connections, crm: Crm | None) -> None:
        self._ledger = ledger
        self._connections = connections
        self._ask = CrmCalls(crm).ask

    @activity.defn
    async def add_task(self, effect: AddTask) -> Outcome:
        """Create a Task for somebody to do; its key makes it one, however often it is tried."""
        return await self._add(effect)

    @activity.defn
    async def add_event(self, effect: AddEvent) -> Outcome:
        """Create an Event in somebody's calendar."""
        return await self._add(effect)

    @activity.defn
    async def add_note(self, effect: AddNote) -> Outcome:
        """Write a note into the record's activity history."""
        return await self._add(effect)

    @activity.defn
    async def set_field(self, effect: SetField) -> Outcome:
        """Set a field in the lead projection and, for a Salesforce lead, there.

        The outcome carries the value along if a condition names the field.
        """
        scene = await read_scene(self._ledger, effect, self._connections)
        try:
            payload = field_payload(effect, scene.lead, scene.accounts)
        except Never as refusal:
            raise as_application_error(refusal) from refusal
        outcome = await self._do(effect, scene, payload, lambda tx, row: self._keep(tx, scene, row))
        if outcome.state != "sent" or effect.field not in scene.version.definition.fields_looked_at:
            return outcome
        return outcome.model_copy(update={"values": {effect.field: payload["value"]}})

    async def _add(self, effect: Record) -> Outcome:
        scene = await read_scene(self._ledger, effect, self._connections)
        async with self._ledger.reading() as tx:
            now = await self._ledger.now(tx)
        try:
            payload = record_payload(effect, scene.lead, scene.accounts, now)
        except Never as refusal:
            raise as_application_error(refusal) from refusal
        except TemplateProblem as problem:
            raise as_application_error(Never("dripstone", "template", str(problem))) from problem
        return await self._do(effect, scene, payload)

    async def _do(
        self,
        effect: Effect,
        scene: Scene,
        payload: Mapping[str, Any],
        afterwards: Afterwards | None = None,
    ) -> Outcome:
        deed = Deed(
            intent=crm_intent(effect, scene, payload),
            judge=lambda tx: judge_step_in(self._ledger, tx, scene),
            ask=self._ask,
            afterwards=afterwards or _nothing_more,
            capability=capability_of("salesforce"),
            locks=scene.locks,
            shared=scene.shared,
        )
        return await do_once(self._ledger, deed)

    async def _keep(self, tx: AsyncConnection, scene: Scene, row: EffectRow) -> tuple[str, ...]:
        """The value here too; it is a change of the lead like any other."""
        lead = await find_lead(tx, scene.lead.center, scene.lead.lead)
        if lead is None or row.payload["keeps"]:
            return ()
        changes = {row.payload["field"]: row.payload["value"]}
        incoming = await lead_changed(self._ledger, tx, scene, row, changes)
        return (await receive(self._ledger, tx, incoming, self._connections)).writebacks


async def _nothing_more(_tx: AsyncConnection, _row: EffectRow) -> tuple[str, ...]:
    return ()
