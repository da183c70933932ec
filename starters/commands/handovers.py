"""handovers: leads that another tool may mail, and stops that it has not confirmed."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer
from rich.table import Table

from activities.ledger.handovers import Handover, lent, unconfirmed
from starters.commands.opened import opened
from starters.commands.output import AsJson, answer, table

verbs = typer.Typer()

COLUMNS = ("enrollment", "step", "campaign", "lead there", "state", "must", "since", "problem")


@verbs.command()
def handovers(
    open_stops: Annotated[
        bool,
        typer.Option("--unconfirmed", help="Only unconfirmed stops; exit status 1 if there are."),
    ] = False,
    center: Annotated[str | None, typer.Option("--center", help="Only this center's.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000)] = 100,
    as_json: AsJson = False,
) -> None:
    """List leads that were handed over, or the stops that are not confirmed there yet."""

    async def work() -> list[Handover]:
        async with opened() as here, here.ledger.reading() as tx:
            return await (unconfirmed if open_stops else lent)(tx, center, limit)

    found = asyncio.run(work())
    lines: list[str | Table] = [table("", COLUMNS, map(_row, found))] if found else ["none"]
    answer(as_json, {"handovers": [_document(one) for one in found]}, lines)
    if open_stops and found:
        raise typer.Exit(1)


def _row(one: Handover) -> tuple[object, ...]:
    since = one.stop_wanted_at or one.asked_at
    return (
        *(one.enrollment, one.step, one.campaign, one.vendor_lead, one.state.lower()),
        *(one.target, since, one.problem),
    )


def _document(one: Handover) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Handover.__dataclass_fields__ if name != "token"}
