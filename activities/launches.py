"""advance_launch: one round of a launch."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from temporalio import activity

from activities.dispatch import enroll
from activities.ledger import Ledger
from activities.ledger.admissions import Request
from activities.ledger.connections import Connections
from activities.ledger.launching import (
    Asked,
    NextWave,
    ToAsk,
    judge_waves,
    next_to_ask,
    note_asked,
    note_round,
    release_due,
    version_in_force,
)
from activities.ledger.leads import find_lead
from activities.ledger.lifecycle import find_obstacle_to_entry
from activities.ledger.publishing import Version
from activities.ledger.wave_figures import Wave, figures_of
from activities.ledger.waves import cause_of, waves_of
from workflows.contracts import LaunchRequest, LaunchRound

A_ROUND = 100
"""Leads that are asked in in one round, ten at a time; a round a second at most."""

AT_ONCE = 10
ENTERING = timedelta(seconds=1)
WATCHFUL = timedelta(minutes=1)
CALM = timedelta(minutes=15)
SETTLED = timedelta(days=1)
"""For so long after a wave was released its signs are looked at every minute, then less often."""


class Launches:
    """Launches of campaigns, which have their place in the ledger: a round may be done again."""

    def __init__(self, ledger: Ledger, connections: Connections) -> None:
        self._ledger = ledger
        self._connections = connections

    @activity.defn
    async def advance_launch(self, request: LaunchRequest) -> LaunchRound:
        """Judge the waves that run, release one if it is due, and ask some leads in."""
        async with self._ledger.reading() as tx:
            version = await version_in_force(tx, request.automation)
        if request.judge:
            await judge_waves(self._ledger, version)
        center = self._connections.of(version.center)
        coming = await release_due(self._ledger, version, center)
        activity.heartbeat()
        asked = await self._ask_in(version)
        # When the next wave is due is asked once this one has entered.
        busy = bool(asked or coming.released)
        pause = ENTERING if busy else await self._pause(version, coming)
        waits_for = "leads are entering" if busy else coming.why_not
        if not busy and coming.is_last and not await self._is_inhabited(version):
            await note_round(self._ledger, version.automation, None, "over")
            return LaunchRound(waits_for="over", is_over=True)
        await note_round(self._ledger, version.automation, pause, waits_for)
        return LaunchRound(pause=max(1, round(pause.total_seconds())), waits_for=waits_for)

    async def _pause(self, version: Version, coming: NextWave) -> timedelta:
        async with self._ledger.reading() as tx:
            released = await waves_of(tx, version.automation)
            now = await self._ledger.now(tx)
        newest = max((row["released_at"] for row in released), default=None)
        watch = WATCHFUL if newest and now - newest < SETTLED else CALM
        return min(watch, max(coming.due - now, ENTERING)) if coming.due else watch

    async def _is_inhabited(self, version: Version) -> bool:
        async with self._ledger.reading() as tx:
            found: Sequence[Wave] = await figures_of(self._ledger, tx, version.automation)
        return any(wave.inside or wave.to_enter for wave in found)

    async def _ask_in(self, version: Version) -> int:
        """Ask leads of released waves in, a bounded number; how many."""
        async with self._ledger.reading() as tx:
            if await find_obstacle_to_entry(self._ledger, tx, version.automation):
                return 0
            waiting = await next_to_ask(tx, version.automation, A_ROUND)
        for start in range(0, len(waiting), AT_ONCE):
            some = waiting[start : start + AT_ONCE]
            answers = await asyncio.gather(*(self._ask(version, one) for one in some))
            await note_asked(self._ledger, version.automation, answers)
            activity.heartbeat()
        return len(waiting)

    async def _ask(self, version: Version, one: ToAsk) -> Asked:
        async with self._ledger.reading() as tx:
            lead = await find_lead(tx, version.center, one.lead)
        if lead is None:
            return Asked(one.lead, "the ledger knows this lead no more")
        cause = cause_of(version.automation, one.turn, one.lead)
        request = Request(version.automation, lead, cause)
        done = await enroll(self._ledger, activity.client(), request, self._connections)
        return Asked(one.lead, done.refused, bool(done.refused) and await self._is_off(version))

    async def _is_off(self, version: Version) -> bool:
        """Whether nobody may enter at the moment: then a refusal is not about the lead."""
        async with self._ledger.reading() as tx:
            return await find_obstacle_to_entry(self._ledger, tx, version.automation) is not None
