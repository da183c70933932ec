"""What commands work with: settings, connections, the ledger, and Temporal once it is needed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from pydantic import ValidationError
from temporalio.client import Client
from temporalio.runtime import Runtime

from activities.ledger import Ledger
from activities.ledger.connections import Connections
from config.settings import Settings, load_settings
from workers.accounts import load_connections
from workers.codec import Codec
from workers.key_check import WrongCodecKeys, codec_of, ensure_keys_fit
from workers.plugin import TemporalUnreachable, connect

CONNECT_PATIENCE = timedelta(seconds=10)
"""How long a command tries to reach Temporal."""


class WrongSettings(ValueError):
    """Environment variables that cannot be; the message names each and what is wrong with it."""


def settings_of_environment() -> Settings:
    """The settings of this process.

    Raises:
        WrongSettings: a variable has a value that cannot be; the value itself is not repeated.
    """
    try:
        return load_settings()
    except ValidationError as error:
        problems = (
            f"{_variable(one['loc'])}: {one['msg']}"
            for one in error.errors(include_input=False, include_url=False)
        )
        raise WrongSettings("; ".join(problems)) from error
    except ValueError as error:  # a section given as text that is no JSON
        raise WrongSettings(f"DRIPSTONE_...: {error}") from error


def _variable(place: tuple[str | int, ...]) -> str:
    return "DRIPSTONE_" + "__".join(str(part).upper() for part in place)


class Opened:
    """An open ledger and what goes with it. Temporal is reached for at the first need only."""

    def __init__(self, settings: Settings, ledger: Ledger, connections: Connections) -> None:
        self.settings = settings
        self.ledger = ledger
        self.connections = connections
        self.why_no_client = ""
        self._client: Client | None = None

    async def client(self) -> Client:
        """Temporal.

        Raises:
            TemporalUnreachable: nothing answers; the message says where it was looked for.
            WrongCodecKeys: the ledger's workers could not read what would be sent from here.
        """
        if self._client is None:
            codec = self.codec()
            await ensure_keys_fit(self.ledger, codec)
            self._client = await reach_temporal(codec)
        return self._client

    def codec(self) -> Codec | None:
        """What reads and writes payloads, if the settings have keys."""
        return codec_of(self.settings.codec, self.ledger)

    async def client_of_a_worker(self, runtime: Runtime | None = None) -> Client:
        """Temporal, for a worker: it brings keys that the ledger may not have heard of yet.

        Raises:
            TemporalUnreachable: nothing answers; the message says where it was looked for.
        """
        return await reach_temporal(self.codec(), runtime)

    async def client_if_up(self) -> Client | None:
        """Temporal, or None while it cannot be reached, or what is sent from here could not be read
        there; then ``why_no_client`` says why."""
        if self.why_no_client:
            return None
        try:
            return await self.client()
        except (TemporalUnreachable, WrongCodecKeys) as error:
            self.why_no_client = str(error)
            return None


async def reach_temporal(codec: Codec | None = None, runtime: Runtime | None = None) -> Client:
    """Connect, within bounds.

    Raises:
        TemporalUnreachable: nothing answers in time, or Temporal's own configuration is wrong.
    """
    try:
        async with asyncio.timeout(CONNECT_PATIENCE.total_seconds()):
            return await connect(codec=codec, runtime=runtime)
    except TimeoutError:
        raise TemporalUnreachable(
            f"Temporal did not answer within {CONNECT_PATIENCE.total_seconds():.0f} s: set "
            "TEMPORAL_ADDRESS to where it runs"
        ) from None
    except RuntimeError as error:  # temporal.toml cannot be read, or names no such profile
        raise TemporalUnreachable(f"Temporal's client configuration: {error}") from error


@asynccontextmanager
async def opened() -> AsyncIterator[Opened]:
    """Everything by the environment of this process, closed at the end.

    Raises:
        WrongSettings, BadConnections, LedgerUnavailable: each says how to mend it.
    """
    settings = settings_of_environment()
    connections = load_connections(settings.connections)
    secret = settings.secret.get_secret_value() if settings.secret else None
    ledger = await Ledger.open(settings.ledger_url, secret)
    try:
        yield Opened(settings, ledger, connections)
    finally:
        await ledger.close()
