"""What an automation needs of the accounts here, and what they allow."""

from __future__ import annotations

from collections.abc import Iterator

from starters.definitions.draft import Draft, Found
from workflows.engine.steps.assign import Assign
from workflows.engine.steps.notify import Notify
from workflows.engine.steps.send_email import SendEmail
from workflows.engine.steps.set_field import SetField

NEEDS = {
    "send_email": ("smtp", "DRIPSTONE_SMTP__HOST"),
    "send_sms": ("twilio", "DRIPSTONE_TWILIO__ACCOUNT_SID, __AUTH_TOKEN and __FROM"),
    "update_stage": ("salesforce", "DRIPSTONE_SALESFORCE__USERNAME and __CLIENT_ID"),
    "assign": ("salesforce", "DRIPSTONE_SALESFORCE__USERNAME and __CLIENT_ID"),
    "create_task": ("salesforce", "DRIPSTONE_SALESFORCE__USERNAME and __CLIENT_ID"),
    "create_event": ("salesforce", "DRIPSTONE_SALESFORCE__USERNAME and __CLIENT_ID"),
    "create_note": ("salesforce", "DRIPSTONE_SALESFORCE__USERNAME and __CLIENT_ID"),
}
NOTIFIES = {
    "slack": ("slack", "DRIPSTONE_SLACK__TOKEN"),
    "teams": ("teams", "DRIPSTONE_TEAMS__WEBHOOK_URL"),
    "email": ("smtp", "DRIPSTONE_SMTP__HOST"),
    "app": ("", ""),
}
"""The same for ``notify``, by whom it goes through; an app alert needs nothing."""


def missing_connections(draft: Draft) -> Iterator[Found]:
    """Vendors that a step needs and that this installation does not have."""
    for place, step in draft.steps.items():
        needs = NEEDS.get(step.kind, ("", ""))
        vendor, setting = NOTIFIES[step.via] if isinstance(step, Notify) else needs
        if vendor and draft.connections and vendor not in draft.connections.vendors:
            message = f"needs the connection {vendor!r}, which is not configured: set {setting}"
            yield ("steps", place, "kind"), "error", message


def missing_mailbox(draft: Draft) -> Iterator[Found]:
    """The mailbox that the mails are to leave from."""
    automation, there = draft.automation, draft.connections
    if not automation or not there or there.mailboxes is None:
        return
    sends = any(
        isinstance(step, SendEmail) or (isinstance(step, Notify) and step.via == "email")
        for step in automation.steps
    )
    sender = automation.campaign.sender if automation.campaign else "default"
    if sends and sender not in there.mailboxes.get(automation.center, ()):
        message = f"center {automation.center!r} has no mailbox {sender!r} in the connections file"
        yield ("campaign", "sender"), "error", message


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
