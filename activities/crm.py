"""CRM writes: the stage of a lead, and the default write-backs of facts. All can be repeated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.crm_calls import CrmCalls, crm_intent
from activities.errors import as_application_error
from activities.ledger import Ledger
from activities.ledger.connections import Connections
from activities.ledger.effects import EffectRow, Intent, find_effect, waiting_writebacks
from activities.ledger.facts import object_of
from activities.ledger.inbox import receive
from activities.once import Deed, do_once
from activities.scene import Scene, judge_step_in, read_scene
from activities.step_facts import lead_changed
from activities.vendors.capabilities import capability_of
from activities.vendors.ports import Crm, HandOver, Never, Receipt
from activities.vendors.reply_ports import ReplyRecords
from activities.writing_back import check_allowed, quarantine, why_outdated
from workflows.contracts import Drained, DrainRequest
from workflows.engine.effects import FactEffect, Outcome, UpdateStage

DRAINED_AT_ONCE = 200
BEATS_EVERY = timedelta(seconds=4)
FAILURES_IN_A_ROW = 3
"""After so many the vendor is taken to be down, and the rest waits for the next round."""


@asynccontextmanager
async def beating() -> AsyncIterator[None]:
    """Show the server that this worker lives, also while one call to a vendor takes long."""

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(BEATS_EVERY.total_seconds())

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()


class CrmWrites:
    """Writes to the CRM. ``crm`` and ``replies`` are None where no CRM is configured."""

    def __init__(
        self,
        ledger: Ledger,
        connections: Connections,
        crm: Crm | None,
        replies: ReplyRecords | None = None,
    ) -> None:
        self._ledger = ledger
        self._connections = connections
        self._ask = CrmCalls(crm, replies).ask

    @activity.defn
    async def update_stage(self, effect: UpdateStage) -> Outcome:
        """Set the lead's stage in the lead projection and, for a Salesforce lead, there."""
        scene = await read_scene(self._ledger, effect, self._connections)
        record, writes = scene.lead.salesforce_id, scene.accounts.salesforce
        payload: dict[str, Any] = {"stage": effect.stage}
        if record and writes:
            fields = {writes.stage_field: effect.stage}
            payload |= {"object": object_of(record), "id": record, "fields": fields}

        deed = Deed(
            intent=crm_intent(effect, scene, payload),
            judge=lambda tx: judge_step_in(self._ledger, tx, scene),
            ask=self._ask,
            afterwards=lambda tx, row: self._project(tx, scene, row, effect.stage),
            capability=capability_of("salesforce"),
            locks=scene.locks,
            shared=scene.shared,
        )
        return await do_once(self._ledger, deed)

    @activity.defn
    async def create_task(self, effect: FactEffect) -> Outcome:
        """Log a sent mail as a Task."""
        return await self._write_back(effect)

    @activity.defn
    async def create_event(self, effect: FactEffect) -> Outcome:
        """Log a booked meeting as an Event."""
        return await self._write_back(effect)

    @activity.defn
    async def mark_unsubscribed(self, effect: FactEffect) -> Outcome:
        """Set the configured opt-out field; it is only ever set to true."""
        return await self._write_back(effect)

    @activity.defn
    async def mark_bounced(self, effect: FactEffect) -> Outcome:
        """Set the configured hard bounce field; it is only ever set to true."""
        return await self._write_back(effect)

    @activity.defn
    async def mark_replied(self, effect: FactEffect) -> Outcome:
        """Set Has Replied and the time of the first reply, once for each campaign member."""
        return await self._write_back(effect)

    @activity.defn
    async def classify_reply(self, effect: FactEffect) -> Outcome:
        """Write the status and class of the latest reply to the campaign member."""
        return await self._write_back(effect)

    @activity.defn
    async def keep_reply_text(self, effect: FactEffect) -> Outcome:
        """Write the words of the latest reply to the lead."""
        return await self._write_back(effect)

    @activity.defn
    async def note_opt_out(self, effect: FactEffect) -> Outcome:
        """Add a Note about an opt-out to the lead."""
        return await self._write_back(effect)

    @activity.defn
    async def reassign_lead(self, effect: FactEffect) -> Outcome:
        """Give a lead whose reply nobody has answered to another colleague."""
        return await self._write_back(effect)

    @activity.defn
    async def drain_writebacks(self, request: DrainRequest) -> Drained:
        """Do the write-backs of a connection that nobody has in hand; stop when it seems down."""
        async with beating():
            done = failed = 0
            for row in await self._waiting(request.connection):
                try:
                    await self._write_back(FactEffect(key=row.key))
                    done, failed = done + 1, 0
                except ApplicationError as error:
                    # One record that is locked or refused must not keep the others waiting.
                    failed += not error.non_retryable
                    if failed == FAILURES_IN_A_ROW:
                        break
            return Drained(done=done, left=len(await self._waiting(request.connection)))

    async def _waiting(self, connection: str) -> list[EffectRow]:
        async with self._ledger.reading() as tx:
            return await waiting_writebacks(
                self._ledger, tx, connection, timedelta(0), DRAINED_AT_ONCE
            )

    async def _write_back(self, effect: FactEffect) -> Outcome:
        """Facts are true whatever became of the enrollment, so nothing is judged here."""
        async with self._ledger.reading() as tx:
            row = await find_effect(tx, effect.key)
        if row is None:
            message = f"the ledger has no write-back {effect.key}"
            raise as_application_error(Never("dripstone", "no_such_writeback", message))

        async def judge(tx: AsyncConnection) -> Outcome | None:
            return await why_outdated(tx, row)

        async def ask(asked: EffectRow, hand_over: HandOver) -> Receipt:
            check_allowed(asked, self._connections.of(asked.center))
            return await self._ask(asked, hand_over)

        async def refused(tx: AsyncConnection, failure: Never) -> Outcome | None:
            await quarantine(self._ledger, tx, row, failure)
            return None

        intent = Intent(row.key, row.center, row.activity, row.connection, row.payload, "", {})
        keyed = capability_of(row.connection)
        deed = Deed(intent=intent, judge=judge, ask=ask, refused=refused, capability=keyed)
        return await do_once(self._ledger, deed)

    async def _project(
        self, tx: AsyncConnection, scene: Scene, row: EffectRow, stage: str
    ) -> tuple[str, ...]:
        """The stage here too; it is a change of the lead like any other."""
        incoming = await lead_changed(self._ledger, tx, scene, row, {"stage": stage})
        return (await receive(self._ledger, tx, incoming, self._connections)).writebacks
