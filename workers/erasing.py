"""Erasing a person from the ledger and from Temporal, in steps that may be done again.

The order matters: stopped, ended, what is in flight awaited, rows blanked, all seen to be gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from temporalio.client import Client

from activities.ledger import Ledger
from activities.ledger.connections import Connections
from activities.ledger.erasing import (
    NOT_CONFIRMED,
    Order,
    begin,
    blank_all,
    close_rest,
    elsewhere,
    entries_of,
    in_the_way,
    mark_done,
)
from workers.deleting_runs import Runs, delete_runs, runs_left, runs_of

LOOKED_EVERY = 0.2
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds to wait for what is in flight, and again for Temporal to delete.

    ``anyway``: blank although another tool has not confirmed that it stopped.
    """

    seconds: float = 60
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


async def erase(
    ledger: Ledger,
    client: Client,
    order: Order,
    connections: Connections,
    patience: Patience = Patience(),
) -> Erased:
    """Erase, as far as it goes now. Given again, it goes on where it was.

    Raises:
        RPCError: Temporal failed.
        LedgerUnavailable: the ledger failed.
    """
    await begin(ledger, order, connections)
    runs = await _runs(ledger, client, order)
    # Living ones too: they have nothing left to do, and whoever closes first is deleted last.
    await delete_runs(client, runs)
    await close_rest(ledger, order, connections)
    left = await _still_left(ledger, order, patience)
    async with ledger.reading() as tx:
        entries = await entries_of(tx, order.center, order.leads)
        others = tuple(await elsewhere(tx, order))
    if left:
        return Erased(order.leads, tuple(left), len(entries), len(runs), {}, others)
    # A workflow that was just being started when its entry was closed would be one more run.
    runs |= await _runs(ledger, client, order)
    await delete_runs(client, runs)
    blanked = await blank_all(ledger, order)
    if not await ledger.purge():
        left.append("somebody reads the file of the ledger: it is not purged yet")
    there = await runs_left(client, runs, patience.seconds)
    left += [f"Temporal has not deleted it yet: run {run}" for run in there]
    if not left:
        await mark_done(ledger, order)
    return Erased(order.leads, tuple(left), len(entries), len(runs), blanked, others)


async def _runs(ledger: Ledger, client: Client, order: Order) -> Runs:
    async with ledger.reading() as tx:
        entries = await entries_of(tx, order.center, order.leads)
    found: Runs = {}
    for lead in order.leads:
        mine = [entry for entry in entries if entry["lead"] == lead]
        found |= await runs_of(client, lead, mine)
    return found


async def _still_left(ledger: Ledger, order: Order, patience: Patience) -> list[str]:
    """What is in the way of blanking after waiting for it."""
    loop = asyncio.get_running_loop()
    end = loop.time() + patience.seconds
    while True:
        async with ledger.reading() as tx:
            found = await in_the_way(ledger, tx, order)
        left = [one for one in found if not (patience.anyway and one.startswith(NOT_CONFIRMED))]
        if not left or loop.time() >= end:
            return left
        await asyncio.sleep(LOOKED_EVERY)
