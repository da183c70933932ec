"""A port for something that binds it only later."""

from __future__ import annotations

import random
import socket

BELOW_THE_EPHEMERAL = range(20_000, 32_000)
"""Ports that Linux and macOS give to nobody who asks for any port, as every connection does."""


def port_for_later() -> int:
    """A port on 127.0.0.1 that is free, and that nobody gets meanwhile by chance."""
    while True:
        port = random.SystemRandom().choice(BELOW_THE_EPHEMERAL)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
