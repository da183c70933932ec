"""Commands that let an audience in, wave after wave: launch, waves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from activities.ledger.launching import version_in_force
from activities.ledger.publishing import newest_version
from activities.ledger.selecting import selected
from activities.ledger.wave_figures import figures_of
from activities.ledger.waves import (
    audience_counts,
    excluded_by_reason,
    launch_of,
    waves_ahead,
    waves_of_version,
)
from starters.commands.lifecycle import AutomationId
from starters.commands.opened import opened
from starters.commands.output import AsJson, Refused, WrongUse, answer, table
from starters.commands.selecting import FromFile, launch_file
from starters.commands.who import By, operator
from starters.leads.salesforce_ids import lead_id
from workflows.engine.waves import Waves

verbs = typer.Typer()

NUMBERS = (
    *("number", "size", "state", "released_at", "to_enter", "entered", "refused", "inside"),
    *("held", "mailed", "sent", "in_flight", "hard_bounces", "complaints", "opt_outs"),
    *("replies", "meetings", "clicked"),
)


@verbs.command("launch")
def launch_command(
    automation: AutomationId,
    leads: Annotated[
        Path, typer.Option("--leads", "--file", help="Leads: CSV with a header, or .jsonl.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say who would be selected; write nothing.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Judge those anew that were excluded or refused.")
    ] = False,
    rejected: Annotated[
        Path | None,
        typer.Option("--rejected", help="Where rows not selected go; FILE.rejected.csv."),
    ] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Select the audience of a campaign from a file, and let it in wave after wave."""
    wanted = FromFile(automation, leads, rejected, by or operator(), again, dry_run)
    if wanted.rejected_path.resolve() == leads.resolve():
        raise WrongUse("--rejected names the file of leads itself: it would be overwritten")
    done = asyncio.run(launch_file(wanted))
    answer(as_json, done, _launched(done))
    if done["rows"] == done["rejected"]:
        raise typer.Exit(1)


@verbs.command("waves")
def waves_command(
    automation: AutomationId,
    lead: Annotated[
        str | None, typer.Option("--lead", "-l", help="What was found of this lead, and when.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How a launch goes, wave by wave; or why one lead is in the audience, or is not."""
    if lead:
        found = asyncio.run(_proof(automation, lead_id(lead)))
        answer(as_json, found, _about_lead(found))
        return
    document = asyncio.run(_progress(automation))
    answer(as_json, document, _lines(document))


async def _proof(automation: str, lead: str) -> Mapping[str, Any]:
    async with opened() as here, here.ledger.reading() as tx:
        await newest_version(tx, automation)
        found = await selected(tx, automation, lead)
    if found is None:
        raise Refused(f"{lead}: is not in a file that {automation} was launched with")
    return found


async def _progress(automation: str) -> dict[str, Any]:
    async with opened() as here, here.ledger.reading() as tx:
        version = await version_in_force(tx, automation)
        launch = await launch_of(tx, automation)
        if launch is None:
            raise Refused(
                f"{automation}: was not launched: dripstone launch {automation} --leads F"
            )
        found = await figures_of(here.ledger, tx, automation)
        plan = waves_of_version(version) or Waves()
        return {
            **launch,
            "audience": await audience_counts(tx, automation),
            "excluded": await excluded_by_reason(tx, automation),
            "waves": [asdict(wave) for wave in found],
            "ahead": await waves_ahead(tx, automation, plan),
        }


def _launched(done: Mapping[str, Any]) -> Iterator[str | Table]:
    would = "would be " if done["dry_run"] else ""
    yield f"{done['file']} into {done['automation']}: {done['rows']} rows"
    yield f"{would}selected: {done['selected']}"
    for what, count in (
        ("in the audience before", done["known"]),
        ("unreadable", done["rejected"]),
    ):
        if count:
            yield f"{what}: {count}"
    for reason, count in done["excluded"].items():
        yield f"excluded {count}: {reason}"
    if done["rejected_file"]:
        yield f"the rows that were not selected, each with its reason: {done['rejected_file']}"
    if done["waves"]:
        rows = [(one["number"], one["size"], one["not_before"]) for one in done["waves"]]
        yield table("\nWaves to come", ("wave", "leads", "not before"), rows)
    if done["temporal"] != "answers":
        yield f"waves are released once Temporal is back: {done['temporal']}"


def _about_lead(found: Mapping[str, Any]) -> Iterator[str | Table]:
    wave = f", wave {found['wave']}" if found["wave"] else ""
    why = f": {found['reason']}" if found["reason"] else ""
    yield f"{found['lead']}: {found['state']}{wave}{why}"
    yield f"judged at {found['selected_at']:%Y-%m-%d %H:%M:%S}Z by version " + str(
        found["criteria"]["version"]
    )
    rows = [
        (
            "yes" if one["met"] else "NO",
            one["criterion"],
            one.get("looked_at", ""),
            one.get("objection", ""),
        )
        for one in found["criteria"]["judged"]
    ]
    yield table("", ("met", "criterion", "values then", "objection"), rows)


def _lines(document: Mapping[str, Any]) -> Iterator[str | Table]:
    counts = document["audience"]
    total = sum(counts.values()) - counts.get("excluded", 0)
    yield f"{document['automation']}: {total} leads in the audience, launched by " + str(
        document["launched_by"]
    )
    rows = [tuple(wave[name] for name in NUMBERS) for wave in document["waves"]]
    yield table("", tuple(name.replace("_", " ") for name in NUMBERS), rows)
    for wave in document["waves"]:
        if wave["state"] == "HALTED":
            yield f"wave {wave['number']} is halted by {wave['changed_by']}: {wave['reason']}"
    if document["ahead"]:
        sizes = ", ".join(map(str, document["ahead"][:10]))
        more = ", ..." if len(document["ahead"]) > 10 else ""
        yield f"to come: {len(document['ahead'])} waves ({sizes}{more}); {document['waits_for']}"
    for reason, count in document["excluded"].items():
        yield f"excluded {count}: {reason}"
