"""``dripstone alerts``: what automations want the team to know, until somebody acknowledges it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.table import Table

from activities.ledger.alerts import Alert, acknowledge, known_alerts, list_alerts
from activities.ledger.follow_ups import acknowledge_by_alerts
from starters.commands.opened import opened
from starters.commands.output import AsJson, Refused, answer, table
from starters.commands.who import By, operator

verbs = typer.Typer()

COLUMNS = ("alert", "at", "lead", "says", "acknowledged")


@verbs.command("alerts")
def alerts_command(
    ack: Annotated[
        list[str] | None, typer.Option("--ack", metavar="ALERT", help="Acknowledge this one.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Show the acknowledged ones, too.")
    ] = False,
    center: Annotated[str | None, typer.Option("--center", help="Only this center's.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000)] = 100,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """List app alerts, newest first, or acknowledge some (--ack, as often as needed)."""
    if ack:
        _acknowledge(ack, by or operator(), as_json)
        return

    async def work() -> list[Alert]:
        async with opened() as here, here.ledger.reading() as tx:
            return await list_alerts(tx, center, acknowledged_too=everything, limit=limit)

    found = asyncio.run(work())
    answer(as_json, {"alerts": found}, _lines(found, limit))


def _acknowledge(ids: list[str], by: str, as_json: bool) -> None:
    async def work() -> list[str]:
        async with opened() as here, here.ledger.transaction() as tx:
            unknown = sorted(set(ids) - await known_alerts(tx, ids))
            if unknown:
                raise Refused(f"{', '.join(unknown)}: no such alert: dripstone alerts --all")
            done = await acknowledge(here.ledger, tx, ids, by)
            await acknowledge_by_alerts(here.ledger, tx, ids, by)
            return done

    done = asyncio.run(work())
    lines = [
        f"{one}: {'acknowledged' if one in done else 'was acknowledged before'}" for one in ids
    ]
    answer(as_json, {"acknowledged": done, "by": by}, lines)


def _lines(found: list[Alert], limit: int) -> Iterator[str | Table]:
    if not found:
        yield "none"
        return
    rows = [(one.id, one.at, one.lead, one.text, one.acknowledged_by) for one in found]
    yield table("", COLUMNS, rows)
    if len(found) == limit:
        yield f"the newest {limit} only: --limit shows more"
