"""The Enrollment workflow: a short shell that carries out what the engine wants for one lead."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pydantic import JsonValue
from temporalio import workflow
from temporalio.common import RawValue

from workflows.bookkeeping import Pin, decoded, have_recorded, repin_request
from workflows.contracts import (
    Admission,
    AdmitRequest,
    Ending,
    MigrateBody,
    Recorded,
    RecordRequest,
    Start,
    Status,
)
from workflows.engine import holds
from workflows.engine.automation import Automation
from workflows.engine.holds import objection_to_place
from workflows.engine.interpreter import advance, begin, hear
from workflows.engine.migrating import migrate, objection
from workflows.engine.state import Close, Decision, Order, State, Wait
from workflows.flight import Flight
from workflows.options import BOOKKEEPING
from workflows.orders import Orders
from workflows.presentation import attributes_of, details_of, status_of, updates
from workflows.releases import must_know, onward

LONGEST_HISTORY = 2000
"""Events of one run after which it continues as new, at the next wait."""


@workflow.defn(name="Enrollment")
class Enrollment(Orders):
    """One lead in one automation, until its exit."""

    @workflow.init
    def __init__(self, start: Start) -> None:
        self._start = start
        self._state: State | None = start.state
        self._signals: list[tuple[str, JsonValue]] = []
        self._flight = Flight()
        self._shown: dict[str, str] = {"DripState": "running"} if not start.state else {}
        self._recording: asyncio.Task[Recorded] | None = None
        self._pin = Pin()

    @workflow.run
    async def run(self, start: Start) -> Ending:
        """Journey to the exit; the result says how it ended."""
        must_know(start.semantics)
        if self._state is None:
            refused = await self._admit()
            if refused:
                return Ending(refused=refused)
        while not self._journey.exit:
            try:
                await self._one_round()
            except asyncio.CancelledError:
                if workflow.cancellation_reason() is None:
                    raise  # evicted from the worker's cache, not cancelled
                # Cancelling in Temporal means removing the lead.
                self.take_order(Order(verb="remove", reason="cancelled in Temporal"))
        await self._end_well()
        self._upsert(self._journey)
        await workflow.wait_condition(workflow.all_handlers_finished)
        state = self._journey
        return Ending(
            exit=state.exit, sends=state.sends, unknowns=state.unknowns, timeline=state.timeline
        )

    async def _one_round(self) -> None:
        self._start_write_backs()
        if self._may_begin:
            self._flight.match(self._journey)
        self._record()
        self._show()
        self._continue_as_new_if_long()
        await workflow.wait_condition(self._has_news)
        self._take_news()

    async def _admit(self) -> str:
        start = self._start
        if start.definition is None:
            first = workflow.info().first_execution_run_id
            request = AdmitRequest(automation=start.automation, lead=start.lead, first_run=first)
            admission: Admission = await workflow.execute_activity(
                "admit", request, result_type=Admission, summary="Admit", **BOOKKEEPING
            )
            if admission.start is None:
                return admission.refused
            self._start = start = admission.start
            must_know(start.semantics)
        self._state = begin(self._automation, start.blank_state(workflow.now()))
        return ""

    @property
    def _automation(self) -> Automation:
        assert self._start.definition is not None
        return self._start.definition

    @property
    def _journey(self) -> State:
        assert self._state is not None
        return self._state

    def _has_news(self) -> bool:
        state = self._journey
        changed = state.wanted is not None and state.wanted.serial != self._flight.serial
        recorded = self._recording is not None and self._recording.done()
        news = self._signals or self._flight.has_landed or recorded or self._pin.has_answer
        return bool(news) or (changed and self._may_begin)

    def _take_news(self) -> None:
        """Signals first: a stop that arrived together with a fired timer wins."""
        signals, self._signals = self._signals, []
        for name, body in signals:
            now = workflow.now()
            self._state = hear(self._automation, self._journey, name, body, now)
        self._start_write_backs()
        landed = self._flight.landed()
        if landed is not None:
            self._state = advance(self._automation, self._journey, landed, workflow.now())
        if self._recording is not None and self._recording.done():
            self._flight.write_back(self._recording.result().writebacks)
            self._recording = None
        self._state = self._pin.taken_into(self._journey, workflow.now())

    def _start_write_backs(self) -> None:
        self._flight.write_back(self._journey.writebacks)
        self._state = self._journey.model_copy(update={"writebacks": ()})

    def _record(self) -> None:
        """Have events of direct signals recorded: one activity for all that are there.

        A stop is recorded by ``close``, in the same transaction as the exit.
        """
        state = self._journey
        if not state.unrecorded or self._recording or isinstance(state.wanted, Close):
            return
        request = RecordRequest(
            enrollment=state.enrollment, entry=state.entry, events=state.unrecorded
        )
        self._state = state.model_copy(update={"unrecorded": ()})
        self._recording = asyncio.create_task(have_recorded(request))

    async def _end_well(self) -> None:
        """Record what came while the enrollment was closing and during its last write-backs."""
        self._record()
        while self._recording or self._flight.writes_back or self._signals:
            await workflow.wait_condition(self._has_more_to_end)
            self._take_news()
            self._record()
        await self._flight.settle()

    def _has_more_to_end(self) -> bool:
        return self._has_news() or not (self._recording or self._flight.writes_back)

    def _show(self) -> None:
        """Search attributes when a wait or hold begins and at the exit; details always (free)."""
        state = self._journey
        workflow.set_current_details(details_of(self.status(), state.timeline))
        if not isinstance(state.wanted, Wait):
            return
        self._upsert(state)

    def _upsert(self, state: State) -> None:
        wanted = attributes_of(state)
        changes = updates(wanted, self._shown)
        if changes:
            workflow.upsert_search_attributes(changes)
            self._shown = self._shown | wanted

    def _continue_as_new_if_long(self) -> None:
        info = workflow.info()
        long = info.is_continue_as_new_suggested() or (
            info.get_current_history_length() > LONGEST_HISTORY
        )
        resting = isinstance(self._journey.wanted, Wait) and not self._signals
        busy = self._recording or not self._pin.is_settled or self._flight.writes_back
        if long and resting and not busy and workflow.all_handlers_finished():
            workflow.continue_as_new(onward(self._start, self._journey))

    def take_order(self, order: Order) -> None:
        """Carry out an order; ``objection_to`` has let it pass."""
        self._state = advance(self._automation, self._journey, order, workflow.now())

    def objection_to(self, order: Order) -> str:
        """Why an order cannot be carried out now; empty if it can."""
        if self._state is None:
            return "the enrollment is not admitted yet: try again in a moment"
        return holds.objection(self._automation, self._state, order)

    def take_migration(self, body: MigrateBody, update: str) -> None:
        """Go on in another version; nothing begins in it before the ledger has pinned it."""
        before, old = self._journey, self._automation
        self._state = migrate(old, before, body, workflow.now())
        version, changes = self._start.version or 0, {"definition": body.definition}
        self._start = self._start.model_copy(update=changes | {"version": body.version})
        request = repin_request(body, update, (before, version, old), self._journey)
        self._pin.ask(request)

    def objection_to_migration(self, body: MigrateBody) -> str:
        """Why the lead cannot be moved to that version now; empty if it can."""
        if self._state is None or not self.is_pinned:
            return "the enrollment is being admitted or moved: try again in a moment"
        return objection_to_place(self._state, body.step, body.visit) or objection(
            self._automation, self._state, body
        )

    @property
    def is_pinned(self) -> bool:
        """Whether the ledger knows which version this is on."""
        return self._pin.is_settled

    @property
    def _may_begin(self) -> bool:
        """The end may begin at any time, and all else once the version is pinned."""
        return self._pin.is_settled or isinstance(self._journey.wanted, Close)

    @property
    def has_exited(self) -> bool:
        """Whether the ledger has closed the enrollment."""
        return self._state is not None and self._state.exit is not None

    @workflow.signal(dynamic=True)
    def on_signal(self, name: str, args: Sequence[RawValue]) -> None:
        """Any signal, in any shape: read by the engine, never raising."""
        self._signals.append((name, decoded(args)))

    @workflow.query
    def status(self) -> Status:
        """Where the lead is: step, waiting for what and until when, sends, events, exit."""
        return status_of(self._start, self._state)

    @workflow.query
    def timeline(self) -> list[Decision]:
        """The last 50 decisions, oldest first, each with its reason."""
        return list(self._state.timeline) if self._state else []
