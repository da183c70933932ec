"""What an enrollment has the ledger write down beside its journey: events, and its version."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from pydantic import JsonValue
from temporalio import workflow
from temporalio.common import RawValue

from workflows.contracts import MigrateBody, Recorded, RecordRequest, Repinned, RepinRequest
from workflows.engine import holds
from workflows.engine.automation import Automation
from workflows.engine.migrating import landing, place_of
from workflows.engine.state import State
from workflows.options import BOOKKEEPING


def repin_request(
    body: MigrateBody, update: str, before: tuple[State, int, Automation], after: State
) -> RepinRequest:
    """What the ledger is told. ``before`` is the state, version and definition of before."""
    state, version, definition = before
    place = landing(definition, body.definition, state.step, body.renamed)
    return RepinRequest(
        id=update,
        enrollment=state.enrollment,
        entry=state.entry,
        from_version=version,
        to_version=body.version,
        digest=body.digest,
        how="back" if body.undoes else place.how,
        before=place_of(state),
        step=after.step,
        visit=after.visits.get(after.step, 0),
        undoes=body.undoes,
        by=body.by,
        reason=body.reason,
    )


class Pin:
    """The version that an enrollment has moved to, while the ledger does not know of it yet."""

    def __init__(self) -> None:
        self._asked: asyncio.Task[Repinned] | None = None

    @property
    def is_settled(self) -> bool:
        """Whether effects may begin: the ledger judges them by the version that it knows."""
        return self._asked is None

    @property
    def has_answer(self) -> bool:
        """Whether ``taken_into`` has something to tell."""
        return self._asked is not None and self._asked.done()

    def ask(self, request: RepinRequest) -> None:
        """Have the ledger pin it, however long that takes."""
        self._asked = asyncio.create_task(_have_repinned(request))

    def taken_into(self, state: State, now: datetime) -> State:
        """The state once the ledger has answered; a refusal needs a person."""
        if self._asked is None or not self._asked.done():
            return state
        answer, self._asked = self._asked.result(), None
        state = state.model_copy(update={"values": state.values | answer.values})
        return holds.park(state, answer.refused, now) if answer.refused else state


async def _have_repinned(request: RepinRequest) -> Repinned:
    answer: Repinned = await workflow.execute_activity(
        "repin",
        request,
        result_type=Repinned,
        summary=f"Pin version {request.to_version}",
        **BOOKKEEPING,
    )
    return answer


async def have_recorded(request: RecordRequest) -> Recorded:
    """Have events of direct signals recorded."""
    recorded: Recorded = await workflow.execute_activity(
        "record", request, result_type=Recorded, summary="Record events", **BOOKKEEPING
    )
    return recorded


def decoded(args: Sequence[RawValue]) -> JsonValue:
    """The arguments of a signal as JSON: nothing, the one argument, or a list of several."""
    values: list[JsonValue] = []
    for arg in args:
        try:
            values.append(workflow.payload_converter().from_payload(arg.payload))
        except Exception as error:  # noqa: BLE001 - any body must be kept, whatever is wrong with it
            values.append(f"unreadable payload: {type(error).__name__}")
    return values[0] if len(values) == 1 else values or None
