"""The settings: the only reader of the environment. ``DRIPSTONE_...``, with ``__`` for nesting."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

BaseUrl = Annotated[str, Field(pattern=r"^https?://[^/\s?#]+(/[^\s?#]*)?$")]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class SalesforceSettings(_Section):
    """``DRIPSTONE_SALESFORCE__...``: the connection ``default`` to a Salesforce org."""

    base_url: BaseUrl | None = None
    login: Literal["jwt", "client_credentials", "password"] = "jwt"
    username: str | None = None
    private_key: SecretStr | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    password: SecretStr | None = None
    security_token: SecretStr | None = None
    domain: str = "login"


class SmtpSettings(_Section):
    """``DRIPSTONE_SMTP__...``: the mail server that takes our mail."""

    host: str
    port: int = Field(default=587, ge=1, le=65535)
    username: str | None = None
    password: SecretStr | None = None
    tls: Literal["none", "starttls", "tls"] = "starttls"


class SlackSettings(_Section):
    """``DRIPSTONE_SLACK__...``: a bot token, and where Slack is."""

    base_url: BaseUrl = "https://slack.com/api/"
    token: SecretStr


class GoogleAnalyticsSettings(_Section):
    """``DRIPSTONE_GOOGLE_ANALYTICS__...``: a data stream, and a Measurement Protocol secret of it.

    The secret is part of the address that is called, so it must not stand in ``base_url``.
    """

    base_url: BaseUrl = "https://www.google-analytics.com"
    measurement_id: str = Field(pattern=r"^[A-Za-z0-9-]{1,40}$")
    api_secret: SecretStr


class HubspotSettings(_Section):
    """``DRIPSTONE_HUBSPOT__...``: the token of a private app, or of an OAuth installation."""

    base_url: BaseUrl = "https://api.hubapi.com"
    token: SecretStr


class MarketoSettings(_Section):
    """``DRIPSTONE_MARKETO__...``: ``base_url`` is ``https://{munchkin id}.mktorest.com``."""

    base_url: BaseUrl
    client_id: str
    client_secret: SecretStr


class SmartleadSettings(_Section):
    """``DRIPSTONE_SMARTLEAD__...``: the account that leads are handed over to."""

    base_url: BaseUrl = "https://server.smartlead.ai/api/v1"
    api_key: SecretStr


class TeamsSettings(_Section):
    """``DRIPSTONE_TEAMS__...``: the webhook of a workflow; its address is a secret in itself."""

    webhook_url: SecretStr = Field(min_length=10)


class TwilioSettings(_Section):
    """``DRIPSTONE_TWILIO__...``: an account, and ``FROM``: what text messages leave from.

    That is a number in E.164, a messaging service (``MG...``) or a name of up to 11 characters.
    """

    base_url: BaseUrl = "https://api.twilio.com"
    account_sid: str = Field(pattern=r"^AC[0-9a-f]{32}$")
    auth_token: SecretStr = Field(min_length=8)
    sender: Annotated[
        str,
        Field(
            alias="from", pattern=r"^(\+[1-9]\d{6,14}|MG[0-9a-f]{32}|[A-Za-z][A-Za-z0-9 ]{0,10})$"
        ),
    ]


class IngressSettings(_Section):
    """``DRIPSTONE_INGRESS__...``: where the ingress listens and what it asks of callers.

    ``mail_token`` is the bearer token of ``POST /webhooks/mail``, and
    ``smartlead_token`` stands in the URL of ``POST /webhooks/smartlead?token=``; ``events_secret``
    (``whsec_`` and base64) signs ``POST /events`` by the Standard Webhooks scheme. Without them
    these refuse all. ``metrics_token`` is the bearer token of ``GET /metrics``; without it that
    answers this machine alone.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8480, ge=0, le=65535)
    public_url: BaseUrl = "http://127.0.0.1:8480"
    mail_token: SecretStr | None = None
    smartlead_token: SecretStr | None = None
    events_secret: SecretStr | None = None
    metrics_token: SecretStr | None = None


class WorkerSettings(_Section):
    """``DRIPSTONE_WORKER__...``: where a worker shows its metrics to Prometheus; unset: nowhere."""

    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = Field(default=None, ge=1, le=65535)


class Settings(BaseSettings):
    """Everything that differs from one installation to the next.

    ``secret`` is the key of person ids and unsubscribe links; without it the ledger keeps one.
    """

    model_config = SettingsConfigDict(
        env_prefix="DRIPSTONE_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    ledger_url: str = "sqlite:///.dripstone/ledger.db"
    secret: SecretStr | None = None
    connections: Path = Path("config/connections.yaml")
    templates: Path = Path("config/templates")
    salesforce: SalesforceSettings | None = None
    smtp: SmtpSettings | None = None
    slack: SlackSettings | None = None
    google_analytics: GoogleAnalyticsSettings | None = None
    hubspot: HubspotSettings | None = None
    marketo: MarketoSettings | None = None
    smartlead: SmartleadSettings | None = None
    teams: TeamsSettings | None = None
    twilio: TwilioSettings | None = None
    ingress: IngressSettings = IngressSettings()
    worker: WorkerSettings = WorkerSettings()


def load_settings() -> Settings:
    """The settings of this process's environment.

    Raises:
        pydantic.ValidationError: a variable has a value that cannot be; it names the variable.
    """
    return Settings()


def secrets_named(names: Iterable[str]) -> Mapping[str, SecretStr]:
    """The secrets that the connections file names; those that are not set are left out."""
    return {name: SecretStr(os.environ[name]) for name in names if os.environ.get(name)}
