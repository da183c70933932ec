"""replay: decide again what was decided, with the code at hand; for on-call, before a deploy."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from temporalio.client import WorkflowHistory

from starters.commands.enrollments import EnrollmentId, OfAutomation, OfLead, entry_of, meant
from starters.commands.opened import opened, settings_of_environment
from starters.commands.output import AsJson, Refused, WrongUse, answer
from workers.archive import unpack
from workers.codec import CodecOfAny
from workers.key_check import keys_of
from workers.replaying import Replayed, read_histories, replay

verbs = typer.Typer()


@verbs.command("replay")
def replay_command(
    enrollment: EnrollmentId = None,
    file: Annotated[
        list[Path] | None,
        typer.Option(help="A history as JSON, as the Temporal UI downloads it. Repeatable."),
    ] = None,
    automation: OfAutomation = None,
    lead: OfLead = None,
    as_json: AsJson = False,
) -> None:
    """Replay histories against this code: from files, or an enrollment's, also long after its end.

    Exit status 1 if the code would decide otherwise than it did then.
    """
    if file and (enrollment or automation or lead):
        raise WrongUse("give either --file or an enrollment")
    done = asyncio.run(_of_files(file) if file else _of_lead(enrollment, automation, lead))
    lines = (f"{one.workflow}: {_verdict(one)}" for one in done)
    answer(as_json, done, lines)
    if any(one.problem for one in done):
        raise typer.Exit(1)


def _verdict(one: Replayed) -> str:
    if one.problem:
        return f"DIFFERS: {one.problem}"
    return f"{one.events} events replayed, every decision the same"


async def _of_files(files: list[Path]) -> list[Replayed]:
    histories: list[WorkflowHistory] = []
    for path in files:
        try:
            histories += read_histories(str(path), path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise Refused(str(error)) from error
    codec = settings_of_environment().codec
    return await replay(histories, CodecOfAny(keys_of(codec)) if codec else None)


async def _of_lead(
    enrollment: str | None, automation: str | None, lead: str | None
) -> list[Replayed]:
    """From the archive if the entry has closed, else from Temporal."""
    workflow = meant(enrollment, automation, lead)
    async with opened() as here:
        async with here.ledger.reading() as tx:
            entry = await entry_of(tx, workflow)
        if entry["history"]:
            runs = unpack(entry["history"])
            histories = [WorkflowHistory.from_json(workflow, run) for run in runs]
        else:
            client = await here.client()
            histories = [await client.get_workflow_handle(workflow).fetch_history()]
        return await replay(histories, here.codec())
