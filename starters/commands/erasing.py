"""``dripstone erase``: everything personal about a lead goes, and the opt-out stays as an HMAC."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from temporalio.service import RPCError

from activities.ledger.erasing import Order, begin, records_and_persons
from starters.commands.opened import Opened, opened
from starters.commands.output import AsJson, Refused, answer
from starters.commands.who import By, operator
from starters.leads.salesforce_ids import lead_id
from workers.erasing import Erased, Patience, erase
from workers.plugin import TemporalUnreachable

verbs = typer.Typer()

AGAIN = "give the same command again: it goes on where it was"


@verbs.command("erase")
def erase_command(
    lead: Annotated[str, typer.Argument(metavar="LEAD", help="The id of the lead.")],
    why: Annotated[
        str, typer.Option("--reason", "--why", help="Why, for the record: a ticket, no names.")
    ] = "",
    by: By = None,
    center: Annotated[str, typer.Option("--center", help="Whose lead.")] = "default",
    anyway: Annotated[
        bool,
        typer.Option("--anyway", help="Although another tool has not confirmed that it stopped."),
    ] = False,
    wait: Annotated[
        float, typer.Option("--wait", min=0, help="Seconds to wait for what is in flight.")
    ] = 60,
    as_json: AsJson = False,
) -> None:
    """Erase a person: stop everything at once, delete the workflows' runs, blank the ledger."""
    patience = Patience(wait, anyway)
    said = (by or operator(), why)

    async def work() -> Erased:
        async with opened() as here:
            return await _erase(here, center, lead_id(lead), said, patience)

    done = asyncio.run(work())
    answer(as_json, _document(done), _lines(done))
    if not done.is_done:
        raise typer.Exit(1)


async def _erase(
    here: Opened, center: str, lead: str, said: tuple[str, str], patience: Patience
) -> Erased:
    """Erase as far as it goes."""
    async with here.ledger.reading() as tx:
        leads, persons = await records_and_persons(here.ledger, tx, center, lead)
    if not leads:
        raise Refused(
            f"{lead}: the ledger knows no such lead in center {center!r}: look at "
            "dripstone list --lead, or name another --center"
        )
    order = Order(center, leads, persons, *said)
    try:
        client = await here.client()
    except TemporalUnreachable as error:
        await begin(here.ledger, order, here.connections)
        raise Refused(f"{lead}: stopped, and not erased yet: {error}. Then {AGAIN}") from error
    try:
        return await erase(here.ledger, client, order, here.connections, patience)
    except RPCError as error:
        raise Refused(f"{lead}: Temporal failed: {error.message}: {AGAIN}") from error


def _document(done: Erased) -> dict[str, Any]:
    return {
        "leads": done.leads,
        "state": "done" if done.is_done else "stopped",
        "in_the_way": done.in_the_way,
        "enrollments": done.enrollments,
        "runs_deleted": done.runs,
        "blanked": done.blanked,
        "elsewhere": done.elsewhere,
    }


def _lines(done: Erased) -> Iterator[str]:
    names = ", ".join(done.leads)
    if done.is_done:
        rows = sum(done.blanked.values())
        yield f"erased: {names}: {done.runs} workflow runs deleted, {rows} rows blanked"
    else:
        yield f"stopped: {names}; nothing is sent any more, but it is not all gone yet"
        yield from (f"waits for: {one}" for one in done.in_the_way)
        yield AGAIN
    if done.elsewhere:
        yield f"other systems have something of it: {', '.join(done.elsewhere)}"
