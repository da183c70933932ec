"""The examination: everything, each by itself, so that what is broken hides nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from activities.ledger import Ledger, LedgerUnavailable
from activities.ledger.connections import Connections
from activities.ledger.self_checks import home_of
from config.settings import Settings
from starters.commands.configured import configured_by
from starters.commands.opened import reach_temporal
from starters.doctor.about_accounts import look_at_accounts
from starters.doctor.about_automations import look_at_automations
from starters.doctor.about_feeds import look_at_feeds
from starters.doctor.about_ledger import look_at_ledger
from starters.doctor.about_mail import look_at_mail
from starters.doctor.about_temporal import look_at_temporal
from starters.doctor.finding import Finding
from workers.accounts import BadConnections, load_connections
from workers.plugin import TemporalUnreachable
from workers.probing import probe_vendors


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything; the findings, in the order in which things rest on each other."""
    findings: list[Finding] = []
    connections = _connections(settings, findings)
    async with _ledger(settings, findings) as ledger:
        home = None
        if ledger:
            findings += await look_at_ledger(ledger, settings)
            findings += await look_at_feeds(ledger, connections)
            async with ledger.reading() as tx:
                home = await home_of(tx)
        findings += await _temporal(home)
        findings += look_at_accounts(settings, connections, await probe_vendors(settings))
        findings += await look_at_mail(settings, connections)
        if ledger:
            configured = configured_by(settings, connections)
            findings += await look_at_automations(ledger, configured)
    return findings


def _connections(settings: Settings, findings: list[Finding]) -> Connections:
    where = str(settings.connections)
    try:
        connections = load_connections(settings.connections)
    except BadConnections as error:
        findings.append(Finding("connections-file", "problem", str(error), f"mend {where}"))
        return Connections()
    what = f"{where}: {len(connections.centers)} centers"
    if not settings.connections.exists():
        what = f"{where} is not there: no mailboxes, no pools, nothing that may be written"
        findings.append(
            Finding("connections-file", "warning", what, "set DRIPSTONE_CONNECTIONS, or write it")
        )
    else:
        findings.append(Finding("connections-file", "ok", what))
    return connections


@asynccontextmanager
async def _ledger(settings: Settings, findings: list[Finding]) -> AsyncIterator[Ledger | None]:
    secret = settings.secret.get_secret_value() if settings.secret else None
    try:
        ledger = await Ledger.open(settings.ledger_url, secret)
    except LedgerUnavailable as error:
        findings.append(Finding("ledger", "problem", str(error), "set DRIPSTONE_LEDGER_URL"))
        yield None
        return
    try:
        yield ledger
    finally:
        await ledger.close()


async def _temporal(home: str | None) -> list[Finding]:
    try:
        return await look_at_temporal(await reach_temporal(), home)
    except TemporalUnreachable as error:
        return [Finding("temporal", "problem", str(error), "opt-outs are taken in meanwhile")]
