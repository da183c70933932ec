"""The gate for mails: what its policy looks at, read in the claiming transaction, and the pace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.errors import as_application_error
from activities.ledger import Ledger
from activities.ledger.companies import company_of
from activities.ledger.connections import CenterConnections
from activities.ledger.consents import missing_consent
from activities.ledger.effects import last_mails
from activities.ledger.feeds import Outgoing, why_unheard
from activities.ledger.gate import REVIEW_WANTED, judge_mail
from activities.ledger.halts import why_held_back
from activities.ledger.leads import Lead, is_sample
from activities.ledger.pacing import (
    DAY_OF_CAMPAIGN,
    DAY_OF_COMPANY,
    DAY_OF_MAILBOX,
    Daily,
    Pace,
)
from activities.ledger.slots import take_slot
from activities.ledger.still_eligible import no_longer_eligible
from activities.ledger.suppressions import suppression_of
from activities.ledger.template_switch import cause_of_hold, is_deactivated
from activities.reviewed_mail import ask_again, what_review_lacks
from activities.scene import Scene, facts_of, note_verdict, zone_of
from activities.vendors.ports import NotYet
from workflows.engine.automation import Automation
from workflows.engine.caps import Caps
from workflows.engine.effects import Outcome, SendEmail

LARGEST_SKEW = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Sending:
    """One mail before the gate: what it is about, the caps in force, and where it leaves from.

    ``company`` is an id, or None; ``zone`` is the lead's.
    """

    effect: SendEmail
    lead: Lead
    automation: Automation
    accounts: CenterConnections
    caps: Caps
    mailbox: str
    company: str | None
    zone: str

    @property
    def outgoing(self) -> Outgoing:
        """What says by which feeds an answer to it would come in."""
        return Outgoing("email", self.automation.id, self.mailbox)


@dataclass(frozen=True, slots=True)
class MailCase:
    """A mail as it would leave, its scene, and all that limits when it may leave."""

    scene: Scene
    sending: Sending
    pace: Pace
    payload: Mapping[str, Any]


def mail_case(
    ledger: Ledger, effect: SendEmail, scene: Scene, caps: Caps, payload: Mapping[str, Any]
) -> MailCase:
    """What the gate needs of one mail that is to leave as ``payload`` has it."""
    sending = Sending(
        effect=effect,
        lead=scene.lead,
        automation=scene.version.definition,
        accounts=scene.accounts,
        caps=caps,
        mailbox=str(payload.get("mailbox") or "default"),
        company=company_of(ledger, scene.lead),
        zone=zone_of(scene),
    )
    return MailCase(scene, sending, pace_of(sending), payload)


async def judge_mail_in(ledger: Ledger, tx: AsyncConnection, case: MailCase) -> Outcome | None:
    """The gate's verdict on a mail; None: go, and its slot is taken.

    Raises:
        ApplicationError: retryable: this worker's clock is off.
    """
    now = await ledger.now(tx)
    _check_clock(ledger, now)
    scene, sending = case.scene, case.sending
    effect, lead, automation = sending.effect, sending.lead, sending.automation
    campaign = automation.campaign
    whose = (lead.center, lead.person)
    off = await is_deactivated(tx, lead.center, effect.template)
    is_reviewed = automation.is_reviewed(effect.step)
    facts = replace(
        await facts_of(ledger, tx, scene),
        suppressed=await suppression_of(ledger, tx, lead, scene.recipient),
        not_after=effect.not_after,
        hold=cause_of_hold(effect.template) if off else "",
        review=await what_review_lacks(tx, effect, case.payload) if is_reviewed else "",
        no_consent=await missing_consent(tx, whose, automation.consents_needed, "email"),
        ineligible=await no_longer_eligible(tx, automation, lead, effect),
        max_sends=sending.caps.max_sends,
        sends=await _sends(tx, sending),
        due=_due(effect),
        max_lateness=sending.caps.max_lateness,
        halted=await why_held_back(tx, lead, automation),
        unheard=await why_unheard(ledger, tx, lead.center, sending.accounts, sending.outgoing),
        # With caps, the window is one of the limits that the slot has to suit.
        window=campaign.send_window if campaign and not case.pace.is_limited else None,
        zone=sending.zone,
    )
    verdict = judge_mail(facts)
    if verdict and verdict.cause == REVIEW_WANTED:
        await ask_again(ledger, tx, scene, effect.step, case.payload)
    # Sample leads use nothing up that is meant for others.
    room = None if verdict or is_sample(lead.lead) else await take_slot(tx, case.pace, now)
    if room:
        verdict = Outcome(state="held", cause=room.cause, until=room.at)
    return await note_verdict(ledger, tx, scene, verdict)


def _check_clock(ledger: Ledger, now: datetime) -> None:
    if abs(now - ledger.machine_clock()) > LARGEST_SKEW:
        text = "this worker's clock is more than 30 s off the ledger's: set it right"
        raise as_application_error(NotYet("dripstone", "clock_skew", text))


async def _sends(tx: AsyncConnection, sending: Sending) -> int:
    """How many mails this entry has sent, apart from this one; asked for only if it matters."""
    if sending.caps.max_sends is None:
        return 0
    sent = await last_mails(tx, sending.effect.enrollment, sending.effect.entry)
    return sum(row.key != sending.effect.key for row in sent)


def _due(effect: SendEmail) -> datetime | None:
    """When the mail should have left: as the journey knows it, or when it was first asked for."""
    asked = activity.info().scheduled_time if activity.in_activity() else None
    return min((one for one in (effect.due, asked) if one), default=None)


def pace_of(sending: Sending) -> Pace:
    """Everything that limits when the mail may leave."""
    lead, center, caps = sending.lead, sending.accounts, sending.caps
    account = center.mailboxes.get(sending.mailbox)
    per_company = (caps.per_company_per_day, center.caps.per_company_per_day)
    most = min((cap for cap in per_company if cap), default=0)
    daily = (
        Daily("mailbox", sending.mailbox, (account and account.per_day) or 0, DAY_OF_MAILBOX),
        Daily("automation", sending.automation.id, caps.per_day or 0, DAY_OF_CAMPAIGN),
        Daily("company", sending.company or "", most if sending.company else 0, DAY_OF_COMPANY),
    )
    about = {
        "center": lead.center,
        "key": sending.effect.key,
        "enrollment": sending.effect.enrollment,
        "entry": sending.effect.entry,
        "automation": sending.automation.id,
        "mailbox": sending.mailbox,
        "company": sending.company,
        "person": lead.person,
    }
    campaign = sending.automation.campaign
    return Pace(
        about=about,
        zone=center.zone,
        gap=account.min_gap if account else None,
        daily=tuple(one for one in daily if one.most),
        rates=tuple(one for one in (center.caps.frequency_cap, caps.frequency_cap) if one),
        window=campaign.send_window if campaign else None,
        lead_zone=sending.zone,
        not_after=sending.effect.not_after,
    )
