"""The gate for mails: what its policy looks at, read in the claiming transaction, and the pace."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.errors import as_application_error
from activities.ledger import Ledger
from activities.ledger.companies import company_of
from activities.ledger.consents import missing_consent
from activities.ledger.effects import last_mails
from activities.ledger.gate import judge_mail
from activities.ledger.halts import why_halted
from activities.ledger.slots import Daily, Pace, take_slot
from activities.ledger.suppressions import suppression_of
from activities.scene import Scene, facts_of, note_verdict, zone_of
from activities.vendors.ports import NotYet
from workflows.engine.caps import Caps
from workflows.engine.effects import Outcome, SendEmail

LARGEST_SKEW = timedelta(seconds=30)

DAY_OF_MAILBOX = "the mailbox has sent its mails of the day"
DAY_OF_CAMPAIGN = "the campaign has sent its mails of the day"
DAY_OF_COMPANY = "the company has got its mails of the day"


@dataclass(frozen=True, slots=True)
class MailCase:
    """One mail before the gate: its effect, what it is about, the caps in force, the mailbox."""

    effect: SendEmail
    scene: Scene
    caps: Caps
    mailbox: str
    pace: Pace


def mail_case(
    ledger: Ledger, effect: SendEmail, scene: Scene, caps: Caps, mailbox: str
) -> MailCase:
    """What the gate needs of one mail that is to leave from ``mailbox``."""
    return MailCase(effect, scene, caps, mailbox, _pace(ledger, effect, scene, caps, mailbox))


async def judge_mail_in(ledger: Ledger, tx: AsyncConnection, case: MailCase) -> Outcome | None:
    """The gate's verdict on a mail; None: go, and its slot is taken.

    Raises:
        ApplicationError: retryable: this worker's clock is off.
    """
    now = await ledger.now(tx)
    if abs(now - ledger.machine_clock()) > LARGEST_SKEW:
        text = "this worker's clock is more than 30 s off the ledger's: set it right"
        raise as_application_error(NotYet("dripstone", "clock_skew", text))
    scene, effect = case.scene, case.effect
    lead, automation = scene.lead, scene.version.definition
    campaign = automation.campaign
    whose = (lead.center, lead.person)
    facts = replace(
        await facts_of(ledger, tx, scene),
        suppressed=await suppression_of(ledger, tx, lead),
        has_address=bool(lead.email),
        not_after=effect.not_after,
        no_consent=await missing_consent(tx, whose, automation.consents_needed, "email"),
        max_sends=case.caps.max_sends,
        sends=await _sends(tx, case),
        due=_due(effect),
        max_lateness=case.caps.max_lateness,
        halted=await why_halted(tx, lead.center, automation.id),
        # With caps, the window is one of the limits that the slot has to suit.
        window=campaign.send_window if campaign and not case.pace.is_limited else None,
        zone=zone_of(scene),
    )
    verdict = judge_mail(facts)
    room = await take_slot(tx, case.pace, now) if verdict is None else None
    if room:
        verdict = Outcome(state="held", cause=room.cause, until=room.at)
    return await note_verdict(ledger, tx, scene, verdict)


async def _sends(tx: AsyncConnection, case: MailCase) -> int:
    """How many mails this entry has sent, apart from this one; asked for only if it matters."""
    if case.caps.max_sends is None:
        return 0
    sent = await last_mails(tx, case.effect.enrollment, case.effect.entry)
    return sum(row.key != case.effect.key for row in sent)


def _due(effect: SendEmail) -> datetime | None:
    """When the mail should have left: as the journey knows it, or when it was first asked for."""
    asked = activity.info().scheduled_time if activity.in_activity() else None
    return min((one for one in (effect.due, asked) if one), default=None)


def _pace(ledger: Ledger, effect: SendEmail, scene: Scene, caps: Caps, mailbox: str) -> Pace:
    lead, center = scene.lead, scene.accounts
    account, campaign = center.mailboxes.get(mailbox), scene.version.definition.campaign
    company = company_of(ledger, lead)
    per_company = (caps.per_company_per_day, center.caps.per_company_per_day)
    most = min((cap for cap in per_company if cap), default=0)
    daily = (
        Daily("mailbox", mailbox, (account and account.per_day) or 0, DAY_OF_MAILBOX),
        Daily("automation", scene.version.automation, caps.per_day or 0, DAY_OF_CAMPAIGN),
        Daily("company", company or "", most if company else 0, DAY_OF_COMPANY),
    )
    about = {
        "center": lead.center,
        "key": effect.key,
        "enrollment": effect.enrollment,
        "entry": effect.entry,
        "automation": scene.version.automation,
        "mailbox": mailbox,
        "company": company,
        "person": lead.person,
    }
    return Pace(
        about=about,
        zone=center.zone,
        gap=account.min_gap if account else None,
        daily=tuple(one for one in daily if one.most),
        rates=tuple(one for one in (center.caps.frequency_cap, caps.frequency_cap) if one),
        window=campaign.send_window if campaign else None,
        lead_zone=zone_of(scene),
        not_after=effect.not_after,
    )
