"""The payload codec: what Temporal stores is encrypted with AES-256-GCM under keys of the settings.

Each payload carries the id of its key, so that keys can be changed while workflows run: new
payloads take the active key, old ones are read with theirs. Payloads that are not encrypted are
read as they are: those from before the codec, and those of clients that have no key.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

ENCRYPTED = b"binary/encrypted"
KEY_ID = "encryption-key-id"
BOUND_TO = "encryption-bound-to"
PURPOSE = b"dripstone payload 1"

NONCE_BYTES = 12
"""96 bits at random: NIST SP 800-38D allows 2**32 payloads under one key with these."""

BOUND_BYTES = 16

KnownToLedger = Callable[[str], Awaitable[bool]]


class MissingCodecKey(RuntimeError):
    """A payload is under a key that this process lacks; the message says which, and what to do."""


@dataclass(frozen=True)
class CodecKeys:
    """Keys of 32 bytes by their ids. Under ``active`` is encrypted; None encrypts nothing."""

    by_id: Mapping[str, bytes] = field(repr=False)
    active: str | None

    @cached_property
    def ciphers(self) -> Mapping[str, AESGCM]:
        """What encrypts and decrypts, by the id of the key."""
        return {key_id: AESGCM(key) for key_id, key in self.by_id.items()}

    def check_value(self, key_id: str) -> str:
        """By which a key is recognised and which does not tell it: an HMAC, in hexadecimal."""
        label = b"dripstone codec key check 1:" + key_id.encode()
        return hmac.new(self.by_id[key_id], label, hashlib.sha256).hexdigest()


class Codec(PayloadCodec, WithSerializationContext):
    """Encrypts and decrypts payloads. It holds no state beyond its keys and where it is used.

    Args:
        keys: the keys.
        known_to_ledger: whether the ledger has heard of a key of that id. Given, a payload under
            such a key is never taken for rubbish: reading it raises MissingCodecKey, so that the
            task is tried again, and by a worker that has the key.
        workflow: the workflow that payloads belong to, if that is known.
    """

    def __init__(
        self, keys: CodecKeys, known_to_ledger: KnownToLedger | None = None, workflow: str = ""
    ) -> None:
        self.keys = keys
        self._known_to_ledger = known_to_ledger
        # Its digest, as it stands in each payload: an id would make a history half as large again.
        self._bound_to = hashlib.sha256(workflow.encode()).digest()[:BOUND_BYTES]
        self._workflow = workflow

    def with_context(self, context: SerializationContext) -> Codec:
        """The codec for payloads of one workflow: they cannot be passed off as another's."""
        workflow = ""
        if isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            workflow = context.workflow_id or ""
        if workflow == self._workflow:
            return self
        return Codec(self.keys, self._known_to_ledger, workflow)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt under the active key; without one, payloads stay as they are."""
        active = self.keys.active
        return [self._encrypted(one, active) if active else one for one in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt what is encrypted.

        What nobody can read (rubbish, altered, of another workflow) stays as it is: a signal with
        such a body must not stall a workflow, and what reads it refuses it by its encoding.

        Raises:
            MissingCodecKey: the ledger knows the key, and this process does not.
        """
        return [await self._decrypted(one) for one in payloads]

    def _encrypted(self, payload: Payload, key_id: str) -> Payload:
        nonce = os.urandom(NONCE_BYTES)
        bound_to = self._bound_to if self._workflow else b""
        beside = _associated(key_id.encode(), bound_to)
        sealed = self.keys.ciphers[key_id].encrypt(nonce, payload.SerializeToString(), beside)
        metadata = {"encoding": ENCRYPTED, KEY_ID: key_id.encode()}
        if bound_to:
            metadata[BOUND_TO] = bound_to
        return Payload(metadata=metadata, data=nonce + sealed)

    async def _decrypted(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCRYPTED:
            return payload
        key_id = payload.metadata.get(KEY_ID, b"").decode(errors="replace")
        cipher = self.keys.ciphers.get(key_id)
        if cipher is None:
            if self._known_to_ledger is not None and await self._known_to_ledger(key_id):
                raise MissingCodecKey(
                    f"a payload is encrypted under the key {key_id!r}, which this process lacks: "
                    "add it to DRIPSTONE_CODEC__KEYS and start it again"
                )
            return payload
        bound_to = payload.metadata.get(BOUND_TO, b"")
        if self._workflow and bound_to and bound_to != self._bound_to:
            return payload
        nonce, sealed = payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:]
        try:
            plain = cipher.decrypt(nonce, sealed, _associated(key_id.encode(), bound_to))
            return Payload.FromString(plain)
        except (InvalidTag, ValueError, DecodeError):
            return payload


class CodecOfAny(Codec):
    """Reads payloads whose workflow is not known: of a file, or for who looks at one payload."""

    def with_context(self, context: SerializationContext) -> CodecOfAny:
        """The same: what is told of the workflow is not true, or not enough."""
        del context
        return self


def _associated(key_id: bytes, bound_to: bytes) -> bytes:
    """What goes with the ciphertext in clear, and cannot be altered either (RFC 5116, 2.1)."""
    return b"".join(len(part).to_bytes(2, "big") + part for part in (PURPOSE, key_id, bound_to))
