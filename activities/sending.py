"""One message before the gate: whom it goes to, the caps in force, and when they let it leave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.errors import as_application_error
from activities.ledger import Ledger
from activities.ledger.companies import company_of
from activities.ledger.connections import CenterConnections
from activities.ledger.effects import messages_of
from activities.ledger.feeds import Outgoing
from activities.ledger.leads import Lead, is_sample
from activities.ledger.pacing import (
    DAY_OF_CAMPAIGN,
    DAY_OF_COMPANY,
    DAY_OF_MAILBOX,
    Daily,
    Pace,
)
from activities.ledger.settings import settings_of
from activities.ledger.slots import take_slot
from activities.ledger.windows import window_of
from activities.scene import Scene, zone_of
from activities.vendors.ports import NotYet
from workflows.engine.automation import Automation
from workflows.engine.caps import Caps
from workflows.engine.consent import CHANNEL_OF
from workflows.engine.effects import HttpCall, Outcome, SendEmail, SendSms

Message = SendEmail | SendSms | HttpCall
"""What reaches a lead; a call does if its step says so."""

NO_MAILBOX = ""
"""Where a text message or a call leaves from: no mailbox limits it."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One message before the gate: what it is about, the caps in force, and where it leaves from.

    ``company`` is an id, or None; ``zone`` is the lead's.
    """

    effect: Message
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
        return Outgoing(CHANNEL_OF.get(self.effect.kind), self.automation.id, self.mailbox or None)


def sending_of(ledger: Ledger, effect: Message, scene: Scene, caps: Caps, mailbox: str) -> Sending:
    """A message of a scene; ``mailbox`` is the name of the one that it leaves from."""
    return Sending(
        effect=effect,
        lead=scene.lead,
        automation=scene.version.definition,
        accounts=scene.accounts,
        caps=caps,
        mailbox=mailbox,
        company=company_of(ledger, scene.lead),
        zone=zone_of(scene),
    )


async def sends_of(tx: AsyncConnection, sending: Sending) -> int:
    """How many messages this entry has sent, apart from this one; asked for only if it matters."""
    if sending.caps.max_sends is None:
        return 0
    sent = await messages_of(tx, sending.effect.enrollment, sending.effect.entry)
    return sum(key != sending.effect.key for key in sent)


async def check_caps(tx: AsyncConnection, sending: Sending) -> None:
    """To be asked while it is claimed: its locks follow from caps that were read before.

    Raises:
        ApplicationError: retryable: an edit that is in force has made them others.
    """
    if (await settings_of(tx, sending.automation.id)).caps != sending.caps:
        text = "the campaign's caps were changed while this was prepared"
        at_once = timedelta(milliseconds=100)
        raise as_application_error(NotYet("dripstone", "caps_changed", text, at_once))


async def held_for_room(
    tx: AsyncConnection, pace: Pace, lead: Lead, now: datetime
) -> Outcome | None:
    """None: there is room, and the slot is taken. Sample leads use nothing up that is meant for
    others."""
    room = None if is_sample(lead.lead) else await take_slot(tx, pace, now)
    return Outcome(state="held", cause=room.cause, until=room.at) if room else None


def due_of(effect: Message) -> datetime | None:
    """When it should have left: as the journey knows it, or when it was first asked for.

    Of a call the journey does not tell.
    """
    known = None if isinstance(effect, HttpCall) else effect.due
    asked = activity.info().scheduled_time if activity.in_activity() else None
    return min((one for one in (known, asked) if one), default=None)


def pace_of(sending: Sending) -> Pace:
    """Everything that limits when the message may leave."""
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
    return Pace(
        about=about,
        zone=center.zone,
        gap=account.min_gap if account else None,
        daily=tuple(one for one in daily if one.most),
        rates=tuple(one for one in (center.caps.frequency_cap, caps.frequency_cap) if one),
        window=window_of(sending.automation, center),
        lead_zone=sending.zone,
        not_after=sending.effect.not_after,
    )
