"""Commands for campaign settings, which may change while leads are inside: settings show, edit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import JsonValue, ValidationError
from rich.table import Table

from activities.ledger.editing import (
    Edited,
    NoCampaign,
    edit_settings,
    preview_edit,
    reach_leads,
)
from activities.ledger.publishing import newest_version
from activities.ledger.settings import Change, all_settings
from starters.commands.lifecycle import AutomationId, tell_first
from starters.commands.opened import Opened, opened
from starters.commands.output import AsJson, Refused, WrongUse, answer, table
from starters.commands.who import By, Why, operator
from starters.definitions import strict_yaml

verbs = typer.Typer()
settings = typer.Typer(
    no_args_is_help=True, help="Campaign settings: what may change while leads are inside."
)
verbs.add_typer(settings, name="settings")

ROWS = ("number", "at", "by", "reason", "settings", "reached all leads")


@settings.command("show")
def show_command(automation: AutomationId, as_json: AsJson = False) -> None:
    """The settings in force, and every row before them, with who made it and when."""

    async def work() -> list[Mapping[str, Any]]:
        async with opened() as here, here.ledger.reading() as tx:
            await newest_version(tx, automation)
            return await all_settings(tx, automation)

    rows = asyncio.run(work())
    in_force = rows[-1]["settings"] if rows else {}
    document = {"automation": automation, "in_force": in_force, "rows": rows}
    answer(as_json, document, _shown(automation, rows))


@settings.command("edit")
def edit_command(
    automation: AutomationId,
    patch: Annotated[
        str | None,
        typer.Argument(metavar="PATCH", help="What changes, such as 'priority: 5'; null resets."),
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", help="The patch in a file.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change and who would exit.")
    ] = False,
    reason: Why = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Change settings for leads in flight too: a merge patch in YAML or JSON, checked as a whole.

    Edited exit criteria are evaluated over all leads inside at once; only whom they concern exits.
    """
    wanted = _patch(patch, file)
    change = Change(by or operator(), reason)

    async def work() -> tuple[Edited, int, str]:
        async with opened() as here:
            try:
                if dry_run:
                    return *await preview_edit(here.ledger, automation, wanted), ""
                return await _edit(here, automation, wanted, change)
            except NoCampaign as error:
                raise Refused(str(error)) from error
            except ValidationError as error:
                raise Refused(f"{automation}: {'; '.join(_problems(error))}") from error
            except ValueError as error:
                raise Refused(f"{automation}: {error}") from error

    edited, leaving, why_not = asyncio.run(work())
    told = {"automation": automation, "leaving": leaving, "dry_run": dry_run}
    document = told | _told(edited) | {"temporal": why_not or "answers"}
    answer(as_json, document, _lines(document))


def _told(edited: Edited) -> dict[str, Any]:
    before, after = edited.before.written(), edited.after.written()
    return {"number": edited.number, "before": before, "after": after}


async def _edit(
    here: Opened, automation: str, patch: Mapping[str, JsonValue], change: Change
) -> tuple[Edited, int, str]:
    edited = await edit_settings(here.ledger, automation, patch, change)
    # Also without a change: an edit that was cut off before it reached everybody goes on.
    events = await reach_leads(here.ledger, here.connections, automation)
    await tell_first(here, events)
    return edited, len(events), here.why_no_client


def _patch(patch: str | None, file: Path | None) -> Mapping[str, JsonValue]:
    if (patch is None) == (file is None):
        raise WrongUse("say what changes: a PATCH such as 'priority: 5', or --file")
    try:
        data = file.read_bytes() if file else (patch or "").encode()
    except OSError as error:
        raise Refused(f"{file}: cannot be read: {error.strerror}") from error
    document, problems = strict_yaml.read(data)
    where = str(file) if file else "PATCH"
    if problems or document is None:
        raise WrongUse("; ".join(f"{where}, line {one.line}: {one.message}" for one in problems))
    if not isinstance(document.value, dict) or not document.value:
        raise WrongUse(f"{where}: is a group of settings, such as 'priority: 5'")
    return document.value


def _problems(error: ValidationError) -> Iterator[str]:
    """Each with the place of its setting; values are not repeated."""
    for one in error.errors(include_input=False, include_url=False):
        yield f"{'.'.join(str(part) for part in one['loc']) or 'settings'}: {one['msg']}"


def _shown(automation: str, rows: list[Mapping[str, Any]]) -> Iterator[str | Table]:
    if not rows:
        yield f"{automation}: has no campaign block, and so no settings"
        return
    lines = (
        (
            *(row["number"], row["changed_at"], row["changed_by"], row["reason"]),
            *(row["settings"] or "defaults", row["reached_at"] or "not yet"),
        )
        for row in rows
    )
    yield table("", ROWS, lines)


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    name, before, after = document["automation"], document["before"], document["after"]
    if before == after:
        yield f"{name}: nothing changes"
    for setting in sorted({*before, *after}):
        old, new = before.get(setting, "the default"), after.get(setting, "the default")
        if old != new:
            yield f"{setting}: {old} -> {new}"
    if document["dry_run"]:
        yield f"{document['leaving']} leads inside would exit; nothing was changed (--dry-run)"
        return
    if document["number"]:
        yield f"{name}: settings number {document['number']} in force"
    if document["leaving"]:
        yield f"{document['leaving']} leads meet the exit criteria now and exit"
    if document["temporal"] != "answers":
        yield f"their workflows end once Temporal is back: {document['temporal']}"
