"""What an event suppresses: opt-outs, hard bounces, numbers that take no text messages."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.leads import Lead
from activities.ledger.suppressions import (
    DECLINED,
    STOPPED,
    UNDELIVERABLE,
    Why,
    lift_stop,
    suppress_lead,
    suppress_person,
    suppress_phone,
)
from workflows.engine.events import SMS_OPT_OUT, Event
from workflows.engine.replies import RECLASSIFIED, ReplyClass, class_told, is_sure

REASONS = {"unsubscribe": "unsubscribed", "complaint": "complained", "bounce": "bounced"}
BY_CLASS = {ReplyClass.UNSUBSCRIBE: "unsubscribed", ReplyClass.NEGATIVE: DECLINED}
"""What a reply of that class suppresses by, if it is sure."""
SMS_OPT_IN = "sms_opt_in"
SMS_UNDELIVERED = "sms_undelivered"
SMS_VENDOR = "twilio"
"""The source of events that the vendor of text messages has signed: only those lift a STOP."""


@dataclass(frozen=True, slots=True)
class Whose:
    """Whom an event is about, and who told it.

    ``bounced`` is the person of the address that a bounce is about, if that is another.
    """

    center: str
    source: str
    lead: str | None
    person: str | None
    bounced: str | None = None


def bare_record(center: str, lead: str | None, kind: str) -> Lead | None:
    """An erased lead, as far as its opt-out must still be written to the record of that id."""
    is_told = kind in REASONS or kind == SMS_OPT_OUT
    return Lead(center, lead, "", None, None, {}) if lead and is_told else None


async def note_suppression(tx: AsyncConnection, event: Event, whose: Whose) -> None:
    """Write down what an event suppresses, whatever enrollment lives.

    An opt-out also holds for the record: it must outlive a change of its address. An event
    about a number names it by its ``phone_key`` in ``data.phone``.
    """
    phone = event.data.get("phone")
    reason = reason_of(event)
    if whose.person and reason and not event.is_soft_bounce:
        why = (reason, event.id, event.at)
        await suppress_person(tx, whose.center, whose.bounced or whose.person, why)
        if whose.lead and event.kind != "bounce":
            await suppress_lead(tx, whose.center, whose.lead, why)
    elif event.kind == SMS_OPT_OUT:
        await _stop_texts(tx, whose, (STOPPED, event.id, event.at), phone)
    elif not isinstance(phone, str):
        return
    elif event.kind == SMS_UNDELIVERED and event.data.get("type") == "hard":
        await suppress_phone(tx, whose.center, phone, (UNDELIVERABLE, event.id, event.at))
    elif event.kind == SMS_OPT_IN and whose.source == SMS_VENDOR:
        await lift_stop(tx, whose.center, phone)


def reason_of(event: Event) -> str | None:
    """Why whom an event is about must not be mailed; None if it says nothing of the kind."""
    if event.kind not in ("reply", RECLASSIFIED):
        return REASONS.get(event.kind)
    told = class_told(event)
    return BY_CLASS.get(told) if told and is_sure(event.data) else None


async def _stop_texts(tx: AsyncConnection, whose: Whose, why: Why, phone: object) -> None:
    if whose.person:
        await suppress_person(tx, whose.center, whose.person, why, "sms")
    if whose.lead:
        await suppress_lead(tx, whose.center, whose.lead, why, "sms")
    if isinstance(phone, str):
        await suppress_phone(tx, whose.center, phone, why)
