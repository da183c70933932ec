"""Carrying out what triggers ask for, and finding what no event tells: silence, and set times.

Firings are written down with their events; here each lead is asked to enter, once. It is a part
of the repair loop, and the ingress does the same at once for what it has just taken in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from temporalio.client import Client

from activities.dispatch import enroll, take_in
from activities.ledger import Ledger
from activities.ledger.admissions import Request
from activities.ledger.connections import Connections
from activities.ledger.firings import pending, put_off, settle
from activities.ledger.inbox import Incoming
from activities.ledger.leads import find_lead
from activities.ledger.listening import enabled
from activities.ledger.publishing import NotPublished
from activities.ledger.schedules import follow
from activities.ledger.sessions import end_of, silent_sessions
from activities.ledger.staleness import begin_to_watch, fallen_silent, has_fired, silence_of
from workflows.engine.triggers.stale_lead import StaleLead

log = structlog.get_logger(__name__)

ENTERED_AT_ONCE = 50
"""Firings carried out in one pass: an import of 50,000 leads must not crowd out everything else."""

LOOKED_AT_AT_ONCE = 500


async def enter_fired(
    ledger: Ledger, client: Client | None, connections: Connections, causes: tuple[str, ...] = ()
) -> int:
    """Ask leads to enter the automations whose triggers fired; how many were asked.

    Admission knows a cause that it has answered, so doing it again changes nothing.
    """
    async with ledger.reading() as tx:
        waiting = await pending(ledger, tx, ENTERED_AT_ONCE, causes)
    for firing in waiting:
        await _enter(ledger, client, connections, firing)
    return len(waiting)


async def _enter(
    ledger: Ledger, client: Client | None, connections: Connections, firing: Mapping[str, Any]
) -> None:
    async with ledger.reading() as tx:
        lead = await find_lead(tx, firing["center"], firing["lead"])
    try:
        if lead:
            request = Request(firing["automation"], lead, firing["cause"])
            await enroll(ledger, client, request, connections)
    except NotPublished as error:
        log.warning("triggering.put_off", automation=firing["automation"], error=str(error))
        async with ledger.transaction() as tx:
            await put_off(ledger, tx, firing)
        return
    async with ledger.transaction() as tx:
        await settle(tx, firing["cause"])


class Triggering:
    """The passes of the repair loop that are about triggers."""

    def __init__(self, ledger: Ledger, client: Client, connections: Connections) -> None:
        self._ledger = ledger
        self._client = client
        self._connections = connections

    @property
    def passes(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        """What is done in a pass, in this order: what is found enters in the same pass."""
        return (
            self.end_silent_sessions,
            self.find_stale_leads,
            self.follow_schedules,
            self.enter_fired,
        )

    async def end_silent_sessions(self) -> None:
        """A session that nobody ended is over half an hour after the last that was heard of it."""
        async with self._ledger.reading() as tx:
            silent = await silent_sessions(self._ledger, tx, ENTERED_AT_ONCE)
        for session in silent:
            await self._happens(Incoming(end_of(session), session["center"], "silence"), session)

    async def find_stale_leads(self) -> None:
        """Watch who is not watched yet, and report who has been silent for long enough."""
        async with self._ledger.reading() as tx:
            published = await enabled(tx)
            now = await self._ledger.now(tx)
            silent = await fallen_silent(self._ledger, tx, ENTERED_AT_ONCE)
        for one in published:
            if isinstance(one.automation.trigger, StaleLead):
                async with self._ledger.transaction() as tx:
                    await begin_to_watch(tx, one, LOOKED_AT_AT_ONCE)
        for watch in silent:
            await self._happens(Incoming(silence_of(watch, now), watch["center"], "sweep"), watch)
            async with self._ledger.transaction() as tx:
                await has_fired(tx, watch)

    async def follow_schedules(self) -> None:
        """Ask the leads of every schedule that is due, some at a time."""
        async with self._ledger.reading() as tx:
            published = await enabled(tx)
        for one in published:
            if one.automation.trigger.kind == "scheduled":
                async with self._ledger.transaction() as tx:
                    await follow(self._ledger, tx, one, LOOKED_AT_AT_ONCE)

    async def enter_fired(self) -> None:
        """Carry out firings that nobody has carried out yet."""
        await enter_fired(self._ledger, self._client, self._connections)

    async def _happens(self, incoming: Incoming, about: Mapping[str, Any]) -> None:
        named = Incoming(incoming.event, incoming.center, incoming.source, about["lead"])
        await take_in(self._ledger, named, self._connections)
