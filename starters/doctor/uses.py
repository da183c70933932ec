"""Which accounts an automation uses: vendors, mailboxes and HTTP connections, by name."""

from __future__ import annotations

from collections.abc import Iterator

from starters.definitions.account_checks import NEEDS, NOTIFIES
from starters.definitions.platform_checks import system_of
from workflows.engine.automation import Automation
from workflows.engine.steps import AnyStep
from workflows.engine.steps.http_call import HttpCall
from workflows.engine.steps.notify import Notify
from workflows.engine.steps.send_email import SendEmail
from workflows.engine.steps.track_event import TrackEvent


def uses_of(automation: Automation) -> frozenset[tuple[str, str]]:
    """(vendor, name) of each account; ``default`` is the one that the settings define.

    A vendor's own name is that of its account; mailboxes are ``mailbox`` and HTTP connections
    ``http``, with the names that the connections file gives them.
    """
    found = {use for step in automation.steps for use in _uses(step)}
    if any(sends_mail(step) for step in automation.steps):
        campaign = automation.campaign
        found |= {("mailbox", one) for one in (campaign.mailboxes if campaign else ("default",))}
    return frozenset(found)


def sends_mail(step: AnyStep) -> bool:
    """Whether a mail leaves by this step, from a mailbox of the center."""
    return isinstance(step, SendEmail) or (isinstance(step, Notify) and step.via == "email")


def _uses(step: AnyStep) -> Iterator[tuple[str, str]]:
    if isinstance(step, HttpCall):
        yield "http", step.connection
    if isinstance(step, TrackEvent):
        yield "google_analytics", "default"
    vendor = NOTIFIES[step.via][0] if isinstance(step, Notify) else NEEDS.get(step.kind, ("",))[0]
    for name in (vendor, system_of(step)):
        if name:
            yield name, "default"
