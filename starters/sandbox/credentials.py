"""What the sandbox vendors let in: made afresh for a directory, or given in its sandbox.json."""

from __future__ import annotations

import secrets
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
    """Everything that a client needs to be let in, as read from ``sandbox.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    salesforce: SalesforceSecrets
    slack: SlackSecrets
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
    return SandboxSecrets(salesforce=salesforce, slack=slack), private.decode()


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
