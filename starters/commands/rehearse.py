"""The command that plays a campaign through before anybody is mailed: rehearse."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Annotated

import typer
from rich.table import Table

from starters.commands.author import check
from starters.commands.opened import settings_of_environment
from starters.commands.output import AsJson, Refused, WrongUse, answer, table, tell
from starters.leads.file import UnreadableFile
from starters.processes.devserver import DevServerError
from starters.rehearse.on_server import rehearse_on_server
from starters.rehearse.rehearsing import Mode, Piece, Rehearsed, Roll, rehearse, told_of_wave
from starters.rehearse.script import BadScript, read_script
from starters.rehearse.watching import Watching, lines_of
from workers.accounts import load_connections
from workers.authoring import read_templates
from workflows.engine.automation import Automation

verbs = typer.Typer()

REJECTED_TOLD = 20

Begins = Annotated[
    datetime | None,
    typer.Option(
        "--from",
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"],
        help="When it begins: a day (0:00 UTC), or an instant with its offset; now, if left out.",
    ),
]
LeadsFile = Annotated[
    Path, typer.Option("--leads", "--file", help="Leads: CSV with a header, or .jsonl.")
]
Timelines = Annotated[
    Path | None, typer.Option("--timelines", help="Write every line here, as JSON lines.")
]


@verbs.command("rehearse")
def rehearse_command(
    files: Annotated[
        list[Path], typer.Argument(metavar="AUTOMATION", help="Files; every lead enters each.")
    ],
    leads: LeadsFile,
    script: Annotated[
        Path | None, typer.Option("--script", help="What happens when; else leads act by chance.")
    ] = None,
    begins: Begins = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the random prospects.")] = 0,
    engine: Annotated[
        bool, typer.Option("--engine", help="All leads on one virtual clock, without a server.")
    ] = False,
    show: Annotated[int, typer.Option("--show", min=0, help="Timelines to show.")] = 10,
    timelines: Timelines = None,
    as_json: AsJson = False,
) -> None:
    """Play automations through in virtual time; nothing is sent.

    Exit status 1 if there are surprises.

    On a real Temporal server of its own that skips time, or with --engine without one.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    begins = begins or now
    begins = begins.astimezone(UTC) if begins.tzinfo else begins.replace(tzinfo=UTC)
    if not engine and (len(files) > 1 or begins < now):
        raise WrongUse(
            "on the server each lead is alone in one automation, and its clock cannot be put back: "
            "give one file and a later --from, or --engine"
        )
    play = rehearse if engine else rehearse_on_server
    piece = _piece(files, script, begins, seed)
    with ExitStack() as stack:
        watching = Watching(show, _opened(stack, timelines))
        done = _play(play, piece, Roll(leads, piece.automations[0].center), watching)
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
        scripted = read_script(script, automations, begins) if script else None
    except BadScript as error:
        raise Refused(str(error)) from error
    connections = load_connections(settings.connections)
    return Piece(tuple(automations), templates, connections, begins, scripted, seed)


def _opened(stack: ExitStack, file: Path | None) -> IO[str] | None:
    try:
        return stack.enter_context(file.open("w", encoding="utf-8")) if file else None
    except OSError as error:
        raise Refused(f"{file}: {error.strerror}") from error


def _play(play: Mode, piece: Piece, roll: Roll, watching: Watching) -> Rehearsed:
    try:
        return asyncio.run(play(piece, roll, watching))
    except* (UnreadableFile, DevServerError) as errors:
        raise Refused(str(_first(errors))) from errors
    finally:
        for line, problem in list(roll.rejected.items())[:REJECTED_TOLD]:
            tell(f"{roll.path}:{line}: {problem}")


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    first = errors.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


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
        ("text messages", seen.texts),
        ("CRM write", seen.crm),
        ("request", seen.web),
        ("gate", seen.gate),
        ("surprise", seen.surprises.counts),
    )
    rows = [(what, name, n) for what, counts in counted for name, n in sorted(counts.items())]
    yield table(
        "", ("", "", ""), [*rows, *((("message to the team", "", seen.chat),) * (seen.chat > 0))]
    )
    yield from _wave_lines(done)
    for limit in done.left_out:
        yield f"not applied, because each lead was alone: {limit}; --engine shows it"
    for one in seen.surprises.examples:
        when = f"{one.at:%Y-%m-%d %H:%M:%S}Z " if one.at else ""
        yield f"surprise: {one.kind}: {one.lead} {one.step or '-'} {when}{one.what}"
    if not seen.surprises.counts:
        yield "no surprises"


def _wave_lines(done: Rehearsed) -> Iterator[str | Table]:
    if not done.waves:
        return
    told = [told_of_wave(wave) for wave in done.waves]
    names = [name for name in told[0] if name not in ("automation", "why_halted")]
    several = len(done.piece.automations) > 1
    names = ["automation", *names] if several else names
    rows = [[wave[name] for name in names] for wave in told]
    yield table("\nWaves", [name.replace("_", " ") for name in names], rows)
    if done.waiting:
        yield f"not released: {done.waiting} leads"
