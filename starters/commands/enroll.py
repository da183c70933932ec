"""Commands by which leads and events come in: enroll, emit."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from starters.commands.emitting import Emitted, emit_event, read_data, read_event
from starters.commands.enrolling import FromFile, enroll_file, enroll_one, file_lines
from starters.commands.output import AsJson, WrongUse, answer
from starters.leads.salesforce_ids import lead_id

verbs = typer.Typer()

Fields = Annotated[
    list[str] | None,
    typer.Option("--field", "-f", metavar="NAME=VALUE", help="As often as wanted."),
]
Data = Annotated[
    list[str] | None, typer.Option("--data", "-d", metavar="NAME=VALUE", help="As often as wanted.")
]


@verbs.command()
def enroll(
    automation: Annotated[str, typer.Argument(metavar="AUTOMATION", help="Its id.")],
    file: Annotated[
        Path | None, typer.Option("--file", "--leads", help="Leads: CSV with a header, or .jsonl.")
    ] = None,
    lead: Annotated[
        str | None, typer.Option("--lead", "-l", help="A Salesforce id, or source-key.")
    ] = None,
    email: Annotated[str | None, typer.Option("--email")] = None,
    fields: Fields = None,
    again: Annotated[
        bool, typer.Option("--again", help="Ask anew for rows of a file imported before.")
    ] = False,
    rejected: Annotated[
        Path | None,
        typer.Option("--rejected", help="Where rows that did not enter go; FILE.rejected.csv."),
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Try it out: mails go to the sample mailbox only.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Enroll one lead, or a file of leads. A file may be given again: it goes on where it was."""
    if (file is None) == (lead is None and email is None):
        raise WrongUse("say whom: --file, or --lead or --email (or both)")
    run = uuid4().hex[:8] if sample else ""
    if file is not None:
        if fields:
            raise WrongUse("--field goes with one lead; a file has its own columns")
        name = uuid4().hex if again else run
        _enroll_file(FromFile(automation, file, rejected, name, run), as_json)
        return
    written = read_data(fields or ()) | ({"email": email} if email else {})
    done = asyncio.run(enroll_one(automation, lead_id(lead) if lead else None, written, run))
    line = f"{done.enrollment}, entry {done.entry}: entered"
    if done.queued:
        line = f"{done.enrollment}: waits for its lane to be free"
    lines = [line] if done.started or done.queued else [line, f"not started yet: {done.why_not}"]
    answer(as_json, asdict(done), lines)


def _enroll_file(wanted: FromFile, as_json: bool) -> None:
    tally = asyncio.run(enroll_file(wanted))
    answer(as_json, tally, file_lines(tally))
    if tally.rows == tally.rejected:
        raise typer.Exit(1)


@verbs.command()
def emit(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="Such as reply or meeting_booked.")],
    lead: Annotated[str, typer.Option("--lead", "-l", help="Whom it happened to.")],
    data: Data = None,
    json_data: Annotated[
        str | None, typer.Option("--json-data", metavar="OBJECT", help="More data, as JSON.")
    ] = None,
    event_id: Annotated[
        str | None, typer.Option("--id", help="Its id: a second event with it changes nothing.")
    ] = None,
    at: Annotated[
        datetime | None,
        typer.Option(
            "--at",
            formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"],
            help="When it happened, with its offset or Z; now, if left out.",
        ),
    ] = None,
    center: Annotated[str, typer.Option("--center", help="Whose lead.")] = "default",
    as_json: AsJson = False,
) -> None:
    """Put an event into the inbox and tell the enrollments it is about."""
    event = read_event(kind, read_data(data or (), json_data), event_id, at)
    done: Emitted = asyncio.run(emit_event(event, lead_id(lead), center))
    known = "" if done.is_new else " (known before: nothing changed)"
    lines = [f"{done.id}: taken in{known}"]
    lines += [f"told: {name}" if done.told else f"to be told: {name}" for name in done.targets]
    if done.why_not_told:
        lines.append(f"told once Temporal is back: {done.why_not_told}")
    answer(as_json, done, lines)
