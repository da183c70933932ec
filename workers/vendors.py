"""The vendor clients that the settings call for. What is not configured is None."""

from __future__ import annotations

from email.message import EmailMessage

from activities.vendors.ports import Chat, Crm, HandOver, Mailer, Never, Outreach, Receipt
from activities.vendors.salesforce import Salesforce, SalesforceLogin
from activities.vendors.slack import Slack, SlackLogin
from activities.vendors.smartlead import Smartlead, SmartleadLogin
from activities.vendors.smtp import SmtpMailer
from config.settings import Settings
from workers.accounts import BadConnections, load_connections

__all__ = [
    "BadConnections",
    "NoMailServer",
    "chat_of",
    "crm_of",
    "load_connections",
    "mailer_of",
    "outreach_of",
]


def crm_of(settings: Settings) -> Crm | None:
    """The Salesforce client."""
    if settings.salesforce is None:
        return None
    return Salesforce(SalesforceLogin(**settings.salesforce.model_dump()))


def chat_of(settings: Settings) -> Chat | None:
    """The Slack client."""
    if settings.slack is None:
        return None
    return Slack(SlackLogin(token=settings.slack.token, base_url=settings.slack.base_url))


def outreach_of(settings: Settings) -> Outreach | None:
    """The Smartlead client."""
    if settings.smartlead is None:
        return None
    return Smartlead(SmartleadLogin(**settings.smartlead.model_dump()))


def mailer_of(settings: Settings) -> Mailer:
    """The SMTP client, or one that says what to configure."""
    smtp = settings.smtp
    if smtp is None:
        return NoMailServer()
    password = smtp.password.get_secret_value() if smtp.password else None
    return SmtpMailer(
        host=smtp.host, port=smtp.port, username=smtp.username, password=password, tls=smtp.tls
    )


class NoMailServer:
    """Stands where no mail server is configured: a mail then waits for an operator."""

    async def send(self, message: EmailMessage, hand_over: HandOver) -> Receipt:
        """Refuse, and say which setting is missing."""
        raise Never("smtp", "not_configured", "set DRIPSTONE_SMTP__HOST, then retry the step")
