"""Encryption in the demo: a key that lasts as long as it, and a codec server for the web UI."""

from __future__ import annotations

import base64
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from config.settings import KEY_BYTES
from starters.processes.supervisor import LOOPBACK, Child
from workers.codec import Codec, CodecKeys

KEY_ID = "demo"


@dataclass(frozen=True, slots=True)
class Encryption:
    """A key of its own. ``port`` is where the codec server is to listen."""

    port: int
    key: bytes = field(default_factory=lambda: secrets.token_bytes(KEY_BYTES), repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """The settings with which every process reads and writes."""
        return {
            f"DRIPSTONE_CODEC__KEYS__{KEY_ID.upper()}": base64.b64encode(self.key).decode(),
            "DRIPSTONE_CODEC__ACTIVE": KEY_ID,
        }

    @property
    def server_flags(self) -> tuple[str, ...]:
        """What has Temporal's web UI ask the codec server."""
        return (f"--ui-codec-endpoint=http://{LOOPBACK}:{self.port}",)

    @property
    def codec(self) -> Codec:
        """For the demo's own client."""
        return Codec(CodecKeys({KEY_ID: self.key}, KEY_ID))

    def child(self, ui: str, environment: Mapping[str, str], forgets: tuple[str, ...]) -> Child:
        """The codec server, for the web UI at the address ``ui``."""
        command = (sys.executable, "-m", "starters", "codec-server", "--ready-line")
        where = (f"--port={self.port}", f"--ui-origin={ui}")
        return Child("codec-server", (*command, *where), environment, forgets)
