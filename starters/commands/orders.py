"""Commands that order an enrollment about, as workflow updates: pause, resume, retry, skip."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated

import typer
from temporalio.client import (
    Client,
    RPCError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError

from starters.commands.enrollments import (
    ANSWER_PATIENCE,
    EnrollmentId,
    NoAnswer,
    OfAutomation,
    OfLead,
    ask,
    entry_of,
    meant,
    why_no_answer,
)
from starters.commands.opened import opened
from starters.commands.output import AsJson, Refused, answer
from starters.commands.who import By, Why, operator
from workflows.contracts import OrderBody, Status

verbs = typer.Typer()

ORDERS = {
    "pause": "Hold a lead in place; stop events still act.",
    "resume": "Let a paused lead go on.",
    "retry": "Try a step that needs attention again, as a new visit.",
    "skip": "Leave the present step undone and go on with the following one.",
}

AtStep = Annotated[str, typer.Option("--step", help="Refuse unless the lead is at this step.")]
OnVisit = Annotated[
    int,
    typer.Option(
        "--visit", min=0, show_default=False, help="Refuse unless it is on this visit of the step."
    ),
]


def _command(verb: str) -> Callable[..., None]:
    """All of them take the same."""

    def order(
        enrollment: EnrollmentId = None,
        automation: OfAutomation = None,
        lead: OfLead = None,
        step: AtStep = "",
        visit: OnVisit = 0,
        by: By = None,
        reason: Why = "",
        as_json: AsJson = False,
    ) -> None:
        body = OrderBody(step=step, visit=visit, by=by or operator(), reason=reason)
        _order(verb, meant(enrollment, automation, lead), body, as_json)

    return order


for _verb, _what in ORDERS.items():
    verbs.command(_verb, help=_what)(_command(_verb))


def _order(verb: str, enrollment: str, body: OrderBody, as_json: bool) -> None:
    async def work() -> Status:
        async with opened() as here:
            async with here.ledger.reading() as tx:
                entry = await entry_of(tx, enrollment)
            if entry["state"] == "CLOSED":
                raise Refused(f"{enrollment}: has ended: {entry['exit']}")
            client = await here.client()
            try:
                now = (await ask(client, entry)).status
            except NoAnswer as error:
                raise Refused(f"{enrollment}: {error}") from error
            # What the operator saw: should the lead move on meanwhile, the order is refused.
            seen = {"step": body.step or now.step, "visit": body.visit or now.visit}
            return await carry_out(client, enrollment, verb, body.model_copy(update=seen))

    status = asyncio.run(work())
    where = f"{status.state} at step {status.step!r}"
    answer(as_json, status, [f"{enrollment}: {verb} done; {where}"])


async def carry_out(
    client: Client, enrollment: str, verb: str, body: OrderBody, once: str | None = None
) -> Status:
    """Order an enrollment; what has the id ``once`` is carried out once, however often asked.

    Raises:
        Refused: the order cannot be carried out now, or nobody is there to do it.
    """
    handle = client.get_workflow_handle(enrollment)
    try:
        status: Status = await handle.execute_update(
            verb, body, id=once, result_type=Status, rpc_timeout=ANSWER_PATIENCE
        )
    except WorkflowUpdateFailedError as error:
        said = error.cause.message if isinstance(error.cause, ApplicationError) else error.cause
        raise Refused(f"{enrollment}: {said}") from error
    except WorkflowUpdateRPCTimeoutOrCancelledError as error:
        raise Refused(
            f"{enrollment}: no worker answered in time: look at its status before you try again"
        ) from error
    except RPCError as error:
        raise Refused(f"{enrollment}: {why_no_answer(error)}") from error
    return status
