"""What an automation needs of the accounts here, and what they allow."""

from __future__ import annotations

from collections.abc import Iterator

from starters.definitions.check import check
from starters.definitions.draft import Draft, Found
from workflows.engine.steps.approval import Approval
from workflows.engine.steps.assign import Assign
from workflows.engine.steps.notify import Notify
from workflows.engine.steps.send_email import SendEmail
from workflows.engine.steps.set_field import SetField

_BY_MAIL = ("smtp", "DRIPSTONE_SMTP__HOST")
NEEDS = {
    "approval": _BY_MAIL,
    "send_email": _BY_MAIL,
    "send_sms": ("twilio", "DRIPSTONE_TWILIO__ACCOUNT_SID, __AUTH_TOKEN and __FROM"),
    "update_stage": ("salesforce", "DRIPSTONE_SALESFORCE__USERNAME and __CLIENT_ID"),
    "assign": ("salesforce", "DRIPSTONE_SALESFORCE__USERNAME and __CLIENT_ID"),
    "create_task": ("salesforce", "DRIPSTONE_SALESFORCE__USERNAME and __CLIENT_ID"),
    "create_event": ("salesforce", "DRIPSTONE_SALESFORCE__USERNAME and __CLIENT_ID"),
    "create_note": ("salesforce", "DRIPSTONE_SALESFORCE__USERNAME and __CLIENT_ID"),
    "outreach_handover": ("smartlead", "DRIPSTONE_SMARTLEAD__API_KEY"),
}
NOTIFIES = {
    "slack": ("slack", "DRIPSTONE_SLACK__TOKEN"),
    "teams": ("teams", "DRIPSTONE_TEAMS__WEBHOOK_URL"),
    "email": ("smtp", "DRIPSTONE_SMTP__HOST"),
    "app": ("", ""),
}
"""The same for ``notify``, by whom it goes through; an app alert needs nothing."""


@check("error", "set the variables that are named, or take the step out")
def missing_connections(draft: Draft) -> Iterator[Found]:
    """Steps that need a vendor at which this installation has no account."""
    for place, step in draft.steps.items():
        needs = NEEDS.get(step.kind, ("", ""))
        vendor, setting = NOTIFIES[step.via] if isinstance(step, Notify) else needs
        if vendor and draft.connections and vendor not in draft.connections.vendors:
            message = f"needs the connection {vendor!r}, which is not configured: set {setting}"
            yield ("steps", place, "kind"), "error", message


@check("error", "add the mailbox to the connections file, or name another sender")
def missing_mailbox(draft: Draft) -> Iterator[Found]:
    """Mails whose sender has no mailbox here."""
    automation, there = draft.automation, draft.connections
    if not automation or not there or there.mailboxes is None:
        return
    sends = any(
        isinstance(step, SendEmail) or (isinstance(step, Notify) and step.via == "email")
        for step in automation.steps
    )
    campaign = automation.campaign
    field = "senders" if campaign and campaign.senders else "sender"
    for sender in (campaign.mailboxes if campaign else ("default",)) if sends else ():
        if sender not in there.mailboxes.get(automation.center, ()):
            where = f"center {automation.center!r} has no mailbox {sender!r}"
            yield ("campaign", field), "error", f"{where} in the connections file"


@check("error", "name people or roles under `review` of the center")
def nobody_may_approve(draft: Draft) -> Iterator[Found]:
    """Approvals in a center in which nobody may approve anything; channels that nobody can tell."""
    center = draft.automation.center if draft.automation else ""
    there = draft.connections
    for place, step in draft.steps.items():
        if not isinstance(step, Approval) or there is None:
            continue
        if there.approvers is not None and center and not there.approvers.get(center):
            message = (
                f"nobody may approve in center {center!r}: name people or roles under "
                "'review: {approvers: [...]}' in the connections file"
            )
            yield ("steps", place, "kind"), "error", message
        if step.channel and "slack" not in there.vendors:
            message = "needs the connection 'slack', which is not configured: set "
            yield ("steps", place, "channel"), "error", f"{message}DRIPSTONE_SLACK__TOKEN"


@check("error", "add the field to `writable_fields` of the connections file, or `only_here: true`")
def fields_not_writable(draft: Draft) -> Iterator[Found]:
    """Fields that a step would write to a CRM where nobody has allowed it."""
    center = draft.automation.center if draft.automation else ""
    there = draft.connections.writable if draft.connections else None
    for place, step in draft.steps.items():
        if not isinstance(step, SetField) or step.only_here or there is None or not center:
            continue
        if step.field not in there.get(center, ()):
            message = (
                f"{step.field!r} is not among the writable_fields of center {center!r}: add it to "
                "the connections file, or 'only_here: true' to the step"
            )
            yield ("steps", place, "field"), "error", message


@check("error", "add the pool to the connections file, or name another")
def unknown_pools(draft: Draft) -> Iterator[Found]:
    """Pools that nobody is in."""
    center = draft.automation.center if draft.automation else ""
    there = draft.connections.pools if draft.connections else None
    for place, step in draft.steps.items():
        if isinstance(step, Assign) and step.pool and center and there is not None:
            known = there.get(center, ())
            if step.pool not in known:
                listed = ", ".join(sorted(known)) or "none"
                message = f"center {center!r} has no pool {step.pool!r}; there are: {listed}"
                yield ("steps", place, "pool"), "error", message
