"""Collecting the facts, once all is quiet: from the vendors' journal, the ledger and Temporal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.parser import BytesHeaderParser
from email.policy import default
from pathlib import Path
from typing import Any

from sqlalchemy import Table, select

from activities.ledger import Ledger
from activities.ledger.report import campaign_report
from activities.ledger.tables import admissions, deliveries, effects, inbox
from starters.sandbox.log import Log
from tests.faults.campaigns import ALL, CANARY, MAIN, plan
from tests.faults.facts import (
    Decided,
    Delivery,
    Effect,
    Entry,
    Facts,
    Kept,
    Mail,
    Record,
    Restored,
    Shut,
)
from tests.faults.histories import read_runs
from tests.faults.system import System
from tests.faults.upstream import Upstream, address


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the runner knows beside what it finds: closed doors, the longest freeze, what was
    decided about mails, and what was done to Temporal."""

    shut: tuple[Shut, ...] = ()
    freeze: timedelta = timedelta()
    decided: tuple[Decided, ...] = ()
    terminated: frozenset[str] = frozenset()
    restored: tuple[Restored, ...] = ()


async def collect(system: System, upstream: Upstream, beside: Circumstances) -> Facts:
    """Everything that the checker looks at."""
    leads = {address(number): lead for number, lead in upstream.leads.items()}
    entries = await read_entries(system.ledger)
    runs, earlier = await read_runs(system, entries)
    mails, posts, records = _vendors(system, leads)
    return Facts(
        plan=plan(beside.freeze),
        accepted=tuple(upstream.accepted),
        told=tuple(upstream.told),
        entries=entries,
        effects=await read_effects(system.ledger),
        mails=mails,
        posts=posts,
        records=records,
        inbox=tuple([Kept(**row) for row in await _rows(system.ledger, inbox, Kept)]),
        deliveries=tuple([Delivery(**r) for r in await _rows(system.ledger, deliveries, Delivery)]),
        runs=runs,
        listed_unknown=await _listed(system.ledger),
        leaks=tuple(_leaks(system)),
        shut=beside.shut,
        decided=beside.decided,
        terminated=beside.terminated,
        restored=beside.restored,
        earlier=earlier,
    )


async def read_entries(ledger: Ledger) -> tuple[Entry, ...]:
    """Every admission."""
    return tuple([Entry(**row) for row in await _rows(ledger, admissions, Entry)])


async def read_effects(ledger: Ledger) -> tuple[Effect, ...]:
    """Every effect."""
    return tuple([Effect(**row) for row in await _rows(ledger, effects, Effect)])


async def _rows(ledger: Ledger, table: Table, kind: type[Any]) -> list[dict[str, Any]]:
    names = list(kind.__dataclass_fields__)
    async with ledger.reading() as tx:
        found = await tx.execute(select(*(table.c[name] for name in names)))
        return [dict(row) for row in found.mappings()]


async def _listed(ledger: Ledger) -> frozenset[str]:
    """What the reports show an operator as unknown."""
    keys: set[str] = set()
    async with ledger.reading() as tx:
        for automation in ALL:
            report = await campaign_report(ledger, tx, automation)
            keys |= {line.key for line in report.unknown}
    return frozenset(keys)


def _vendors(
    system: System, leads: Mapping[str, str]
) -> tuple[tuple[Mail, ...], tuple[str, ...], tuple[Record, ...]]:
    """What vendors have: mails, posts, and each record of the CRM as it is now."""
    mails, posts, records = [], [], {}
    log = Log(system.journal)
    for entry in log.entries():
        details, kind = entry["details"], (entry["vendor"], entry["action"])
        if kind == ("smtp", "accepted"):
            mails.append(_mail(system, entry, leads))
        elif kind == ("slack", "post"):
            posts.append(details["text"])
        elif kind in (("salesforce", "create"), ("salesforce", "update")):
            fields = details["record"]
            about = details["id"] if details["object"] == "Lead" else _whom(fields)
            record = Record(details["object"], f"sf-{about}", fields)
            records[details["object"], details["id"]] = record
    log.close()
    ours = (record for record in records.values() if record.object != "User")
    return tuple(mails), tuple(posts), tuple(ours)


def _whom(fields: Mapping[str, Any]) -> str | None:
    """Whom a Task, an Event or a Note is about."""
    found: str | None = fields.get("WhoId") or fields.get("ParentId")
    return found


def _mail(system: System, entry: Mapping[str, Any], leads: Mapping[str, str]) -> Mail:
    details = entry["details"]
    path = system.directory / "sandbox" / "mail" / f"{details['queue_id']}.eml"
    with path.open("rb") as file:
        subject = str(BytesHeaderParser(policy=default).parse(file)["Subject"])
    (recipient,) = details["rcpt_to"]
    at = datetime.fromisoformat(entry["at"])
    return Mail(leads[recipient.lower()], subject, details["message_id"], at)


def _leaks(system: System) -> Iterator[str]:
    """Files of Temporal and logs that hold the name or the address of a lead."""
    canary = re.compile(CANARY.encode(), re.IGNORECASE)
    if not any(_holds(path, re.compile(MAIN.encode())) for path in system.server.files):
        yield "the search sees nothing: not even the campaign's name is in Temporal's files"
    logs = sorted((system.directory / "logs").glob("*.log"))
    for path in [*system.server.files, *logs]:
        if path.is_file() and _holds(path, canary):
            yield f"{path.relative_to(system.directory)} holds a lead's name or address"


def _holds(path: Path, canary: re.Pattern[bytes]) -> bool:
    rest = b""
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            if canary.search(rest + block):
                return True
            rest = block[-64:]
    return False


def as_json(facts: Facts) -> str:
    """The facts for whoever wants to look at them afterwards."""
    from dataclasses import asdict

    return json.dumps(asdict(facts), default=str, indent=1)
