"""What the team is told by one visit of a ``notify`` step: words filled in, and whom they go to."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from activities.errors import as_application_error
from activities.ledger.leads import Lead
from activities.message import MessageParts, message_id_for
from activities.scene import Scene
from activities.templates import Template, TemplateProblem, render
from activities.vendors.ports import Crm, Never
from workflows.engine.effects import Notify
from workflows.engine.steps.notify import OWNER

_USER_ID = re.compile(r"[a-zA-Z0-9]{18}")
CONNECTIONS = {"slack": "slack", "teams": "teams", "email": "smtp", "app": "app"}
"""Through whom each kind goes, as the effect ledger names it."""


def words_of(effect: Notify, merge_fields: dict[str, Any], otherwise: str) -> tuple[str, str]:
    """Subject and text, filled in; ``otherwise`` is the subject where the author gave none.

    Raises:
        TemplateProblem: they cannot be filled in.
    """
    subject = effect.subject or otherwise
    template = Template(name=effect.step, subject=subject, text=effect.text, html=None)
    rendered = render(template, {"lead": merge_fields})
    return rendered.subject, rendered.text


def notice_of(effect: Notify, scene: Scene) -> dict[str, Any]:
    """What is posted, pinned or listed, or the words of a mail.

    Raises:
        ApplicationError: of type ``Never``: the words cannot be filled in.
    """
    try:
        name = scene.version.definition.name
        subject, text = words_of(effect, scene.lead.merge_fields, _one_line(name))
    except TemplateProblem as problem:
        raise as_application_error(Never("dripstone", "template", str(problem))) from problem
    if effect.via == "slack":
        return {"channel": effect.channel, "text": text}
    return {"text": text} if effect.via == "app" else {"subject": subject, "text": text}


def _one_line(name: str) -> str:
    """A name as a template's subject: nothing in it is Liquid."""
    return re.sub(r"[{}%\s]+", " ", name).strip() or "Dripstone"


async def address_of(effect: Notify, lead: Lead, crm: Crm | None) -> str:
    """Whom a mail goes to: the address that the step names, or the owner's.

    Raises:
        VendorFailure: the lead has no owner with an address, or the CRM cannot say now.
    """
    if effect.to != OWNER:
        return effect.to
    owner = lead.fields.get("owner")
    found: str | None = owner if isinstance(owner, str) and "@" in owner else None
    if isinstance(owner, str) and _USER_ID.fullmatch(owner) and crm:
        found = await crm.email_of_user(owner)
    if not found:
        message = f"step {effect.step!r}: the lead has no owner with an address: assign one first"
        raise Never("dripstone", "no_owner", message)
    return found


def mail_of(
    effect: Notify, scene: Scene, notice: dict[str, Any], address: str, when: tuple[bytes, datetime]
) -> MessageParts:
    """The mail to a colleague; ``when`` is the ledger's secret and the time.

    Raises:
        ApplicationError: of type ``Never``: no mailbox to send from, or no address to send to.
    """
    campaign = scene.version.definition.campaign
    name = campaign.sender if campaign else "default"
    mailbox = scene.accounts.mailboxes.get(name)
    if mailbox is None:
        message = f"no mailbox {name!r}: add it to the connections file, then retry"
        raise as_application_error(Never("dripstone", "no_mailbox", message))
    try:
        return MessageParts(
            from_address=mailbox.address,
            from_name=mailbox.name,
            to_address=address,
            subject=notice["subject"],
            text=notice["text"],
            message_id=message_id_for(effect.key, when[0], mailbox.address.rpartition("@")[2]),
            date=when[1],
            unsubscribe_url=None,
        )
    except ValidationError:
        message = f"step {effect.step!r}: address or subject cannot be sent: correct the step"
        raise as_application_error(Never("dripstone", "message", message)) from None
