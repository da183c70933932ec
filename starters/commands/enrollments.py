"""Which enrollment an operator means, and what can be told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio.client import Client, RPCError, WorkflowHandle, WorkflowQueryRejectedError
from temporalio.service import RPCStatusCode

from activities.ledger.entries import newest_entry
from starters.commands.opened import Opened
from starters.commands.output import Refused, WrongUse
from starters.leads.salesforce_ids import lead_id
from workers.key_check import WrongCodecKeys
from workers.plugin import TemporalUnreachable
from workflows.contracts import Status, enrollment_id
from workflows.engine.state import Decision

ANSWER_PATIENCE = timedelta(seconds=10)
"""How long a command waits for an enrollment to answer, or to carry out an order."""

EnrollmentId = Annotated[
    str | None, typer.Argument(metavar="ENROLLMENT", help="enrollment:AUTOMATION:LEAD")
]
OfAutomation = Annotated[
    str | None, typer.Option("--automation", "-a", help="Instead of ENROLLMENT, with --lead.")
]
OfLead = Annotated[
    str | None, typer.Option("--lead", "-l", help="Instead of ENROLLMENT, with --automation.")
]


@dataclass(frozen=True, slots=True)
class Story:
    """What an enrollment says of itself."""

    status: Status
    timeline: tuple[Decision, ...]


class NoAnswer(Exception):
    """The enrollment could not be asked; the message says why, and what to do."""


def meant(enrollment: str | None, automation: str | None, lead: str | None) -> str:
    """The workflow id that the arguments name.

    Raises:
        WrongUse: they name none, or name it twice over.
    """
    if enrollment and not (automation or lead):
        return enrollment
    if automation and lead and not enrollment:
        return enrollment_id(automation, lead_id(lead))
    raise WrongUse("say which enrollment: ENROLLMENT, or both --automation and --lead")


async def entry_of(tx: AsyncConnection, enrollment: str) -> Mapping[str, Any]:
    """The last entry of that enrollment.

    Raises:
        Refused: the ledger knows of none.
    """
    entry = await newest_entry(tx, enrollment)
    if entry is None:
        raise Refused(f"{enrollment}: there is no such enrollment: dripstone list shows those")
    return entry


async def ask(client: Client, entry: Mapping[str, Any]) -> Story:
    """Ask the enrollment itself, living or closed.

    Raises:
        NoAnswer: it has no workflow, or no worker is there to answer for it.
    """
    handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(entry["enrollment"])
    try:
        status = await handle.query("status", result_type=Status, rpc_timeout=ANSWER_PATIENCE)
        timeline = await handle.query(
            "timeline", result_type=list[Decision], rpc_timeout=ANSWER_PATIENCE
        )
    except WorkflowQueryRejectedError as error:
        raise NoAnswer(f"the workflow cannot be asked: {error}") from error
    except RPCError as error:
        raise NoAnswer(why_no_answer(error)) from error
    if status.entry not in (0, entry["entry"]):
        raise NoAnswer("Temporal has another entry of this lead only")
    return Story(status, tuple(timeline))


@dataclass(frozen=True, slots=True)
class Told:
    """All that is known of one entry. ``story`` is None if it could not be asked: ``why_not``."""

    entry: Mapping[str, Any]
    effects: list[Mapping[str, Any]]
    story: Story | None = None
    why_not: str = ""

    @property
    def timeline(self) -> list[Decision]:
        """From the enrollment itself, or, once it has been archived, from the ledger."""
        if self.story:
            return list(self.story.timeline)
        return [Decision.model_validate(line) for line in self.entry["timeline"] or ()]


async def tell_of(here: Opened, entry: Mapping[str, Any], effects: list[Mapping[str, Any]]) -> Told:
    """What the enrollment says of itself, if it is not archived and can be asked."""
    if entry["state"] == "CLOSED" and entry["timeline"]:
        return Told(entry, effects)
    try:
        return Told(entry, effects, await ask(await here.client(), entry))
    except (NoAnswer, TemporalUnreachable, WrongCodecKeys) as error:
        return Told(entry, effects, why_not=str(error))


def why_no_answer(error: RPCError) -> str:
    """What a failed question means, and how to mend it."""
    if error.status is RPCStatusCode.NOT_FOUND:
        return "Temporal has no workflow of it (yet, or any more)"
    if error.status in (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED):
        return "no worker answered in time: is 'dripstone worker' running?"
    return f"Temporal could not ask it: {error.message}"
