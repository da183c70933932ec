"""The list of all suppressions of a center as a CSV file, harmless in a spreadsheet."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select, tuple_

from activities.ledger.tables import leads, suppressions
from starters.commands.opened import Opened
from starters.commands.private_files import open_private
from starters.leads.rejected import harmless

AT_ONCE = 500
COLUMNS = ("scope", "subject", "address", "channel", "reason", "since", "lifted_at", "center")


async def write_out(here: Opened, center: str, path: Path) -> tuple[dict[str, int], list[str]]:
    """Write the suppressions of a center to a file that its owner alone can read.

    A person is an HMAC; the address stands beside it only where a lead is still known by it.

    Raises:
        Refused: the file cannot be written.
    """
    done: Counter[str] = Counter({"in_force": 0, "lifted": 0})
    with open_private(path) as text:
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        async for row in _all_of(here, center):
            writer.writerow(list(_cells(row)))
            done["lifted" if row["lifted_at"] else "in_force"] += 1
    return dict(done), [f"written to {path}, columns: {', '.join(COLUMNS)}"]


def _cells(row: Mapping[str, Any]) -> Iterator[str]:
    instants = {"since": row["at"], "lifted_at": row["lifted_at"]}
    for name in COLUMNS:
        value = instants.get(name) or row.get(name) or ""
        yield harmless(value.isoformat() if hasattr(value, "isoformat") else str(value))


async def _all_of(here: Opened, center: str) -> AsyncIterator[Mapping[str, Any]]:
    row, last = suppressions.c, ("", "", "")
    place = (row.scope, row.subject, row.channel)
    while True:
        query = select(suppressions).where(row.center == center, tuple_(*place) > last)
        async with here.ledger.reading() as tx:
            ordered = query.order_by(*place).limit(AT_ONCE)
            found = [dict(one) for one in (await tx.execute(ordered)).mappings()]
            persons = [one["subject"] for one in found if one["scope"] == "person"]
            known = select(leads.c.person, leads.c.email).where(
                leads.c.center == center, leads.c.person.in_(persons)
            )
            addresses = {one[0]: one[1] for one in await tx.execute(known)}
        for one in found:
            yield one | {"address": addresses.get(one["subject"], "")}
        if len(found) < AT_ONCE:
            return
        last = (found[-1]["scope"], found[-1]["subject"], found[-1]["channel"])
