"""The vendor clients that the settings call for. What is not configured is None."""

from __future__ import annotations

from email.message import EmailMessage

from activities.ledger.connections import Connections
from activities.platforms import Platforms
from activities.vendors.google_analytics import GoogleAnalytics, StreamLogin
from activities.vendors.hubspot import Hubspot, HubspotLogin
from activities.vendors.marketo import Marketo, MarketoLogin
from activities.vendors.ports import (
    Analytics,
    Board,
    HandOver,
    LeadSystem,
    Mailer,
    Memberships,
    Never,
    Receipt,
    Web,
)
from activities.vendors.reply_ports import ReplyRecords
from activities.vendors.salesforce import (
    Salesforce,
    SalesforceLeads,
    SalesforceLogin,
    SalesforceReplies,
)
from activities.vendors.slack import Slack, SlackLogin
from activities.vendors.smartlead import Smartlead, SmartleadLogin
from activities.vendors.smtp import SmtpMailer
from activities.vendors.teams import Teams, TeamsLogin
from activities.vendors.twilio import Twilio, TwilioLogin
from activities.vendors.web import SafeWeb
from config.settings import Settings, secrets_named
from workers.accounts import BadConnections, load_connections

__all__ = [
    "TEXT_STATUS_PATH",
    "BadConnections",
    "NoMailServer",
    "analytics_of",
    "board_of",
    "chat_of",
    "crm_of",
    "load_connections",
    "mailer_of",
    "outreach_of",
    "platforms_of",
    "replies_of",
    "texter_of",
    "web_of",
]

TEXT_STATUS_PATH = "/webhooks/twilio"
"""Where the ingress takes in what becomes of text messages, and the answers to them."""


def crm_of(settings: Settings) -> Salesforce | None:
    """The Salesforce client."""
    if settings.salesforce is None:
        return None
    return Salesforce(SalesforceLogin(**settings.salesforce.model_dump()))


def replies_of(salesforce: Salesforce | None) -> ReplyRecords | None:
    """Where replies are written to; ``salesforce`` is shared with the CRM's other writes."""
    return SalesforceReplies(salesforce) if salesforce else None


def platforms_of(settings: Settings, salesforce: Salesforce | None) -> Platforms:
    """The systems that leads are pushed to; ``salesforce`` is shared with the CRM's own writes."""
    leads: dict[str, LeadSystem] = {}
    groups: dict[str, Memberships] = {}
    hubspot = None
    if salesforce:
        leads["salesforce"] = groups["salesforce"] = SalesforceLeads(salesforce)
    if settings.marketo:
        login = MarketoLogin(**settings.marketo.model_dump())
        leads["marketo"] = groups["marketo"] = Marketo(login)
    if settings.hubspot:
        leads["hubspot"] = hubspot = Hubspot(HubspotLogin(**settings.hubspot.model_dump()))
    return Platforms(leads, groups, hubspot)


def chat_of(settings: Settings) -> Slack | None:
    """The Slack client."""
    if settings.slack is None:
        return None
    return Slack(SlackLogin(token=settings.slack.token, base_url=settings.slack.base_url))


def web_of(connections: Connections) -> Web:
    """The client for the HTTP connections, with the secrets that they name."""
    return SafeWeb(secrets_named(connections.secret_names))


def analytics_of(settings: Settings) -> Analytics | None:
    """The Google Analytics client."""
    stream = settings.google_analytics
    if stream is None:
        return None
    return GoogleAnalytics(StreamLogin(**stream.model_dump()))


def outreach_of(settings: Settings) -> Smartlead | None:
    """The Smartlead client."""
    if settings.smartlead is None:
        return None
    return Smartlead(SmartleadLogin(**settings.smartlead.model_dump()))


def board_of(settings: Settings) -> Board | None:
    """The Teams client."""
    if settings.teams is None:
        return None
    return Teams(TeamsLogin(webhook_url=settings.teams.webhook_url))


def texter_of(settings: Settings) -> Twilio | None:
    """The Twilio client."""
    twilio = settings.twilio
    if twilio is None:
        return None
    public, plain = settings.ingress.public_url, twilio.base_url.startswith("http://")
    # The real Twilio refuses a message whose status address cannot be reached from outside.
    reachable = public.startswith("https://") or plain
    return Twilio(
        TwilioLogin(
            account_sid=twilio.account_sid,
            auth_token=twilio.auth_token,
            sender=twilio.sender,
            base_url=twilio.base_url,
            status_url=f"{public.rstrip('/')}{TEXT_STATUS_PATH}" if reachable else None,
        )
    )


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
