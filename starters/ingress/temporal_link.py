"""The ingress's line to Temporal: there when it can be, and never waited for by a caller."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import structlog
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.service import RPCError

from activities.dispatch import RPC_PATIENCE
from activities.ledger import Ledger, LedgerUnavailable
from config.settings import CodecSettings
from workers.key_check import WrongCodecKeys, codec_of, ensure_keys_fit
from workers.plugin import TemporalUnreachable, connect

log = structlog.get_logger(__name__)

FIRST_PAUSE = timedelta(seconds=0.5)
LONGEST_PAUSE = timedelta(seconds=10)
CONNECT_PATIENCE = timedelta(seconds=10)
COUNT_PATIENCE = timedelta(seconds=2)
LAST_MOMENT = timedelta(seconds=1)
"""At the end: enough for what can still be told, and over long before a call to a Temporal that is
down: so it is a call that is cut off, and not the ledger."""

AT_ONCE = 8
MOST_WAITING = 500
"""More errands than this are left to the repair loop of the workers, which does them all anyway."""

Errand = Callable[[Client], Awaitable[object]]
TemporalState = Literal["answers", "does not answer"]


@dataclass(frozen=True, slots=True)
class Keeper:
    """The ledger whose enrollments are told, and the settings of what is encrypted for them."""

    ledger: Ledger
    codec: CodecSettings | None = None


class TemporalLink:
    """A client that is connected as soon as Temporal answers, and errands that are run with it.

    An errand is what the repair loop would do too, only later: it may fail, and it may be dropped.
    """

    def __init__(self, address: str | None = None, keeper: Keeper | None = None) -> None:
        self._address = address
        self._keeper = keeper
        self._client: Client | None = None
        self._connected = asyncio.Event()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._errands: set[asyncio.Task[None]] = set()

    def soon(self, errand: Errand) -> None:
        """Run an errand in the background, if there is room for it."""
        if len(self._errands) >= MOST_WAITING:
            return
        task = asyncio.create_task(self._run(errand))
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def state(self, patience: timedelta = timedelta(seconds=1)) -> TemporalState:
        """Whether Temporal answers at this moment."""
        if self._client is None:
            return "does not answer"
        try:
            healthy = await self._client.service_client.check_health(timeout=patience)
        except RPCError:
            healthy = False
        return "answers" if healthy else "does not answer"

    async def count(self, query: str) -> int | None:
        """How many workflows match a query; None while Temporal does not answer."""
        if self._client is None:
            return None
        try:
            return (await self._client.count_workflows(query, rpc_timeout=COUNT_PATIENCE)).count
        except RPCError:
            return None

    async def _run(self, errand: Errand) -> None:
        async with self._room:
            client = await self._client_soon()
            if client is None:
                return
            try:
                await errand(client)
            except (RPCError, LedgerUnavailable, SQLAlchemyError) as error:
                log.warning("ingress.left_to_repair", error=type(error).__name__)

    async def _client_soon(self) -> Client | None:
        if self._client is None:
            try:
                async with asyncio.timeout(RPC_PATIENCE.total_seconds()):
                    await self._connected.wait()
            except TimeoutError:
                return None
        return self._client

    async def _connect(self) -> None:
        pause = FIRST_PAUSE
        while self._client is None:
            try:
                async with asyncio.timeout(CONNECT_PATIENCE.total_seconds()):
                    self._client = await self._connected_client()
            except (TemporalUnreachable, TimeoutError, LedgerUnavailable, SQLAlchemyError):
                if pause == FIRST_PAUSE:
                    log.warning("ingress.temporal_unreachable", hint="events are kept meanwhile")
                await asyncio.sleep(pause.total_seconds())
                pause = min(2 * pause, LONGEST_PAUSE)
            except WrongCodecKeys as error:
                # Opt-outs are taken in all the same, and workers tell the enrollments.
                if pause == FIRST_PAUSE:
                    log.error("ingress.wrong_codec_keys", error=str(error))
                await asyncio.sleep(pause.total_seconds())
                pause = min(2 * pause, LONGEST_PAUSE)
        log.info("ingress.temporal_connected")
        self._connected.set()

    async def _connected_client(self) -> Client:
        if self._keeper is None:
            return await connect(self._address)
        codec = codec_of(self._keeper.codec, self._keeper.ledger)
        await ensure_keys_fit(self._keeper.ledger, codec)
        return await connect(self._address, codec)

    async def _finish(self, connecting: asyncio.Task[None]) -> None:
        """Let errands end that can; the repair loop has the others."""
        if self._errands and self._client is not None:
            await asyncio.wait(self._errands, timeout=LAST_MOMENT.total_seconds())
        tasks = [connecting, *self._errands]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def temporal_link(
    address: str | None = None, keeper: Keeper | None = None
) -> AsyncIterator[TemporalLink]:
    """A link for as long as the block lasts. Without an address, Temporal's own configuration says
    where the server is; without a keeper nothing is encrypted."""
    link = TemporalLink(address, keeper)
    connecting = asyncio.create_task(link._connect())
    try:
        yield link
    finally:
        await link._finish(connecting)
