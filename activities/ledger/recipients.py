"""Which address a mail goes to: that in the field of the lead which its step names."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.leads import BadLead, Lead, canonical_address, person_of
from activities.ledger.store import Ledger
from activities.ledger.suppressions import suppression_of
from workflows.engine.automation import Automation
from workflows.engine.steps.send_email import SendEmail


def recipient_of(lead: Lead, field: str) -> str | None:
    """The address in a field of the lead; None if there is none, or something else."""
    written = lead.merge_fields.get(field)
    address = written.strip() if isinstance(written, str) else ""
    try:
        return address if address and canonical_address(address) else None
    except BadLead:
        return None


def person_at(ledger: Ledger, lead: Lead, address: str) -> str:
    """Whom a bounce of this address is about: not the lead, if the address is its second one."""
    return person_of(ledger, lead.center, address, lead.lead)


def recipient_fields(automation: Automation) -> tuple[str, ...]:
    """The fields that the automation's mails are addressed by; none if it sends no mail."""
    fields = (step.recipient_field for step in automation.steps if isinstance(step, SendEmail))
    return tuple(dict.fromkeys(fields))


def begins_with_mail(automation: Automation) -> bool:
    """Whether nothing is done about a lead before the first mail, whichever way it takes."""
    waiting, seen = [automation.steps[0].id], set[str]()
    while waiting:
        here = waiting.pop()
        step = automation.step(here)
        if step is None or here in seen or step.ends or step.kind in _MAILS:
            continue
        if step.kind not in _QUIET:
            return False
        seen.add(here)
        after = automation.after(here)
        waiting += [target for _, target in step.targets()] + ([after] if after else [])
    return True


_MAILS = ("send_email", "approval", "outreach_handover")
"""Kinds of steps that come to nothing without an address."""
_QUIET = ("branch", "jump", "ab_split", "wait", "wait_until", "wait_for")
"""Kinds of steps that do nothing but lead on, now or later."""


async def objection_to_mail(
    ledger: Ledger, tx: AsyncConnection, lead: Lead, automation: Automation
) -> str:
    """Why the mails of an automation keep the lead out; empty if they do not, or it sends none.

    Without an address only an automation is closed to it that begins with a mail: elsewhere the
    other steps are done all the same, and its mails are passed over.
    """
    fields = recipient_fields(automation)
    addresses = [address for field in fields if (address := recipient_of(lead, field))]
    if not addresses:
        return no_address(fields) if fields and begins_with_mail(automation) else ""
    found = [await suppression_of(ledger, tx, lead, address) for address in addresses]
    return "" if None in found else f"suppressed: {found[0]}"


def no_address(fields: tuple[str, ...]) -> str:
    """That a lead has no address to send to, and in which fields it was looked for."""
    where = "" if fields == ("email",) else f" in {' or '.join(fields)}"
    return f"no e-mail address{where}, and the automation begins with a mail"
