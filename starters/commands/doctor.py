"""``dripstone doctor`` and ``dripstone connections``: what is wrong here, and which accounts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from starters.commands.opened import opened, settings_of_environment
from starters.commands.output import AsJson, answer, table
from starters.doctor.finding import Finding

if TYPE_CHECKING:
    from starters.doctor.listing import Account

verbs = typer.Typer()

SHOWN = {"ok": "ok", "warning": "look", "problem": "WRONG", "unknown": "?"}
COLUMNS = ("center", "vendor", "name", "state", "why", "used by")


@verbs.command()
def doctor(as_json: AsJson = False) -> None:
    """Look at everything that has to be right, and say of each what, where and how to mend it."""
    # Imported here, as below: no other command needs the vendors' clients.
    from starters.doctor.examining import examine

    findings = asyncio.run(examine(settings_of_environment()))
    counted = Counter(finding.state for finding in findings)
    answer(as_json, {"findings": findings, "problems": counted["problem"]}, _lines(findings))
    if counted["problem"]:
        raise typer.Exit(1)


@verbs.command("connections")
def connections_command(
    check: Annotated[
        bool, typer.Option("--check", help="Ask each vendor whether it lets us in.")
    ] = False,
    center: Annotated[str | None, typer.Option("--center", help="Only this center's.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the accounts of each center: configured or why not, and which automations use them."""
    found = [one for one in asyncio.run(_accounts(check)) if center in (None, one.center)]
    rows = [
        (one.center, one.vendor, one.name, one.state, one.why, ", ".join(one.used_by))
        for one in found
    ]
    answer(as_json, {"connections": found}, [table("", COLUMNS, rows)])
    if any(one.is_wrong for one in found):
        raise typer.Exit(1)


async def _accounts(check: bool) -> Sequence[Account]:
    from starters.doctor.about_automations import enabled_versions
    from starters.doctor.listing import accounts_of
    from workers.probing import probe_vendors

    async with opened() as here:
        versions = await enabled_versions(here.ledger)
        probes = await probe_vendors(here.settings) if check else ()
        return accounts_of(here.settings, here.connections, versions, probes)


def _lines(findings: list[Finding]) -> Iterator[str | Table]:
    rows = [(SHOWN[one.state], one.check, one.what, one.mend) for one in findings]
    yield table("", ("", "check", "what", "how to mend it"), rows)
    problems = sum(one.state == "problem" for one in findings)
    yield f"{problems} problems" if problems else "nothing is wrong"
