"""The leased repair loop: in every worker, but at work in one. What a crash left is taken up again.

It starts what was admitted and not started, tells what was not told, closes entries whose
workflow is gone, settles intents that nobody will finish, sees to write-backs left over, and
to what triggers ask for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import structlog
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.dispatch import PATIENCE, deliver_due, follow_up_due, start_workflow
from activities.following_up import FollowingUp
from activities.ledger import Ledger, LedgerUnavailable
from activities.ledger.connections import Connections
from activities.ledger.editing import reach_leads
from activities.ledger.effects import Settlement, left_behind, settle, waiting_writebacks
from activities.ledger.entries import close, find_entry, newest_entry, not_started, unchecked
from activities.ledger.lanes import queued, take_free_lane
from activities.ledger.leasing import give_up_lease, take_lease
from activities.ledger.retention import Retaining
from activities.ledger.retiring import tell_turned_off, turn_off_expired
from activities.ledger.slots import forget_old_slots
from activities.ledger.starting import start_again
from activities.notifications import Outlets
from activities.steering import Steering
from activities.vendors.ports import Outreach
from workers.archive import archive_closed
from workers.triggering import Triggering
from workers.writing_back import start_writeback as start_writeback
from workflows.contracts import CloseRequest
from workflows.engine.exits import ExitReason

log = structlog.get_logger(__name__)

EVERY = timedelta(seconds=5)
LEASE = timedelta(seconds=30)
NOT_STARTED_FOR = timedelta(seconds=10)
LEFT_OVER_FOR = timedelta(seconds=20)
CHECKED_AT_ONCE = 50
CHECKED_EVERY = timedelta(minutes=2)
ENDED_LATELY = timedelta(minutes=10)
CONNECTIONS = ("salesforce",)


class Repair:
    """One worker's share of the loop; the lease decides whose turn it is."""

    def __init__(
        self,
        ledger: Ledger,
        client: Client,
        connections: Connections,
        outreach: Outreach | None = None,
        outlets: Outlets | None = None,
    ) -> None:
        self._following = FollowingUp(ledger, connections, outlets)
        self._retaining = Retaining(ledger, connections)
        self._steering = Steering(ledger, outreach)
        self._ledger = ledger
        self._client = client
        self._connections = connections
        self._owner = uuid4().hex
        self._triggering = Triggering(ledger, client, connections)

    async def run(self) -> None:
        """Repair until cancelled. A failing pass is logged and made again."""
        try:
            while True:
                await self._turn()
                await asyncio.sleep(EVERY.total_seconds())
        finally:
            async with self._ledger.transaction() as tx:
                await give_up_lease(tx, "repair", self._owner)

    async def _turn(self) -> None:
        try:
            async with self._ledger.transaction() as tx:
                mine = await take_lease(self._ledger, tx, "repair", self._owner, LEASE)
        except LedgerUnavailable as error:
            log.warning("repair.ledger_unavailable", error=str(error))
            return
        if mine:
            await self.one_pass()

    async def one_pass(self) -> None:
        """Every repair once, each by itself: one that fails does not stop the others."""
        passes: Sequence[Callable[[], Awaitable[None]]] = (
            self.turn_off,
            self.reach_leads,
            self.follow_up,
            self.stop_handed_over,
            self.admit_queued,
            self.start_admitted,
            self.tell_due,
            *self._triggering.passes,
            self.close_abandoned,
            self.settle_left_behind,
            self.drain_left_over,
            self.archive_closed,
            self._following.follow_up_due,
            self._retaining.blank_due,
            self.forget,
        )
        for repair in passes:
            try:
                await repair()
            except (RPCError, LedgerUnavailable) as error:
                log.warning("repair.failed", repair=repair.__name__, error=str(error))

    async def turn_off(self) -> None:
        """Turn off campaigns whose time is over; finish what a turn-off that died began."""
        await turn_off_expired(self._ledger, self._connections)
        await tell_turned_off(self._ledger, self._connections)

    async def reach_leads(self) -> None:
        """Finish what an edit of campaign settings that died began."""
        await reach_leads(self._ledger, self._connections)

    async def follow_up(self) -> None:
        """Enroll leads that have left in the automation that follows."""
        await follow_up_due(self._ledger, self._client, self._connections)

    async def stop_handed_over(self) -> None:
        """Have other tools stop mailing leads that must not be mailed, until they confirm it."""
        await self._steering.steer_due()

    async def admit_queued(self) -> None:
        """Admit entries whose lane has become free; close those that were stopped meanwhile."""
        async with self._ledger.reading() as tx:
            waiting = await queued(tx, CHECKED_AT_ONCE)
        for entry in waiting:
            if entry["stop_reason"]:
                await self._close(entry)
                continue
            async with self._ledger.transaction(f"person:{entry['person']}") as tx:
                admitted = await take_free_lane(self._ledger, tx, entry)
                row = await find_entry(tx, entry["enrollment"], entry["entry"])
                start = await start_again(tx, row) if admitted and row else None
            if start:
                await start_workflow(self._ledger, self._client, start)

    async def start_admitted(self) -> None:
        """Start entries that were admitted and whose starter died or could not reach Temporal."""
        async with self._ledger.transaction() as tx:
            rows = await not_started(self._ledger, tx, NOT_STARTED_FOR)
            starts = [await start_again(tx, row) for row in rows]
        for start in starts:
            await start_workflow(self._ledger, self._client, start)

    async def tell_due(self) -> None:
        """Deliver events that could not be delivered at once."""
        await deliver_due(self._ledger, self._client)

    async def close_abandoned(self) -> None:
        """Close entries whose workflow was terminated, has failed or was deleted: the lane is free.

        Those that ended lately are found by one question to Temporal; a deleted workflow leaves no
        trace to find, so running entries are looked at one by one, each once in a while.
        """
        await self._close_ended_lately()
        async with self._ledger.transaction() as tx:
            rows = await unchecked(self._ledger, tx, CHECKED_EVERY, CHECKED_AT_ONCE)
        for row in rows:
            if await self._is_gone(row):
                await self._close(row)

    async def _close_ended_lately(self) -> None:
        since = (datetime.now(UTC) - ENDED_LATELY).isoformat()
        query = (
            "WorkflowType = 'Enrollment' AND ExecutionStatus IN "
            f"('Terminated', 'Failed', 'TimedOut', 'Canceled') AND CloseTime > '{since}'"
        )
        async for found in self._client.list_workflows(query, limit=CHECKED_AT_ONCE):
            async with self._ledger.reading() as tx:
                row = await newest_entry(tx, found.id)
            if row and row["state"] in ("RUNNING", "SUPERSEDED") and await self._is_gone(row):
                await self._close(row)

    async def _is_gone(self, row: Mapping[str, Any]) -> bool:
        try:
            handle = self._client.get_workflow_handle(row["enrollment"])
            found = await handle.describe(rpc_timeout=PATIENCE)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return True
            raise
        return found.status not in (
            WorkflowExecutionStatus.RUNNING,
            WorkflowExecutionStatus.CONTINUED_AS_NEW,
        )

    async def _close(self, row: Mapping[str, Any]) -> None:
        async with self._ledger.transaction(f"person:{row['person']}") as tx:
            request = CloseRequest(
                enrollment=row["enrollment"],
                entry=row["entry"],
                events=(),
                reason=ExitReason.TERMINATED,
                at=await self._ledger.now(tx),
            )
            closed = await close(self._ledger, tx, request, self._connections)
        log.info("repair.closed", enrollment=row["enrollment"], exit=closed.reason)

    async def settle_left_behind(self) -> None:
        """Give intents that nobody will finish their final state: none is silently lost."""
        async with self._ledger.transaction() as tx:
            for row in await left_behind(self._ledger, tx, CHECKED_AT_ONCE):
                handed = bool(row.phase)
                final = (
                    Settlement("UNKNOWN", "the worker died in the call")
                    if handed
                    else Settlement("NOT_SENT", "the enrollment ended first")
                )
                await settle(self._ledger, tx, row.key, final)

    async def drain_left_over(self) -> None:
        """Have the Writeback workflow of a connection see to what no enrollment did."""
        for connection in CONNECTIONS:
            async with self._ledger.reading() as tx:
                rows = await waiting_writebacks(self._ledger, tx, connection, LEFT_OVER_FOR, 1)
            if rows:
                await start_writeback(self._client, connection)

    async def forget(self) -> None:
        """Take away slots of mails that limit nothing any more."""
        async with self._ledger.transaction() as tx:
            await forget_old_slots(self._ledger, tx)

    async def archive_closed(self) -> None:
        """Keep what Temporal will forget."""
        await archive_closed(self._ledger, self._client)
