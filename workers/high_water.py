"""The ledger's high-water mark outside the ledger: in the note of a Temporal schedule that never
fires. A ledger that is below it was put back from a backup."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
)
from temporalio.service import RPCError, RPCStatusCode

from activities.dispatch import RPC_PATIENCE
from activities.ledger import Ledger, LedgerUnavailable
from activities.ledger.high_water import (
    BEHIND,
    fall_behind,
    find_behind,
    identity_of,
    raise_mark,
)

log = structlog.get_logger(__name__)

EVERY = timedelta(seconds=30)
_NOTE = "High-water mark of the ledger: "
_NOT_FOR_US = (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED)


class HighWater:
    """Keeps the mark, and compares. What is younger than ``EVERY`` may go unnoticed."""

    def __init__(self, ledger: Ledger, client: Client) -> None:
        self._ledger = ledger
        self._client = client
        self._kept_at: datetime | None = None

    async def compare(self) -> bool:
        """Whether the ledger is behind; from the first time on that is found, the gate holds.

        Raises:
            RPCError: Temporal does not say how far the ledger had come.
        """
        # What is outside first: the ledger's own mark only rises, and so is never behind by chance.
        world = await self._read()
        if await fall_behind(self._ledger, world):
            log.error("ledger.behind", why=BEHIND, mark=world)
        async with self._ledger.reading() as tx:
            return await find_behind(tx) is not None

    async def keep(self) -> None:
        """Compare, and raise both marks, unless that was done a moment ago."""
        now = datetime.now(UTC)
        if self._kept_at and now - self._kept_at < EVERY:
            return
        if await self.compare():
            return
        mark = await raise_mark(self._ledger)
        await self._write(mark.number)
        self._kept_at = now

    async def keep_at_last(self) -> None:
        """The same at the end of a worker, so that a restart notices whatever is older."""
        self._kept_at = None
        with suppress(RPCError, LedgerUnavailable):
            await self.keep()

    async def _id(self) -> str:
        return f"dripstone-ledger-{(await identity_of(self._ledger))[:16]}"

    async def _read(self) -> int:
        handle = self._client.get_schedule_handle(await self._id())
        try:
            found = await handle.describe(rpc_timeout=RPC_PATIENCE)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return 0
            if error.status in _NOT_FOR_US:
                log.warning("ledger.mark_not_kept", why=error.message)
                return 0
            raise
        said = (found.schedule.state.note or "").removeprefix(_NOTE)
        return int(said) if said.isdecimal() else 0

    async def _write(self, number: int) -> None:
        name = await self._id()
        schedule = _never_firing(name, number)
        handle = self._client.get_schedule_handle(name)
        try:
            await handle.update(lambda _now: ScheduleUpdate(schedule), rpc_timeout=RPC_PATIENCE)
        except RPCError as error:
            if error.status in _NOT_FOR_US:
                return
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            with suppress(ScheduleAlreadyRunningError):
                await self._client.create_schedule(name, schedule, rpc_timeout=RPC_PATIENCE)


def _never_firing(name: str, number: int) -> Schedule:
    action = ScheduleActionStartWorkflow("LedgerMark", id=name, task_queue="enrollments")
    state = ScheduleState(note=f"{_NOTE}{number}", paused=True)
    return Schedule(action=action, spec=ScheduleSpec(), state=state)


async def is_behind(ledger: Ledger) -> bool:
    """Whether there is something to settle, as the ledger has it."""
    async with ledger.reading() as tx:
        return await find_behind(tx) is not None
