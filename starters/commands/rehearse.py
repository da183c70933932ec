"""The command that plays a campaign through before anybody is mailed: rehearse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from starters.commands.author import check
from starters.commands.opened import settings_of_environment
from starters.commands.output import AsJson, Refused, WrongUse, answer, table, tell
from starters.leads.file import UnreadableFile
from starters.rehearse.rehearsing import Piece, Rehearsed, Roll, rehearse
from starters.rehearse.script import BadScript, read_script
from starters.rehearse.watching import Watching, lines_of
from workers.accounts import load_connections
from workers.authoring import read_templates
from workflows.engine.automation import Automation

verbs = typer.Typer()

REJECTED_TOLD = 20


@verbs.command("rehearse")
def rehearse_command(
    files: Annotated[
        list[Path], typer.Argument(metavar="AUTOMATION...", help="Files; every lead enters each.")
    ],
    leads: Annotated[Path, typer.Option("--leads", help="Leads: CSV with a header, or .jsonl.")],
    script: Annotated[
        Path | None, typer.Option("--script", help="What happens when; else leads act by chance.")
    ] = None,
    begins: Annotated[
        datetime | None,
        typer.Option(
            "--from",
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"],
            help="When it begins: a day (0:00 UTC), or an instant with its offset; now.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Another number: other chances.")] = 0,
    engine: Annotated[
        bool, typer.Option("--engine", help="All leads on one virtual clock, without a server.")
    ] = False,
    show: Annotated[int, typer.Option("--show", min=0, help="Timelines to show.")] = 10,
    timelines: Annotated[
        Path | None, typer.Option("--timelines", help="Write every line here, as JSON lines.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Play automations through in virtual time. Nothing is sent. 1 if there are surprises."""
    if not engine:
        raise WrongUse(
            "rehearsing on the real server is not there yet: give --engine, which plays the same "
            "engine, templates and gate without a server"
        )
    begins = begins or datetime.now(UTC).replace(microsecond=0)
    begins = begins.astimezone(UTC) if begins.tzinfo else begins.replace(tzinfo=UTC)
    done = _play(_piece(files, script, begins, seed), leads, Watching(show), timelines)
    answer(as_json, done.document, _lines(done))
    if done.watching.surprises.counts:
        raise typer.Exit(1)


def _piece(files: list[Path], script: Path | None, begins: datetime, seed: int) -> Piece:
    settings = settings_of_environment()
    templates = read_templates(settings.templates)
    automations: list[Automation] = []
    for file in files:
        automation, findings = check(file, templates, None)
        if automation is None:
            raise Refused("\n".join(str(one) for one in findings if one.severity == "error"))
        automations.append(automation)
    if len({one.id for one in automations}) < len(automations):
        raise WrongUse("two of the files have the same automation id: rehearse them one by one")
    if len({one.center for one in automations}) > 1:
        raise WrongUse("the files belong to several centers: rehearse each center by itself")
    try:
        scripted = read_script(script) if script else None
    except BadScript as error:
        raise Refused(str(error)) from error
    connections = load_connections(settings.connections)
    return Piece(tuple(automations), templates, connections, begins, scripted, seed)


def _play(piece: Piece, leads: Path, watching: Watching, timelines: Path | None) -> Rehearsed:
    roll = Roll(leads, piece.automations[0].center)
    with ExitStack() as stack:
        try:
            if timelines:
                watching.file = stack.enter_context(timelines.open("w", encoding="utf-8"))
            return rehearse(piece, roll, watching)
        except UnreadableFile as error:
            raise Refused(str(error)) from error
        except OSError as error:
            raise Refused(f"{error.filename}: {error.strerror}") from error
        finally:
            for line, problem in list(roll.rejected.items())[:REJECTED_TOLD]:
                tell(f"{leads}:{line}: {problem}")


def _lines(done: Rehearsed) -> Iterator[str | Table]:
    seen = done.watching
    for case, lines in seen.timelines.values():
        yield from lines_of(case, lines)
    ends = f"{seen.ends:%Y-%m-%d %H:%M}" if seen.ends else "nothing happened"
    yield f"from {done.piece.begins:%Y-%m-%d %H:%M} to {ends} (UTC), in {done.seconds:.1f} s"
    yield f"{done.roll.rows} rows, {len(done.roll.rejected)} unreadable; {seen.entered} entered"
    counted = (
        ("refused", seen.turned_away),
        ("exit", seen.exits),
        ("mail", seen.mails),
        ("CRM write", seen.crm),
        ("gate", seen.gate),
        ("surprise", seen.surprises.counts),
    )
    rows = [(what, name, n) for what, counts in counted for name, n in sorted(counts.items())]
    yield table(
        "", ("", "", ""), [*rows, *((("message to the team", "", seen.chat),) * (seen.chat > 0))]
    )
    for one in seen.surprises.examples:
        when = f"{one.at:%Y-%m-%d %H:%M:%S}Z " if one.at else ""
        yield f"surprise: {one.kind}: {one.lead} {one.step or '-'} {when}{one.what}"
    if not seen.surprises.counts:
        yield "no surprises"
