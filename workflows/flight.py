"""Making so what the engine wants: one effect or one timer in flight, and write-backs beside it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError, TimeoutError

from workflows.contracts import CloseRequest, Recorded
from workflows.engine.effects import FACT_EFFECTS, FactEffect, Outcome
from workflows.engine.state import Close, Closed, Done, Failed, Fired, News, Perform, State, Wait
from workflows.options import BOOKKEEPING, EFFECT, WRITEBACK

SHORTEST = timedelta(milliseconds=1)


class Flight:
    """What is in flight for one enrollment. At most one wanted thing, any number of write-backs."""

    def __init__(self) -> None:
        self.serial = 0
        self.writebacks: dict[str, asyncio.Task[None]] = {}
        self._wanted: asyncio.Task[News | None] | None = None

    def match(self, state: State) -> None:
        """Take off what ``state`` wants; what it no longer wants is cancelled."""
        if state.wanted is None or state.wanted.serial == self.serial:
            return
        if self._wanted:
            self._wanted.cancel()
        self.serial = state.wanted.serial
        self._wanted = asyncio.create_task(_carry_out(state, self))

    def landed(self) -> News | None:
        """What became of the wanted thing, once; None while it is in flight."""
        if self._wanted is None or not self._wanted.done():
            return None
        task, self._wanted = self._wanted, None
        return None if task.cancelled() else task.result()

    @property
    def has_landed(self) -> bool:
        """Whether ``landed`` has something to tell."""
        return self._wanted is not None and self._wanted.done()

    def write_back(self, keys: tuple[str, ...]) -> None:
        """Start effects of facts; the journey does not wait for them."""
        for key in keys:
            if key not in self.writebacks:
                self.writebacks[key] = asyncio.create_task(_write_back(key))

    @property
    def writes_back(self) -> bool:
        """Whether a write-back is still in flight."""
        return any(not task.done() for task in self.writebacks.values())

    async def settle(self) -> None:
        """Let the write-backs end; each is bounded by its own time-out."""
        for task in list(self.writebacks.values()):
            await task


async def _carry_out(state: State, flight: Flight) -> News | None:
    wanted = state.wanted
    if isinstance(wanted, Perform):
        return await _perform(wanted, flight)
    if isinstance(wanted, Wait):
        return await _wait(wanted, workflow.now())
    return await _close(state, wanted, flight) if isinstance(wanted, Close) else None


async def _perform(wanted: Perform, flight: Flight) -> News:
    effect = wanted.effect
    try:
        outcome = await workflow.execute_activity(
            effect.activity,
            effect,
            result_type=Outcome,
            task_queue=effect.queue,
            summary=wanted.summary,
            cancellation_type=workflow.ActivityCancellationType.TRY_CANCEL,
            **EFFECT,
        )
    except ActivityError as error:
        if isinstance(error.cause, CancelledError):
            raise asyncio.CancelledError from error
        return Failed(serial=wanted.serial, reason=why_it_failed(error))
    flight.write_back(outcome.writebacks)
    return Done(serial=wanted.serial, outcome=outcome)


async def _wait(wanted: Wait, now: datetime) -> News | None:
    if wanted.until is None:
        await asyncio.Future[None]()
        return None
    await workflow.sleep(max(wanted.until - now, SHORTEST), summary=wanted.summary)
    return Fired(serial=wanted.serial)


async def _close(state: State, wanted: Close, flight: Flight) -> News:
    request = CloseRequest(
        enrollment=state.enrollment,
        entry=state.entry,
        reason=wanted.reason,
        at=wanted.at,
        events=wanted.events,
    )
    recorded = await workflow.execute_activity(
        "close",
        request,
        result_type=Recorded,
        summary=f"Exit: {wanted.reason.value.replace('_', ' ')}",
        **BOOKKEEPING,
    )
    flight.write_back(recorded.writebacks)
    return Closed(reason=recorded.reason or wanted.reason)


async def _write_back(key: str) -> None:
    effect = FactEffect(key=key)
    if effect.activity not in FACT_EFFECTS:
        return
    try:
        await workflow.execute_activity(
            effect.activity,
            effect,
            result_type=Outcome,
            task_queue="crm",
            summary=FACT_EFFECTS[effect.activity],
            **WRITEBACK,
        )
    except ActivityError as error:
        # The row is still in the ledger; the Writeback workflow of the connection drains it.
        workflow.logger.warning("write-back left to the Writeback workflow: %s", error.cause)


def why_it_failed(error: ActivityError) -> str:
    """One line for people: what the cause of an activity's failure said."""
    cause = error.cause
    if isinstance(cause, ApplicationError):
        return f"{cause.type}: {cause.message}"[:300]
    if isinstance(cause, TimeoutError):
        last = cause.cause
        detail = f": {last.message}" if isinstance(last, ApplicationError) else ""
        return f"retries used up{detail}"[:300]
    return str(cause or error)[:300]
