"""What the sandbox vendors let in: made afresh for a directory, or given in its sandbox.json."""

from __future__ import annotations

import secrets
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import BaseModel, ConfigDict, Field

_FILE = "sandbox.json"
_PRIVATE_KEY = "salesforce-private-key.pem"


class SalesforceSecrets(BaseModel):
    """One connected app and one integration user, good for all three kinds of login."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    username: str = "dripstone@sandbox.example"
    password: str
    security_token: str
    client_id: str
    client_secret: str
    public_key: str


class SlackSecrets(BaseModel):
    """The bot's token and the public channels it is in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: str
    channels: tuple[str, ...] = ("general", "sales", "alerts")
    archived: tuple[str, ...] = ("old",)


class ReceiverSecrets(BaseModel):
    """The bearer token of the system that ``http_call`` steps call."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: str = Field(default_factory=lambda: secrets.token_hex(16))


class AnalyticsSecrets(BaseModel):
    """One web data stream of Google Analytics 4."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    measurement_id: str = "G-SANDBOX001"
    api_secret: str = Field(default_factory=lambda: secrets.token_urlsafe(16))


class HubspotSecrets(BaseModel):
    """The token of a private app."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: str = "pat-na1-sandbox"


class MarketoSecrets(BaseModel):
    """The credentials of a custom service."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    client_id: str = "sandbox-service"
    client_secret: str = "sandbox-secret"


class SmartleadSecrets(BaseModel):
    """The account's key, its campaigns by number, and how many mails each of them sends."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key: str
    campaigns: tuple[int, ...] = (4711, 4712)
    mails: int = 3


class TwilioSecrets(BaseModel):
    """One account, the numbers it has, and its messaging service."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account_sid: str = Field(default_factory=lambda: f"AC{secrets.token_hex(16)}")
    auth_token: str = Field(default_factory=lambda: secrets.token_hex(16))
    numbers: tuple[str, ...] = ("+15005550006", "+447700900000")
    service: str = Field(default_factory=lambda: f"MG{secrets.token_hex(16)}")


class TeamsSecrets(BaseModel):
    """The signature in the address of the one workflow."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    signature: str = Field(default_factory=lambda: secrets.token_urlsafe(24))


class SandboxSecrets(BaseModel):
    """Everything that a client needs to be let in, as read from ``sandbox.json``.

    A file of an older release names no HubSpot and no Marketo; it stays good.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    salesforce: SalesforceSecrets
    slack: SlackSecrets
    receiver: ReceiverSecrets = Field(default_factory=ReceiverSecrets)
    google_analytics: AnalyticsSecrets = Field(default_factory=AnalyticsSecrets)
    hubspot: HubspotSecrets = HubspotSecrets()
    marketo: MarketoSecrets = MarketoSecrets()

    @property
    def smartlead(self) -> SmartleadSecrets:
        """Of the other secrets, so that a directory from before it had an account gets one."""
        return SmartleadSecrets(api_key=sha256(self.slack.token.encode()).hexdigest()[:32])

    twilio: TwilioSecrets = Field(default_factory=TwilioSecrets)
    teams: TeamsSecrets = Field(default_factory=TeamsSecrets)


def load_or_make(directory: Path) -> SandboxSecrets:
    """The secrets in ``directory``; the first time they are made, with a private key beside them.

    The key file is ``salesforce-private-key.pem``. Both files are readable by their owner alone.
    """
    file = directory / _FILE
    if file.exists():
        known = SandboxSecrets.model_validate_json(file.read_text())
        # Vendors that were not there yet when it was made have got theirs just now.
        _write(file, known.model_dump_json(indent=2))
        return known
    directory.mkdir(parents=True, exist_ok=True)
    made, private_key = make()
    _write(directory / _PRIVATE_KEY, private_key)
    _write(file, made.model_dump_json(indent=2))
    return made


def make() -> tuple[SandboxSecrets, str]:
    """Fresh secrets, and the private key (PEM) that belongs to their public key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    salesforce = SalesforceSecrets(
        password=secrets.token_urlsafe(12),
        security_token=secrets.token_hex(12),
        client_id=f"3MVG9{secrets.token_urlsafe(24)}",
        client_secret=secrets.token_hex(24),
        public_key=public.decode(),
    )
    slack = SlackSecrets(token=f"xoxb-{secrets.token_hex(12)}")
    hubspot = HubspotSecrets(token=f"pat-na1-{secrets.token_hex(16)}")
    marketo = MarketoSecrets(
        client_id=secrets.token_hex(16), client_secret=secrets.token_urlsafe(24)
    )
    made = SandboxSecrets(salesforce=salesforce, slack=slack, hubspot=hubspot, marketo=marketo)
    return made, private.decode()


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
