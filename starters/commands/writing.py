"""``dripstone write-back``: what waits to be written to Salesforce, and letting it begin now."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.table import Table

from activities.ledger.cadence import NEVER, release_writebacks, waiting_for_time
from activities.ledger.lifecycle import Act, note
from starters.commands.opened import Opened, opened
from starters.commands.output import AsJson, WrongUse, answer, table
from starters.commands.who import By, operator
from workers.writing_back import start_writeback

verbs = typer.Typer()


@verbs.command("write-back")
def write_back_command(
    release: Annotated[
        bool, typer.Option("--release", help="Let what waits in --center begin now.")
    ] = False,
    center: Annotated[str | None, typer.Option("--center", help="Only this center's.")] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Show the write-backs that wait for their time (`cadence`), or let them begin (--release)."""
    if release:
        if center is None:
            raise WrongUse("--release goes with --center: say which one's")
        _release(center, by or operator(), as_json)
        return

    async def work() -> list[dict[str, object]]:
        async with opened() as here, here.ledger.reading() as tx:
            found = await waiting_for_time(here.ledger, tx, center)
        return [
            {"center": c, "what": a, "count": n, "first": None if at >= NEVER else at}
            for c, a, n, at in found
        ]

    found = asyncio.run(work())
    rows = [(*list(one.values())[:3], one["first"] or "when it is released") for one in found]
    columns = ("center", "what", "how many", "the first")
    lines: list[str | Table] = [table("", columns, rows)] if found else ["none waits for its time"]
    answer(as_json, {"waiting": found}, lines)


def _release(center: str, by: str, as_json: bool) -> None:
    async def work() -> tuple[int, str]:
        async with opened() as here:
            count = await _let_go(here, center, by)
            client = await here.client_if_up() if count else None
            if client:
                await start_writeback(client, "salesforce")
            return count, here.why_no_client

    count, why = asyncio.run(work())
    lines = [f"{count} write-backs may begin"]
    if why:
        lines.append(f"they begin once Temporal is back: {why}")
    answer(as_json, {"released": count, "center": center}, lines)


async def _let_go(here: Opened, center: str, by: str) -> int:
    async with here.ledger.transaction() as tx:
        count = await release_writebacks(here.ledger, tx, center)
        if count:
            why = f"{count} write-backs"
            await note(here.ledger, tx, Act("written back", center, by, reason=why))
        return count
