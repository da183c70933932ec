"""Erasing a person from the ledger and from Temporal, in steps that may be done again.

The order matters: stopped, told, ended, what is in flight awaited, runs deleted, rows blanked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from temporalio.client import Client

from activities.dispatch import deliver
from activities.ledger import Ledger
from activities.ledger.connections import Connections
from activities.ledger.erasing import (
    Order,
    begin,
    close_rest,
    elsewhere,
    entries_of,
    finish,
    in_the_way,
)
from workers.deleting_runs import Runs, delete_runs, runs_of

LOOKED_EVERY = 0.2
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds: for enrollments to end by themselves, and for all of it.

    ``anyway``: blank although another tool has not confirmed that it stopped.
    """

    for_exits: float = 10
    in_all: float = 60
    anyway: bool = False


@dataclass(frozen=True, slots=True)
class Erased:
    """How far an erasure has come. It is done if nothing is left ``in_the_way``.

    ``elsewhere`` names connections through which other systems have got something of theirs.
    """

    leads: tuple[str, ...]
    in_the_way: tuple[str, ...] = ()
    enrollments: int = 0
    runs: int = 0
    blanked: Mapping[str, int] = field(default_factory=dict)
    elsewhere: tuple[str, ...] = ()

    @property
    def is_done(self) -> bool:
        """Whether everything is gone that was to go."""
        return not self.in_the_way


async def stop_sending(
    ledger: Ledger, client: Client | None, order: Order, connections: Connections
) -> None:
    """From now on nothing is sent to them; this much holds with Temporal down."""
    told = await begin(ledger, order, connections)
    for event in told if client else ():
        assert client is not None
        await deliver(ledger, client, event)


async def erase(
    ledger: Ledger,
    client: Client,
    order: Order,
    connections: Connections,
    patience: Patience = Patience(),
) -> Erased:
    """Erase, as far as it goes now. Given again, it goes on where it was.

    Raises:
        RPCError: Temporal failed; nothing has been blanked yet.
        LedgerUnavailable: the ledger failed.
    """
    await stop_sending(ledger, client, order, connections)
    await _until(patience.for_exits, lambda: _are_closed(ledger, order))
    runs = await _runs(ledger, client, order)
    await delete_runs(client, runs, patience.in_all)
    # Those whose workflow could not end by itself: it is gone now, and nobody else closes them.
    await close_rest(ledger, order, connections)
    await _until(patience.in_all, lambda: _is_clear(ledger, order, patience))
    left = await _left(ledger, order, patience)
    async with ledger.reading() as tx:
        entries = await entries_of(tx, order.center, order.leads)
        others = tuple(await elsewhere(tx, order))
    far = Erased(order.leads, tuple(left), len(entries), len(runs), {}, others)
    if left:
        return far
    # A workflow that was just being started when its entry was closed would be one more run.
    late = await _runs(ledger, client, order)
    await delete_runs(client, late, patience.in_all)
    blanked = await finish(ledger, order)
    kept = () if await ledger.purge() else ("somebody reads the ledger's file: not purged yet",)
    return Erased(order.leads, kept, len(entries), len(runs | late), blanked, others)


async def _runs(ledger: Ledger, client: Client, order: Order) -> Runs:
    async with ledger.reading() as tx:
        entries = await entries_of(tx, order.center, order.leads)
    found: Runs = {}
    for lead in order.leads:
        mine = [entry for entry in entries if entry["lead"] == lead]
        found |= await runs_of(client, lead, mine)
    return found


async def _are_closed(ledger: Ledger, order: Order) -> bool:
    async with ledger.reading() as tx:
        entries = await entries_of(tx, order.center, order.leads)
    # What has no workflow yet has nobody to close it.
    return all(entry["state"] in ("CLOSED", "QUEUED", "ADMITTED") for entry in entries)


async def _left(ledger: Ledger, order: Order, patience: Patience) -> list[str]:
    async with ledger.reading() as tx:
        found = await in_the_way(ledger, tx, order)
    return [one for one in found if not (patience.anyway and one.startswith("not confirmed"))]


async def _is_clear(ledger: Ledger, order: Order, patience: Patience) -> bool:
    return not await _left(ledger, order, patience)


async def _until(seconds: float, holds: Any) -> None:
    """Wait until something holds, or time is up."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not await holds() and loop.time() < end:
        await asyncio.sleep(LOOKED_EVERY)
