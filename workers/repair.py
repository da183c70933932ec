"""The leased repair loop: in every worker, but at work in one. What a crash left is taken up again.

It starts what was admitted and not started, tells what was not told, closes entries whose
workflow is gone, settles intents that nobody will finish, sees to write-backs left over, and
to what triggers ask for. What must not wait has loops of its own: the stops that other tools are
told, what enrollments are to be told, and who waits to begin; nothing that is slow holds them up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from activities.delivering import OUT_OF_REACH
from activities.dispatch import begin_workflow, deliver_due, follow_up_due, start_workflow
from activities.following_up import FollowingUp
from activities.ledger import Ledger, LedgerUnavailable
from activities.ledger.connections import Connections
from activities.ledger.editing import reach_leads
from activities.ledger.effects import waiting_writebacks
from activities.ledger.entries import find_entry, not_started
from activities.ledger.lanes import queued, take_free_lane
from activities.ledger.launching import launches_left
from activities.ledger.left_behind import settle_left_behind
from activities.ledger.release import release_reconciled
from activities.ledger.retention import Retaining
from activities.ledger.retiring import tell_turned_off, turn_off_expired
from activities.ledger.slots import forget_old_slots
from activities.ledger.starting import start_again
from activities.notifications import Outlets
from activities.steering import Steering
from activities.vendors.ports import Outreach
from workers.abandoned import Abandoned
from workers.archive import archive_closed
from workers.feed_watch import FeedWatch
from workers.high_water import HighWater, is_behind
from workers.launching import wake_launch
from workers.leading import Leading
from workers.triggering import Triggering
from workers.writing_back import start_writeback
from workflows.contracts import Start

log = structlog.get_logger(__name__)

EVERY = timedelta(seconds=5)
NOT_STARTED_FOR = timedelta(seconds=10)
LEFT_OVER_FOR = timedelta(seconds=20)
CHECKED_AT_ONCE = 50
STARTED_AT_ONCE = 8
LAUNCH_LATE = timedelta(seconds=20)
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
        self._triggering = Triggering(ledger, client, connections)
        self._feeds = FeedWatch(ledger, connections)
        self._abandoned = Abandoned(ledger, client, connections)
        self._high_water = HighWater(ledger, client)

    async def run(self) -> None:
        """Repair until cancelled. A failing pass is logged and made again."""
        leading = Leading(self._ledger, "repair")
        async with asyncio.TaskGroup() as group:
            group.create_task(leading.keep())
            for each in (self.stop_handed_over, self.tell_due, self.begin, self.mend):
                group.create_task(self._again_and_again(leading, each))

    async def _again_and_again(self, leading: Leading, each: Callable[[], Awaitable[None]]) -> None:
        while True:
            await leading.ours.wait()
            try:
                await each()
            except (RPCError, LedgerUnavailable) as error:
                log.warning("repair.failed", repair=each.__name__, error=str(error))
            await asyncio.sleep(EVERY.total_seconds())

    async def one_pass(self) -> None:
        """Every repair once, each by itself: one that fails does not stop the others.

        While the ledger is behind the world, what it lacks looks abandoned, or never begun: then
        nothing is repaired, and only what stops leads goes on.
        """
        for each in (self.mend, self.begin):
            await each()
        await self._each((self.stop_handed_over, self.tell_due))

    async def begin(self) -> None:
        """Who waits to begin."""
        await self._each((self._high_water.keep,))
        if not await is_behind(self._ledger):
            await self._each((self.start_admitted, self.admit_queued))

    async def mend(self) -> None:
        """Everything else."""
        await self._each((self._high_water.keep,))
        if not await is_behind(self._ledger):
            await self._each(self._repairs)

    @property
    def _repairs(self) -> Sequence[Callable[[], Awaitable[None]]]:
        return (
            self.turn_off,
            self.reach_leads,
            self.follow_up,
            self._feeds.let_go_on,
            self.let_reconciled_go,
            *self._triggering.passes,
            self.close_abandoned,
            self.settle_left_behind,
            self.drain_left_over,
            self.resume_launches,
            self.archive_closed,
            self._following.follow_up_due,
            self._retaining.blank_due,
            self.forget,
        )

    async def _each(self, passes: Sequence[Callable[[], Awaitable[None]]]) -> None:
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
                await self._abandoned.close(entry)
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
        room, failures = asyncio.Semaphore(STARTED_AT_ONCE), list[RPCError]()

        async def begin(start: Start) -> None:
            async with room:
                if failures:
                    return  # Temporal is away: no use in finding that out for each of them
                try:
                    await begin_workflow(self._ledger, self._client, start)
                except RPCError as error:
                    if error.status in OUT_OF_REACH:
                        failures.append(error)
                    else:
                        log.error("repair.start_refused", lead=start.lead, error=str(error))

        await asyncio.gather(*map(begin, starts))
        if failures:
            raise failures[0]

    async def let_reconciled_go(self) -> None:
        """Let go on, so many a pass, who was held while the ledger was behind."""
        await release_reconciled(self._ledger, self._connections, CHECKED_AT_ONCE)

    async def tell_due(self) -> None:
        """Deliver events that could not be delivered at once."""
        await deliver_due(self._ledger, self._client)

    async def close_abandoned(self) -> None:
        """Close entries whose workflow was terminated, has failed or was deleted."""
        await self._abandoned.close_abandoned()

    async def settle_left_behind(self) -> None:
        """Give intents that nobody will finish their final state: none is silently lost."""
        await settle_left_behind(self._ledger, CHECKED_AT_ONCE)

    async def drain_left_over(self) -> None:
        """Have the Writeback workflow of a connection see to what no enrollment did."""
        for connection in CONNECTIONS:
            async with self._ledger.reading() as tx:
                rows = await waiting_writebacks(self._ledger, tx, connection, LEFT_OVER_FOR, 1)
            if rows:
                await start_writeback(self._client, connection)

    async def resume_launches(self) -> None:
        """Have launches looked at that nobody has looked at in time."""
        async with self._ledger.reading() as tx:
            left = await launches_left(self._ledger, tx, LAUNCH_LATE)
        for automation in left:
            await wake_launch(self._client, automation)

    async def forget(self) -> None:
        """Take away slots of mails that limit nothing any more."""
        async with self._ledger.transaction() as tx:
            await forget_old_slots(self._ledger, tx)

    async def archive_closed(self) -> None:
        """Keep what Temporal will forget."""
        await archive_closed(self._ledger, self._client)
