"""``dripstone consents``: what a person has agreed to, on which channel, since when, and where."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from activities.ledger.consents import consents_of
from activities.ledger.leads import find_lead, person_of
from starters.commands.opened import opened
from starters.commands.output import AsJson, Refused, WrongUse, answer, table
from starters.leads.salesforce_ids import lead_id

verbs = typer.Typer()

COLUMNS = ("consent", "channel", "state", "at", "source")


@verbs.command()
def consents(
    email: Annotated[str | None, typer.Option("--email", help="A person, by an address.")] = None,
    lead: Annotated[str | None, typer.Option("--lead", "-l", help="A lead.")] = None,
    center: Annotated[str, typer.Option("--center", help="Whose lead.")] = "default",
    as_json: AsJson = False,
) -> None:
    """Show the consents of a person as they stand; `emit` changes them."""
    if (email is None) == (lead is None):
        raise WrongUse("say whose: --email or --lead")

    async def work() -> list[dict[str, Any]]:
        async with opened() as here, here.ledger.reading() as tx:
            if email:
                person = person_of(here.ledger, center, email.strip(), "")
            else:
                known = await find_lead(tx, center, lead_id(lead or ""))
                if known is None:
                    raise Refused(f"{lead}: the ledger knows no such lead in center {center!r}")
                person = known.person
            found = await consents_of(tx, center, person)
            return [{name: row[name] for name in COLUMNS} for row in found]

    rows = asyncio.run(work())
    shown = [table("", COLUMNS, (tuple(row.values()) for row in rows))] if rows else ["none"]
    answer(as_json, {"consents": rows}, shown)
