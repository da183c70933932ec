"""Signatures of posted events, by the Standard Webhooks scheme.

HMAC-SHA256 over id, timestamp and the raw body, valid for five minutes
(https://github.com/standard-webhooks/standard-webhooks).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

SHORTEST_SECRET = 24
"""Bytes; the scheme asks for 24 to 64."""


class Unsigned(Exception):
    """The signature is missing, too old, or not by one of the secrets."""


def check_secret(secret: str) -> str:
    """The secret itself, if it is ``whsec_`` and the base64 of at least 24 bytes.

    Raises:
        ValueError: it is not; the message holds nothing of it.
    """
    prefix, _, encoded = secret.partition("_")
    try:
        size = len(base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True))
    except binascii.Error:
        size = 0
    if prefix != "whsec" or size < SHORTEST_SECRET:
        raise ValueError(
            f"not whsec_ and the base64 of at least {SHORTEST_SECRET} random bytes: make one with "
            "'openssl rand -base64 32' and write whsec_ before it"
        )
    return secret


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> None:
    """Check the signature of ``body`` against each of the secrets (two while one is replaced).

    Raises:
        Unsigned: it is by none of them, or more than five minutes from now.
    """
    for secret in secrets:
        try:
            Webhook(secret).verify(body, dict(headers), json_parse=False)
        # Beside its own error the library lets those of broken base64 and UTF-8 through.
        except (WebhookVerificationError, ValueError):
            continue
        return
    raise Unsigned
