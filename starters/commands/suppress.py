"""``dripstone suppress`` and ``unsuppress``: who is not contacted, one by one or by a file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from activities.ledger.suppression_history import Lifting
from starters.commands.lifting import CHANNEL_OF, SHOWN, Lifted, history, unsuppress
from starters.commands.opened import opened
from starters.commands.output import AsJson, WrongUse, answer, table
from starters.commands.suppressing import Said, Suppressed, suppress
from starters.commands.suppression_files import Counts, read_in
from starters.commands.suppression_lists import write_out
from starters.commands.who import By, operator
from starters.commands.whom import CHANNELS, Whom
from starters.leads.salesforce_ids import lead_id

verbs = typer.Typer()

OfEmail = Annotated[str | None, typer.Option("--email", help="The person of an address.")]
OfLead = Annotated[str | None, typer.Option("--lead", "-l", help="The person of a lead.")]
OfDomain = Annotated[str | None, typer.Option("--domain", help="Every address of it.")]
OfPhone = Annotated[str | None, typer.Option("--phone", help="A number: no text messages to it.")]
OfChannel = Annotated[str, typer.Option("--channel", help=f"One of: {', '.join(CHANNELS)}.")]
OfCampaign = Annotated[str | None, typer.Option("--campaign", help="In this automation alone.")]
Why = Annotated[str, typer.Option("--reason", "--why", help="Why, for the record.")]
WhyLift = Annotated[str, typer.Option("--reason", "--why", help="Why, for the record (required).")]
FromFile = Annotated[Path | None, typer.Option("--import", help="A CSV file of whom to suppress.")]
ToFile = Annotated[
    Path | None, typer.Option("--export", help="Write all suppressions to a CSV file.")
]
Showing = Annotated[
    bool, typer.Option("--history", help="Only show what holds, and what ever was.")
]
Center = Annotated[str, typer.Option("--center", help="Whose leads.")]


@verbs.command("suppress")
def suppress_command(
    email: OfEmail = None,
    lead: OfLead = None,
    domain: OfDomain = None,
    phone: OfPhone = None,
    channel: OfChannel = "all",
    campaign: OfCampaign = None,
    why: Why = "",
    by: By = None,
    center: Center = "default",
    file: FromFile = None,
    export: ToFile = None,
    show: Showing = False,
    as_json: AsJson = False,
) -> None:
    """Never contact a person, a domain or a number again, and stop their enrollments at once."""
    said = Said(by or operator(), why)
    if file or export:
        if email or lead or domain or phone or campaign or show or (file and export):
            raise WrongUse("give either whom, or --import FILE, or --export FILE")
        _with_file(file, export, (center, said), as_json)
        return
    record = lead_id(lead) if lead else None
    whom = Whom(center, email, record, domain, phone, channel=channel, campaign=campaign)
    if show:
        _show(whom, as_json)
        return

    async def work() -> Suppressed:
        async with opened() as here:
            return await suppress(here, whom, said)

    done = asyncio.run(work())
    lines = [f"{'suppressed' if done.is_new else 'was suppressed before'}: {done.what}"]
    lines += [f"stopped: {name}" for name in done.stopped]
    if done.why_not_told:
        lines.append(f"their workflows end once Temporal is back: {done.why_not_told}")
    answer(as_json, done, lines)


def _with_file(
    file: Path | None, export: Path | None, about: tuple[str, Said], as_json: bool
) -> None:
    async def work() -> Counts:
        async with opened() as here:
            if export:
                return Counts(*await write_out(here, about[0], export))
            assert file is not None
            return await read_in(here, file, *about)

    done = asyncio.run(work())
    shown: list[str | Table] = [f"{name.replace('_', ' ')}: {n}" for name, n in done.counts.items()]
    shown += [*done.notes]
    answer(as_json, done.document, shown)
    if done.counts.get("rejected"):
        raise typer.Exit(1)


def _show(whom: Whom, as_json: bool) -> None:
    async def work() -> Lifted:
        async with opened() as here:
            return await history(here, whom)

    found = asyncio.run(work())
    document = {"in_force": found.still, "history": found.history}
    answer(as_json, document, _lines(found) if found.history else ["never suppressed"])


@verbs.command("unsuppress")
def unsuppress_command(
    email: OfEmail = None,
    lead: OfLead = None,
    domain: OfDomain = None,
    phone: OfPhone = None,
    channel: OfChannel = "all",
    campaign: OfCampaign = None,
    why: WhyLift = "",
    by: By = None,
    center: Center = "default",
    even_erased: Annotated[
        bool, typer.Option("--even-erased", help="Also if the person was erased.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Lift a suppression; who did it, when and why is kept. The CRM's own field stays as it is."""
    if not why.strip():
        raise WrongUse("say why: --reason 'asked for it by phone, ticket 12' is kept as the record")
    record = lead_id(lead) if lead else None
    whom = Whom(center, email, record, domain, phone, channel=channel, campaign=campaign)
    lifting = Lifting(by or operator(), why.strip(), CHANNEL_OF[channel])

    async def work() -> Lifted:
        async with opened() as here:
            return await unsuppress(here, whom, lifting, even_erased=even_erased)

    done = asyncio.run(work())
    document: dict[str, Any] = {"lifted": done.lifted, "in_force": done.still}
    answer(as_json, document | {"history": done.history}, _lines(done))


def _lines(done: Lifted) -> list[str | Table]:
    lines: list[str | Table] = [
        f"lifted: {one['scope']}, {one['channel']}: {one['reason']}" for one in done.lifted
    ]
    if done.still:
        holds = [(one["scope"], one["channel"], one["reason"], one["at"]) for one in done.still]
        lines.append(table("Holds now", ("scope", "channel", "reason", "since"), holds))
    told = [[one.get(name) for name in SHOWN] for one in done.history]
    lines.append(table("\nHistory", SHOWN, told))
    if any(one["reason"] == "unsubscribed" for one in done.lifted):
        lines.append("an opt-out field in the CRM still says no: change it there")
    return lines
