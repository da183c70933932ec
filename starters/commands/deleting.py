"""The command that deletes a step from an automation file: delete-step."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from activities.ledger.publishing import definition_json
from starters.commands.author import check
from starters.commands.opened import opened, settings_of_environment
from starters.commands.output import AsJson, Refused, WrongUse, answer, table
from starters.commands.standing import living
from starters.definitions.deleting import (
    CannotDelete,
    Deletion,
    WhichBranch,
    connect_to_next,
    outcome,
    remove_all,
)
from starters.definitions.loading import Finding
from starters.definitions.rewriting import rewritten
from workers.authoring import read_templates
from workers.plugin import TemporalUnreachable
from workflows.engine.automation import Automation

verbs = typer.Typer()

FOLDER = Path("config/automations")
FILES = (".yaml", ".yml")
STAY = "leads inside stay on the version they entered with: the file is for versions to come"


@verbs.command("delete-step")
def delete_step_command(
    what: Annotated[
        str, typer.Argument(metavar="FILE|AUTOMATION", help=f"A file, or an id of {FOLDER}.")
    ],
    step: Annotated[str, typer.Argument(metavar="STEP", help="The id of the step.")],
    connect: Annotated[
        bool, typer.Option("--connect-to-next", help="Who came to it comes to what follows it.")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--remove-all", help="It goes with all that only it leads to.")
    ] = False,
    keep: Annotated[
        str | None, typer.Option("--keep", help="The step to keep, where several ways lead on.")
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Write the file.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete a step from an automation file: shows what goes and who stands there, then --apply."""
    if connect == everything:
        raise WrongUse("say how: --connect-to-next, or --remove-all")
    if everything and keep:
        raise WrongUse("--keep goes with --connect-to-next: with --remove-all no way on survives")
    path = _file_of(what)
    automation = _sound(path, path)[0]
    deletion = _planned(automation, step, keep, everything, asks=not as_json)
    text = rewritten(path.read_bytes().decode("utf-8-sig"), deletion)
    findings = _proved(path, text, automation, deletion)
    leads, why_not = asyncio.run(_standing_there(automation.id, deletion.removed))
    if apply:
        _write(path, text)
    told = {"file": str(path), "automation": automation.id, "deletion": deletion, "leads": leads}
    document = told | {"temporal": why_not or "answers", "findings": findings, "applied": apply}
    answer(as_json, document, _lines(deletion, document))


def _file_of(what: str) -> Path:
    if what.endswith(FILES) or Path(what).is_file():
        return Path(what)
    files = sorted(file for file in FOLDER.glob("*") if file.suffix in FILES)
    for file in files:
        found = check(file, read_templates(settings_of_environment().templates), None)[0]
        if found and found.id == what:
            return file
    raise Refused(f"{what}: no file of {FOLDER} has that id: give the file itself")


def _sound(path: Path, named: Path) -> tuple[Automation, list[Finding]]:
    """The automation of a file; findings name it as ``named``.

    Which accounts this machine has is left out: no deletion needs another one.
    """
    automation, found = check(path, read_templates(settings_of_environment().templates), None)
    findings = [Finding(one.severity, one.message, str(named), one.line, one.step) for one in found]
    if automation is None:
        said = "; ".join(str(one) for one in findings if one.severity == "error")
        raise Refused(f"{named}: {said}")
    return automation, findings


def _planned(
    automation: Automation, step: str, keep: str | None, everything: bool, *, asks: bool
) -> Deletion:
    try:
        if everything:
            return remove_all(automation, step)
        return connect_to_next(automation, step, keep)
    except WhichBranch as error:
        if not (asks and sys.stdin.isatty()):
            raise Refused(str(error)) from error
        one_of = ", ".join(error.ways)
        chosen = typer.prompt(f"Several ways lead on: {one_of}. Which one survives?", err=True)
        return _planned(automation, step, chosen, everything, asks=False)
    except CannotDelete as error:
        raise Refused(str(error)) from error


def _proved(path: Path, text: str, automation: Automation, deletion: Deletion) -> list[Finding]:
    """What is found in the edited text, once it is proved to be what was planned."""
    with tempfile.TemporaryDirectory() as directory:
        draft = Path(directory) / path.name
        draft.write_bytes(text.encode())
        after, findings = _sound(draft, path)
    if definition_json(after) != definition_json(
        Automation.model_validate(outcome(automation, deletion))
    ):
        raise Refused(f"{path}: it is laid out in a way that cannot be edited safely: by hand")
    return findings


async def _standing_there(
    automation: str, steps: tuple[str, ...]
) -> tuple[list[dict[str, Any]], str]:
    """How many leads of each published version stand on these steps now; why it is not known."""
    async with opened() as here:
        client = await here.client_if_up()
        try:
            async with here.ledger.reading() as tx:
                inside = await living(tx, client, automation)
        except TemporalUnreachable as error:
            return [], str(error)
    counted = Counter((one.version, one.step) for one in inside if one.step in steps)
    rows = [
        {"version": version, "step": step, "leads": count}
        for (version, step), count in sorted(counted.items())
    ]
    return rows, here.why_no_client if inside else ""


def _write(path: Path, text: str) -> None:
    """In one go: whoever reads the file meanwhile sees the old or the new one."""
    target = path.resolve()
    draft = target.with_name(f".{target.name}.new")
    try:
        draft.write_bytes(text.encode())
        shutil.copymode(target, draft)
        os.replace(draft, target)
    except OSError as error:
        raise Refused(f"{path}: cannot be written: {error.strerror}") from error


def _lines(deletion: Deletion, document: Mapping[str, Any]) -> Iterator[str | Table]:
    for name in deletion.removed:
        yield f"removed: {name}"
    if deletion.end:
        yield f"added: {deletion.end}, an end in the place of {deletion.step}"
    for aim in deletion.aims:
        before = f"instead of {aim.was}" if aim.was else "which it did not say before"
        yield f"re-aimed: {aim.step}: {aim.field} is {aim.now}, {before}"
    for name in deletion.stays:
        yield f"stays: {name}: other ways lead to it"
    if document["temporal"] != "answers":
        yield f"who stands on these steps is not known: {document['temporal']}"
    elif not document["leads"]:
        yield "no lead of any version stands on these steps"
    else:
        rows = [(one["version"], one["step"], one["leads"]) for one in document["leads"]]
        yield table("", ("version", "step", "leads there now"), rows)
    yield from (str(finding) for finding in document["findings"])
    yield f"{document['file']}: written" if document["applied"] else "nothing was written: --apply"
    yield STAY
