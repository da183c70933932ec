"""The settings with which the tests' world works at the sandbox vendors."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import SecretStr

from config.settings import (
    GoogleAnalyticsSettings,
    HubspotSettings,
    MarketoSettings,
    SalesforceSettings,
    Settings,
    SlackSettings,
    SmartleadSettings,
    SmtpSettings,
    TeamsSettings,
    TwilioSettings,
)
from tests.sandboxed import Running
from tests.workflows.accounts import TOKEN_VARIABLE


def settings_for(sandbox: Running, directory: Path) -> Settings:
    """Settings that lead to the sandbox."""
    known = sandbox.sandbox.secrets
    slack, stream = known.slack, known.google_analytics
    marketo = known.marketo
    # A connection's secret is found where its name leads, as in production.
    os.environ[TOKEN_VARIABLE] = known.receiver.token
    return Settings(
        ledger_url=f"sqlite:///{directory}/ledger.db",
        smtp=SmtpSettings(host="127.0.0.1", port=sandbox.ports.smtp_port, tls="none"),
        salesforce=_salesforce(sandbox),
        smartlead=SmartleadSettings(
            base_url=f"{sandbox.web}/smartlead/api/v1",
            api_key=SecretStr(sandbox.sandbox.secrets.smartlead.api_key),
        ),
        slack=SlackSettings(
            base_url=f"{sandbox.web}/slack/api/",
            token=SecretStr(slack.token),
        ),
        google_analytics=GoogleAnalyticsSettings(
            base_url=f"{sandbox.web}/google-analytics",
            measurement_id=stream.measurement_id,
            api_secret=SecretStr(stream.api_secret),
        ),
        hubspot=HubspotSettings(
            base_url=f"{sandbox.web}/hubspot", token=SecretStr(known.hubspot.token)
        ),
        marketo=MarketoSettings(
            base_url=f"{sandbox.web}/marketo",
            client_id=marketo.client_id,
            client_secret=SecretStr(marketo.client_secret),
        ),
        twilio=_twilio(sandbox),
        teams=TeamsSettings(
            webhook_url=SecretStr(f"{sandbox.web}/teams/workflows/1?sig={known.teams.signature}")
        ),
    )


def _salesforce(sandbox: Running) -> SalesforceSettings:
    login = sandbox.sandbox.secrets.salesforce
    return SalesforceSettings(
        base_url=f"{sandbox.web}/salesforce",
        login="client_credentials",
        client_id=login.client_id,
        client_secret=SecretStr(login.client_secret),
    )


def _twilio(sandbox: Running) -> TwilioSettings:
    account = sandbox.sandbox.secrets.twilio
    return TwilioSettings(
        base_url=f"{sandbox.web}/twilio",
        account_sid=account.account_sid,
        auth_token=SecretStr(account.auth_token),
        sender=account.numbers[0],
    )
