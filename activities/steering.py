"""Steering handovers: the other tool is told to stop or to go on, until it has confirmed."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.ledger import Ledger
from activities.ledger.effects import EffectRow, find_effect
from activities.ledger.handovers import (
    ACTIVE,
    ADDING,
    END,
    ENDED,
    GO,
    PAUSED,
    Handover,
    change_handover,
    confirm,
    give_up,
    take,
    unmet,
    want,
)
from activities.vendors.ports import Never, NotYet, Outreach, VendorFailure
from workflows.engine.effects import FactEffect, Outcome

log = structlog.get_logger(__name__)

EFFECT = "hand_over_lead"
AT_ONCE = 5
"""How many handovers a pass steers: every few seconds, under the vendor's 60 calls a minute."""


class Steering:
    """``outreach`` is None where none is configured: then nothing can be confirmed."""

    def __init__(self, ledger: Ledger, outreach: Outreach | None) -> None:
        self._ledger = ledger
        self._outreach = outreach

    @activity.defn
    async def steer_handover(self, effect: FactEffect) -> Outcome:
        """Have the other tool stop mailing a lead, or go on, as the journey wants it now.

        What is not confirmed here is seen to by the repair loop until it is.
        """
        place, wish, _ = effect.key.rsplit("/", 2)
        serial, _, what = wish.partition("-")
        async with self._ledger.transaction() as tx:
            await want(self._ledger, tx, place, what, int(serial))
        failure = await self.steer(place)
        return Outcome(
            state="unknown" if failure else "sent", cause=failure.code if failure else ""
        )

    async def steer_due(self) -> None:
        """Tell the other tool whatever is due."""
        async with self._ledger.reading() as tx:
            due = await unmet(self._ledger, tx, AT_ONCE)
        await asyncio.gather(*(self.steer(one.key) for one in due))

    async def steer(self, key: str) -> VendorFailure | None:
        """Bring one handover to where the ledger wants it; None if it is there, else why not."""
        async with self._ledger.transaction() as tx:
            taken = await take(self._ledger, tx, key, uuid4().hex)
            lends = await find_effect(tx, f"{key}/{EFFECT}")
            now = await self._ledger.now(tx)
        if taken is None or taken.state == ENDED:
            return None
        adding = bool(lends and lends.lease_until and lends.lease_until > now)
        try:
            if taken.vendor_lead is None and adding:
                raise NotYet("smartlead", "not_listed_yet", "the lead is being added right now")
            state, how = await self._tell(taken, lends)
        except VendorFailure as failure:
            log.warning("handover.not_confirmed", handover=key, code=failure.code)
            async with self._ledger.transaction() as tx:
                wait = failure.retry_after if isinstance(failure, NotYet) else None
                await give_up(self._ledger, tx, taken, str(failure), wait)
            return failure
        async with self._ledger.transaction() as tx:
            await confirm(self._ledger, tx, taken, state, how)
        return None

    async def _tell(self, taken: Handover, lends: EffectRow | None) -> tuple[str, str]:
        """The state that the other tool has confirmed, and how it came to an end there."""
        if taken.target == END and taken.mails is not None and taken.sent >= taken.mails:
            return ENDED, "completed"
        tool = self._tool()
        lead = taken.vendor_lead or await self._look_up(tool, taken, lends)
        if lead is None:
            # Nothing to stop yet; but as long as the step is not left it may still be added.
            return {END: (ENDED, "never there"), GO: (ADDING, "")}.get(taken.target, (PAUSED, ""))
        if taken.target == GO:
            if taken.state == PAUSED:
                await tool.resume_lead(taken.campaign, lead)
            return ACTIVE, ""
        if await tool.pause_lead(taken.campaign, lead):
            return (ENDED, "paused") if taken.target == END else (PAUSED, "")
        # It cannot be paused where it is, so out with it: a stop is worth more than its figures.
        await tool.remove_lead(taken.campaign, lead)
        return ENDED, "removed"

    def _tool(self) -> Outreach:
        if self._outreach is None:
            raise Never("smartlead", "not_configured", "set DRIPSTONE_SMARTLEAD__API_KEY")
        return self._outreach

    async def _look_up(
        self, tool: Outreach, taken: Handover, lends: EffectRow | None
    ) -> str | None:
        """The lead there, if an attempt to add it that never reported back was carried out."""
        email = lends.payload.get("lead", {}).get("email") if lends else None
        if not email:
            message = "the address was erased: stop the lead in Smartlead by hand"
            raise Never("smartlead", "no_address", message)
        found = await tool.find_lead(taken.campaign, email)
        if found is None or found.key != taken.token:
            return None
        async with self._ledger.transaction() as tx:
            await self._keep_id(tx, taken.key, found.id)
        return found.id

    async def _keep_id(self, tx: AsyncConnection, key: str, vendor_lead: str) -> None:
        await change_handover(tx, key, vendor_lead=vendor_lead)
