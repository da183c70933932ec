"""Whether an automation can reach a lead at all: by mail, or, if it sends nothing else, by text."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.connections import CenterConnections
from activities.ledger.leads import BadLead, Lead
from activities.ledger.recipients import objection_to_mail
from activities.ledger.store import Ledger
from activities.ledger.suppressions import phone_key, suppressed_in, text_suppression_of
from activities.phone_numbers import NotAPhoneNumber, e164
from workflows.engine.automation import Automation
from workflows.engine.steps.send_sms import SendSms

NO_NUMBER = "no phone number for text messages, and the automation sends nothing else"


async def objection_to_reach(
    ledger: Ledger,
    tx: AsyncConnection,
    automation: Automation,
    lead: Lead,
    accounts: CenterConnections,
) -> str:
    """Why nothing that the automation sends can reach the lead; empty if something can."""
    if here := await suppressed_in(tx, automation.id, lead):
        return f"suppressed: {here}, in this automation"
    if automation.sends("send_email"):
        return await objection_to_mail(ledger, tx, lead, automation)
    if not sends_texts_alone(automation):
        return ""
    number = first_number(automation, lead, accounts)
    everywhere, texts = await text_suppression_of(ledger, tx, lead, number)
    if everywhere or texts:
        return f"suppressed: {everywhere or texts}"
    return "" if number else NO_NUMBER


def sends_texts_alone(automation: Automation) -> bool:
    """Whether text messages are all that is sent."""
    return automation.sends("send_sms") and not automation.sends("send_email")


def first_number(automation: Automation, lead: Lead, accounts: CenterConnections) -> str | None:
    """The first number (E.164) among the fields that the text messages go to."""
    for step in automation.steps:
        if isinstance(step, SendSms):
            try:
                return e164(lead.merge_fields.get(step.recipient_field), accounts.phone_region)
            except NotAPhoneNumber:
                continue
    return None


def key_of_number(ledger: Ledger, center: str, accounts: CenterConnections, written: str) -> str:
    """The HMAC by which a number is suppressed, however it is written.

    Raises:
        BadLead: it is no number that a text message can be sent to.
    """
    try:
        return phone_key(ledger, center, e164(written, accounts.phone_region))
    except NotAPhoneNumber as error:
        raise BadLead(f"phone: {error}") from error
