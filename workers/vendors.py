"""The vendor clients that the settings call for. What is not configured is None."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import yaml
from pydantic import ValidationError

from activities.ledger.connections import Connections
from activities.vendors.ports import Chat, Crm, HandOver, Mailer, Never, Receipt
from activities.vendors.salesforce import Salesforce, SalesforceLogin
from activities.vendors.slack import Slack, SlackLogin
from activities.vendors.smtp import SmtpMailer
from config.settings import Settings


class BadConnections(ValueError):
    """The connections file cannot be used; the message says where and how to mend it."""


def load_connections(path: Path) -> Connections:
    """Read ``connections.yaml``. A file that is not there means no accounts.

    Raises:
        BadConnections: not YAML, or not what connections look like.
    """
    if not path.exists():
        return Connections()
    try:
        return Connections.model_validate(yaml.safe_load(path.read_text("utf-8")) or {})
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadConnections(f"{path}: not readable as YAML: {error}") from error
    except ValidationError as error:
        problems = (
            f"{path}: {'.'.join(map(str, one['loc']))}: {one['msg']}"
            for one in error.errors(include_input=False, include_url=False)
        )
        raise BadConnections("\n".join(problems)) from error


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
