"""The settings: the only reader of the environment. ``DRIPSTONE_...``, with ``__`` for nesting."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

BaseUrl = Annotated[str, Field(pattern=r"^https?://[^/\s?#]+(/[^\s?#]*)?$")]

KEY_BYTES = 32
"""Of AES-256."""


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


class CodecSettings(_Section):
    """``DRIPSTONE_CODEC__...``: what encrypts the payloads that Temporal stores.

    ``keys`` are 32 random bytes each, in base64, by ids of your choice (``KEYS__2026A``, or all as
    one JSON object in ``KEYS``). New payloads are encrypted under ``active``; ``none`` encrypts
    nothing and still reads. ``server_token`` is the bearer token of ``dripstone codec-server``.
    """

    keys: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")], SecretStr] = Field(
        min_length=1
    )
    active: str
    server_token: Annotated[SecretStr, Field(min_length=16)] | None = None

    @field_validator("keys")
    @classmethod
    def _are_keys(cls, keys: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for key_id, key in keys.items():
            if not _is_key(key.get_secret_value()):
                raise ValueError(
                    f"the key {key_id} is not 32 bytes in base64, as by 'openssl rand -base64 32'"
                )
        if "none" in keys:
            raise ValueError("no key can have the id none")
        return keys

    @model_validator(mode="after")
    def _has_the_active_key(self) -> Self:
        if self.active not in ("none", *self.keys):
            raise ValueError("ACTIVE must be the id of one of KEYS, or none")
        return self


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == KEY_BYTES
    except ValueError:
        return False


class Settings(BaseSettings):
    """Everything that differs from one installation to the next.

    ``secret`` is the key of person ids and unsubscribe links; without it the ledger keeps one.
    """

    model_config = SettingsConfigDict(
        env_prefix="DRIPSTONE_",
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        # A value that cannot be is a secret all the same, and errors end in logs.
        hide_input_in_errors=True,
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
    codec: CodecSettings | None = None
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
