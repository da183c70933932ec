"""One request and its answer, bounded in time and size, with the moment of no return marked."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

import httpx

from activities.errors import failure
from activities.vendors.ports import HandOver, VendorFailure, WebAnswer

_LONGEST_PAUSE = timedelta(days=1)

# It tells of headers at level DEBUG, and an answer's may hold what is nobody's business.
logging.getLogger("httpcore").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Terms:
    """Whose system it is, and how much time (seconds) and room (bytes) its answer gets.

    ``tls`` is the context to verify certificates with; None: the usual authorities.
    """

    vendor: str
    seconds: float
    largest: int
    tls: ssl.SSLContext | None = None


class _Progress:
    """Whether the first byte has left."""

    def __init__(self, hand_over: HandOver) -> None:
        self._hand_over = hand_over
        self.begun = False

    async def note(self, event: str, _info: Mapping[str, object]) -> None:
        """Called by httpcore at each point of the request; documented as its trace extension."""
        if event.endswith("send_request_headers.started") and not self.begun:
            await self._hand_over()
            self.begun = True


Prepare = Callable[[], Awaitable[Sequence[httpx.Request]]]
"""The request, once for each address that it may be sent to."""


async def exchange(prepare: Prepare, terms: Terms, hand_over: HandOver) -> WebAnswer:
    """Make the first of the prepared requests whose host can be connected to; any status is fine.

    Redirects are not followed, no proxy of the environment is used, and no cookie is kept.

    Raises:
        VendorFailure: Never, NotYet, or Unclear if the request left and its answer did not come.
    """
    progress = _Progress(hand_over)
    try:
        async with asyncio.timeout(terms.seconds):
            return await _first_connected(prepare, terms, progress)
    # "from None": httpx's errors carry the whole request, secrets and all.
    except TimeoutError:
        raise _lost(terms, "timeout", progress) from None
    except httpx.TimeoutException:
        raise _lost(terms, "timeout", progress) from None
    except (httpx.HTTPError, httpx.StreamError, ValueError) as error:
        raise _judged(terms, error, progress) from None


async def _first_connected(prepare: Prepare, terms: Terms, progress: _Progress) -> WebAnswer:
    problem: httpx.HTTPError | None = None
    for request in await prepare():
        try:
            return await _once(request, terms, progress)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            problem = error
    raise problem or httpx.ConnectError("no address to connect to")


async def _once(request: httpx.Request, terms: Terms, progress: _Progress) -> WebAnswer:
    request.extensions = {**request.extensions, "trace": progress.note}
    # A transport of its own for each call: pooled connections are told apart by address, and two
    # hosts may share one.
    transport = httpx.AsyncHTTPTransport(
        verify=terms.tls or _usual_authorities(), trust_env=False, retries=0
    )
    async with transport:
        response = await transport.handle_async_request(request)
        try:
            body = await _read(response, terms.largest)
        finally:
            await response.aclose()
    pause = response.headers.get("retry-after", "")
    after = timedelta(seconds=int(pause)) if pause.isdecimal() and len(pause) < 9 else None
    return WebAnswer(response.status_code, body, after and min(after, _LONGEST_PAUSE))


async def _read(response: httpx.Response, largest: int) -> bytes | None:
    """The bytes as they came, never unpacked; None once there are too many."""
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        return None
    found = bytearray()
    assert isinstance(response.stream, httpx.AsyncByteStream)
    async for part in response.stream:
        found += part
        if len(found) > largest:
            return None
    return bytes(found)


@cache
def _usual_authorities() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _lost(terms: Terms, code: str, progress: _Progress) -> VendorFailure:
    if progress.begun:
        return failure(terms.vendor, code, "its answer was lost", done="maybe")
    return failure(terms.vendor, code, "it was not reached")


def _judged(terms: Terms, error: Exception, progress: _Progress) -> VendorFailure:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return failure(terms.vendor, "tls", "its certificate is not for its host, or not valid")
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol | ValueError):
        return failure(terms.vendor, "bad_request", "it is no request that HTTP can carry")
    if isinstance(error, httpx.ConnectError):
        return failure(terms.vendor, "refused", "it cannot be connected to")
    return _lost(terms, "disconnected", progress)
