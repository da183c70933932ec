"""hand_over_lead and steer_handover: another tool mails a lead, and stops when it must."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from typing import Any

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.errors import as_application_error
from activities.ledger import Ledger
from activities.ledger.connections import Connections
from activities.ledger.consents import missing_consent
from activities.ledger.effects import EffectRow, Intent, find_effect
from activities.ledger.feeds import Outgoing, why_unheard
from activities.ledger.gate import judge_mail
from activities.ledger.halts import why_held_back
from activities.ledger.handovers import (
    ACTIVE,
    END,
    ENDED,
    LAST_WORD,
    change_handover,
    open_handover,
    others_of,
    want,
)
from activities.ledger.leads import Lead, canonical_address
from activities.ledger.recipients import person_at
from activities.ledger.still_eligible import no_longer_eligible
from activities.ledger.suppressions import suppression_of
from activities.ledger.tables import effects
from activities.once import Deed, about_step, do_once
from activities.scene import Scene, facts_of_message, note_verdict, read_scene
from activities.vendors.capabilities import capability_of
from activities.vendors.ports import HandOver, Never, NotYet, Outreach, Receipt
from workflows.engine.effects import HandOverLead, Outcome

HANDED_ON = ("first_name", "last_name", "company", "website", "phone")


class Handovers:
    """Leads in another tool. ``outreach`` is None where none is configured."""

    def __init__(self, ledger: Ledger, connections: Connections, outreach: Outreach | None) -> None:
        self._ledger = ledger
        self._connections = connections
        self._outreach = outreach

    @activity.defn
    async def hand_over_lead(self, effect: HandOverLead) -> Outcome:
        """Put the lead into the campaign, once however often it is tried."""
        scene = await read_scene(self._ledger, effect, self._connections)
        intent = await self._intent(effect, scene)
        # Judged is where it really goes: the lead's address may have changed since it was read.
        scene = replace(scene, recipient=intent.payload["lead"]["email"])
        person = person_at(self._ledger, scene.lead, scene.recipient or "")
        deed = Deed(
            intent=intent,
            judge=lambda tx: self._judge(tx, effect, scene, intent),
            ask=self._ask,
            afterwards=self._keep,
            refused=lambda tx, _failure: self._take_back(tx, effect),
            capability=capability_of("smartlead"),
            locks=tuple({*scene.locks, f"person:{person}"}),
            shared=scene.shared_by_message,
        )
        return await do_once(self._ledger, deed)

    async def _intent(self, effect: HandOverLead, scene: Scene) -> Intent:
        async with self._ledger.reading() as tx:
            row = await find_effect(tx, effect.key)
        payload = (row.payload if row else None) or self._payload(effect, scene)
        digest = sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
        about = about_step(effect, scene.lead.person)
        center = scene.lead.center
        return Intent(effect.key, center, effect.activity, "smartlead", payload, digest, about)

    def _payload(self, effect: HandOverLead, scene: Scene) -> dict[str, Any]:
        # The enrollment's id says who the lead is; this says it to us alone.
        key = self._ledger.keyed_hash("handover", effect.enrollment)
        return {
            "campaign": effect.campaign,
            "lead": lead_handed_on(scene.lead, effect.fields),
            "key": key[:32],
        }

    async def _judge(
        self, tx: AsyncConnection, effect: HandOverLead, scene: Scene, intent: Intent
    ) -> Outcome | None:
        """As for a mail, but for the send window: when to mail is the other tool's to know."""
        lead, automation = scene.lead, scene.version.definition
        whose, needs = (lead.center, lead.person), automation.consents_needed
        outgoing = Outgoing("email", automation.id)
        facts = replace(
            await facts_of_message(self._ledger, tx, scene, effect.not_after),
            suppressed=await suppression_of(self._ledger, tx, lead, scene.recipient),
            has_address=bool(scene.recipient),
            no_consent=await missing_consent(tx, whose, needs, "email"),
            ineligible=await no_longer_eligible(tx, automation, lead, effect),
            halted=await why_held_back(tx, lead, automation),
            unheard=await why_unheard(self._ledger, tx, lead.center, scene.accounts, outgoing),
            window=None,
        )
        verdict = await note_verdict(self._ledger, tx, scene, judge_mail(facts))
        if verdict is None:
            await self._open(tx, effect, scene, intent)
        return verdict

    async def _open(
        self, tx: AsyncConnection, effect: HandOverLead, scene: Scene, intent: Intent
    ) -> None:
        token, place = intent.payload["key"], _place_of(effect.key)
        others = await others_of(tx, token, effect.campaign, place)
        if any(other.state != ENDED for other in others):
            text = "an earlier handover of this lead has not stopped yet (dripstone handovers)"
            raise as_application_error(NotYet("smartlead", "earlier_stop_open", text))
        address = scene.recipient or ""
        row = {
            "center": scene.lead.center,
            "key": place,
            **{name: getattr(effect, name) for name in ("enrollment", "entry", "step", "visit")},
            "automation": scene.version.automation,
            "lead": scene.lead.lead,
            "person": person_at(self._ledger, scene.lead, address),
            "domain": canonical_address(address).rpartition("@")[2],
            "token": token,
            "campaign": effect.campaign,
            "mails": effect.mails,
        }
        await open_handover(self._ledger, tx, row)

    async def _ask(self, row: EffectRow, _hand_over: HandOver) -> Receipt:
        """Look first: an earlier attempt, or an earlier visit, may have put the lead there."""
        tool, payload = self._outreach, row.payload
        if tool is None:
            raise Never("smartlead", "not_configured", "set DRIPSTONE_SMARTLEAD__API_KEY, retry")
        campaign, email = payload["campaign"], payload["lead"]["email"]
        found = await tool.find_lead(campaign, email)
        if found is None:
            await tool.add_lead(campaign, payload["lead"], payload["key"])
            found = await tool.find_lead(campaign, email)
        elif found.key == payload["key"] and await self._was_paused(row):
            await tool.resume_lead(campaign, found.id)
        if found is None:
            raise NotYet("smartlead", "not_listed_yet", "the lead is not listed there yet")
        if found.key != payload["key"]:
            message = f"campaign {campaign} has this address from elsewhere: take it out, retry"
            raise Never("smartlead", "not_ours", message)
        return Receipt(found.id)

    async def _was_paused(self, row: EffectRow) -> bool:
        token, campaign = row.payload["key"], row.payload["campaign"]
        async with self._ledger.reading() as tx:
            others = await others_of(tx, token, campaign, _place_of(row.key))
        return bool(others) and others[-1].ended_how == "paused"

    async def _keep(self, tx: AsyncConnection, row: EffectRow) -> tuple[str, ...]:
        """It is there: under which id is what the effect was answered."""
        answered = select(effects.c.vendor_ref).where(effects.c.key == row.key)
        there = {"state": ACTIVE, "vendor_lead": await tx.scalar(answered)}
        await change_handover(tx, _place_of(row.key), **there)
        return ()

    async def _take_back(self, tx: AsyncConnection, effect: HandOverLead) -> Outcome | None:
        """Refused for good; an attempt before may have come through: what is there must stop."""
        await want(self._ledger, tx, _place_of(effect.key), END, LAST_WORD)
        return None


def lead_handed_on(lead: Lead, fields: Iterable[str]) -> dict[str, JsonValue]:
    """What the other tool is given of a lead: its address, its names, and ``fields``."""
    names = dict.fromkeys((*HANDED_ON, *fields))
    known = {name: lead.fields[name] for name in names if lead.fields.get(name) not in (None, "")}
    return {**known, "email": lead.email}


def _place_of(key: str) -> str:
    """The visit of the step, of which the effect's key is made."""
    return key.rpartition("/")[0]
