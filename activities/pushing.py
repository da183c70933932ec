"""push and marketo_status: the lead's own record in the CRM or a marketing platform."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.errors import as_application_error
from activities.ledger import Ledger
from activities.ledger.aliases import record_of, remember
from activities.ledger.connections import Connections
from activities.ledger.effects import LEASE, EffectRow
from activities.ledger.leads import Lead
from activities.ledger.leasing import give_up_lease, take_lease
from activities.once import Deed, do_once
from activities.platform_payloads import push_payload, status_payload
from activities.platforms import Platforms, platform_intent
from activities.scene import Scene, judge_step_in, read_scene
from activities.vendors.capabilities import capability_of
from activities.vendors.ports import HandOver, LeadSystem, Never, NotYet, Receipt, RecordKey
from workflows.engine.effects import Effect, Outcome
from workflows.engine.platform_effects import MarketoStatus, Push

_log = logging.getLogger(__name__)


class Pushes:
    """Writes a lead's record, and remembers the id that the system has given it."""

    def __init__(self, ledger: Ledger, connections: Connections, platforms: Platforms) -> None:
        self._ledger = ledger
        self._connections = connections
        self._platforms = platforms

    @activity.defn
    async def push(self, effect: Push) -> Outcome:
        """Create or update the lead's record; its id becomes an alias of the lead."""
        scene = await read_scene(self._ledger, effect, self._connections)
        try:
            payload = push_payload(effect, scene.lead, scene.accounts)
        except Never as refusal:
            # Names of fields and of the step, no values.
            _log.warning("push refused: %s", refusal)
            raise as_application_error(refusal) from refusal
        return await self._do(effect, scene, payload)

    @activity.defn
    async def marketo_status(self, effect: MarketoStatus) -> Outcome:
        """Set the status field of the lead's record in Marketo."""
        scene = await read_scene(self._ledger, effect, self._connections)
        async with self._ledger.reading() as tx:
            record = await record_of(tx, scene.lead, "marketo")
        try:
            payload = status_payload(effect, scene.lead, record, scene.accounts)
        except Never as refusal:
            raise as_application_error(refusal) from refusal
        return await self._do(effect, scene, payload)

    async def _do(self, effect: Effect, scene: Scene, payload: Mapping[str, Any]) -> Outcome:
        deed = Deed(
            intent=platform_intent(effect, scene, payload),
            judge=lambda tx: judge_step_in(self._ledger, tx, scene),
            ask=lambda row, _hand_over: self._ask(scene.lead, row, _hand_over),
            afterwards=lambda tx, row: self._remember(tx, scene.lead, row),
            capability=capability_of(payload["system"]),
            tells_how=True,
            locks=scene.locks,
            shared=scene.shared,
        )
        return await do_once(self._ledger, deed)

    async def _ask(self, lead: Lead, row: EffectRow, _hand_over: HandOver) -> Receipt:
        name, payload = row.payload["system"], row.payload
        system = self._platforms.lead_system(name)
        async with self._ledger.reading() as tx:
            record = await record_of(tx, lead, name)
        if record:
            return await self._push(system, payload, record)
        turn = f"push:{lead.center}:{name}:{lead.lead}"
        async with self._ledger.transaction() as tx:
            mine = await take_lease(self._ledger, tx, turn, row.key, LEASE)
            record = await record_of(tx, lead, name)
        if not mine:
            # Two creations at once make two records where keys are not unique (Marketo).
            message = "another automation is pushing this lead for the first time"
            raise NotYet("dripstone", "leased", message, timedelta(seconds=2))
        try:
            return await self._push(system, payload, record)
        finally:
            async with self._ledger.transaction() as tx:
                await give_up_lease(tx, turn, row.key)

    async def _push(
        self, system: LeadSystem, payload: Mapping[str, Any], record: str | None
    ) -> Receipt:
        which = RecordKey(record, payload["key_field"], payload["key"])
        return await system.push(which, payload["fields"])

    async def _remember(self, tx: AsyncConnection, lead: Lead, row: EffectRow) -> tuple[str, ...]:
        if row.vendor_ref:
            await remember(self._ledger, tx, lead, row.payload["system"], row.vendor_ref)
        return ()
