"""After the ledger was put back from a backup: what it lost is written again; then it is let go."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

import typer

from activities.ledger.high_water import Behind, find_behind, settle_behind
from starters.commands.opened import Opened, opened
from starters.commands.output import AsJson, Refused, WrongUse, answer
from starters.commands.who import By, operator
from workers.rebuilding import Rebuilding, Rebuilt

verbs = typer.Typer()

NOT_IN_HISTORIES = (
    "No history tells of: leads, consents and suppressions; opt-outs of leads that were in no "
    "automation; versions, settings, approvals; Tasks that were not yet in Salesforce.",
    "Have upstream send its events since the backup again (known ones change nothing), import "
    "leads and suppressions again, and look at dripstone unknowns. Then: dripstone reconcile "
    "--release --reason ...",
)


@verbs.command()
def reconcile(
    release: Annotated[
        bool, typer.Option("--release", help="All is settled: let everything begin again.")
    ] = False,
    reason: Annotated[
        str, typer.Option("--reason", help="What was done (required with --release).")
    ] = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Settle a ledger that is older than what has happened; until then nothing begins."""
    if release and not reason.strip():
        raise WrongUse("--reason: say what was done about what the backup lacks")

    async def work() -> tuple[Behind | None, Rebuilt]:
        async with opened() as here:
            async with here.ledger.reading() as tx:
                behind = await find_behind(tx)
            told = await _rebuild(here, behind) if behind else Rebuilt()
            if behind and release:
                await settle_behind(here.ledger, by or operator(), reason)
            return behind, told

    behind, told = asyncio.run(work())
    if behind is None and release:
        raise Refused("the ledger is not behind: there is nothing to release")
    if behind is None:
        answer(as_json, {"behind": None}, ["the ledger is not behind what has happened"])
        return
    document = {"behind": asdict(behind), "rebuilt": asdict(told), "released": release}
    answer(as_json, document, _lines(behind, told, release))


async def _rebuild(here: Opened, behind: Behind) -> Rebuilt:
    return await Rebuilding(here.ledger, await here.client(), here.connections).rebuild(behind)


def _lines(behind: Behind, told: Rebuilt, released: bool) -> list[Any]:
    lines = [
        f"the ledger stands where it stood at {behind.ledger.at.isoformat(timespec='seconds')}; "
        f"found behind at {behind.since.isoformat(timespec='seconds')}",
        f"written again from {told.runs} histories: {told.entries} entries, {told.closed} ends, "
        f"{told.sent} effects done, {told.unknown} unknown, {told.events} replies, bounces and "
        "opt-outs",
    ]
    if told.lost:
        lines.append(f"not known to the ledger, and left alone: {', '.join(told.lost)}")
    if released:
        return [*lines, "released: the held go on by themselves, a few at a time"]
    return [*lines, *NOT_IN_HISTORIES]
