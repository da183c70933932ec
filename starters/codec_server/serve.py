"""Serving the codec server until it is stopped."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from config.settings import CodecSettings
from starters.codec_server.app import Door, create_app, is_loopback
from starters.processes.serving import serve_until_stopped, serving
from workers.codec import CodecOfAny
from workers.key_check import keys_of


class CannotServe(RuntimeError):
    """The codec server may not, or cannot, listen there; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the codec server listens, and the web UIs that may ask it. Port 0 takes any free."""

    host: str
    port: int
    origins: tuple[str, ...]


@asynccontextmanager
async def running_codec_server(settings: CodecSettings, place: Place) -> AsyncIterator[int]:
    """The codec server for as long as the block lasts; the port it is on.

    Raises:
        CannotServe: the address is taken, or is a network's and no token is set.
    """
    token = settings.server_token.get_secret_value() if settings.server_token else None
    if token is None and not is_loopback(place.host):
        raise CannotServe(
            f"without a token nobody may ask from a network, and {place.host} is one's address: "
            "set DRIPSTONE_CODEC__SERVER_TOKEN, or listen on 127.0.0.1"
        )
    app = create_app(CodecOfAny(keys_of(settings)), Door(token, place.origins))
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    try:
        listener = socket.create_server((place.host, place.port), family=family)
    except OSError as error:
        raise CannotServe(
            f"the codec server cannot listen on {place.host} port {place.port}: {error.strerror}: "
            "name another with --host or --port (0 takes any free port)"
        ) from error
    with listener:
        async with serving(app, listener):
            yield listener.getsockname()[1]


async def serve_codec_server(settings: CodecSettings, place: Place, *, announce: bool) -> None:
    """Serve until it is stopped.

    Raises what ``running_codec_server`` raises.
    """
    running = running_codec_server(settings, place)
    await serve_until_stopped("codec-server", running, announce=announce)
