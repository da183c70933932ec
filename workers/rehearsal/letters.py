"""Messages as they would leave: the real templates filled in with the lead's fields."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import JsonValue

from activities.ledger.connections import CenterConnections
from activities.ledger.merge_values import merge_values
from activities.ledger.recipients import recipient_of
from activities.mail_footer import WHAT, Footer
from activities.mail_head import nowhere
from activities.notices import words_of
from activities.templates import Rendered, Template, TemplateProblem, render
from activities.text_messages import text_payload
from workers.rehearsal.case import Case
from workers.rehearsal.virtual import OWNER_ADDRESS, TEXT_SENDER
from workflows.engine.effects import Notify, SendEmail, SendSms
from workflows.engine.steps.notify import OWNER

UNSUBSCRIBE_URL = "https://rehearsal.invalid/u/opt-out"


class CannotBeWritten(ValueError):
    """A message cannot be made; the step would need attention. Holds no personal data."""


class NoAddress(CannotBeWritten):
    """The lead has no address: a mail that is to be sent is passed over."""


def mail_of(case: Case, effect: SendEmail, accounts: CenterConnections) -> dict[str, JsonValue]:
    """The mail of one visit of one step: from, to, subject, text, html.

    Raises:
        CannotBeWritten: the template cannot be filled in, or the sender's mailbox is not there.
        NoAddress: there is nowhere to send it.
    """
    name = case.sender
    mailbox = accounts.mailboxes.get(name)
    if mailbox is None:
        raise CannotBeWritten(f"no mailbox {name!r}: add it to the connections file")
    recipient = recipient_of(case.lead, effect.recipient_field)
    if recipient is None:
        raise NoAddress(nowhere(effect))
    text = case.play.templates[effect.template]
    template = Template(name=text.name, subject=text.subject, text=text.text, html=text.html)
    fields = {
        "lead": merge_values(case.lead, case.play.automation, effect.step),
        "sender": mailbox.model_dump(mode="json"),
        "unsubscribe_url": UNSUBSCRIBE_URL,
    }
    rendered = _rendered(template, fields, Footer(UNSUBSCRIBE_URL, mailbox.postal_address))
    subject = rendered.subject
    if effect.thread and case.first_subject:
        first = case.first_subject
        subject = first if first.lower().startswith("re:") else f"Re: {first}"
    mail: dict[str, JsonValue] = {
        "from": mailbox.address,
        "to": recipient,
        "subject": subject,
        "text": rendered.text,
    }
    return mail | ({"html": rendered.html} if rendered.html else {})


def _rendered(template: Template, fields: Mapping[str, object], footer: Footer) -> Rendered:
    try:
        rendered = render(template, fields)
    except TemplateProblem as problem:
        raise CannotBeWritten(str(problem)) from problem
    for part, field in footer.missing_in(rendered.text, rendered.html):
        raise CannotBeWritten(
            f"template {template.name}: a reader of the {part} part does not see {WHAT[field]}"
        )
    return rendered


def text_of(case: Case, effect: SendSms, accounts: CenterConnections) -> dict[str, JsonValue]:
    """The text message: from, to, text, segments; without a number only why it cannot be sent.

    Raises:
        CannotBeWritten: its text cannot be filled in.
    """
    try:
        return text_payload(effect, case.lead, accounts, TEXT_SENDER)
    except TemplateProblem as problem:
        raise CannotBeWritten(str(problem)) from problem


def notice_of(case: Case, effect: Notify) -> dict[str, JsonValue]:
    """The message to the team.

    Raises:
        CannotBeWritten: its words cannot be filled in, or nobody looks after the lead.
    """
    try:
        name = case.play.automation.name
        subject, text = words_of(effect, case.lead.merge_fields, name)
    except TemplateProblem as problem:
        raise CannotBeWritten(str(problem)) from problem
    if effect.via == "slack":
        return {"channel": effect.channel, "text": text}
    if effect.via == "app":
        return {"text": text}
    told: dict[str, JsonValue] = {"subject": subject, "text": text}
    return told if effect.via == "teams" else {**told, "to": _colleague(case, effect)}


def _colleague(case: Case, effect: Notify) -> str:
    owner = case.lead.fields.get("owner")
    if effect.to != OWNER:
        return effect.to
    if isinstance(owner, str) and "@" in owner:
        return owner
    if isinstance(owner, str) and re.fullmatch(r"[a-zA-Z0-9]{18}", owner):
        return OWNER_ADDRESS
    raise CannotBeWritten("the lead has no owner with an address: assign one first")
