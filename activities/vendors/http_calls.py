"""One HTTP call to a vendor: the answer, or whether the request may have been carried out.

Each call has a connection of its own: nothing is to be closed, or shared by event loops. A call
ends within its time, reads no more than it may, and follows no redirect.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

import httpx

from activities.errors import failure
from activities.vendors.ports import VendorFailure

# It logs every address at level INFO, and with it secrets, mail addresses and phone numbers.
logging.getLogger("httpx").setLevel(logging.WARNING)

LARGEST = 4_194_304
"""Bytes of an answer that are read; no vendor's answer to what is asked here comes near."""

_CONNECT_SECONDS = 5.0
_HERE = ("127.0.0.1", "localhost", "[::1]")
_FRAMING = ("content-encoding", "content-length", "transfer-encoding")


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked. ``what`` names it in errors; a ``repeatable`` call may simply be made again.

    Its address, login and contents are never shown. ``token`` is a bearer token, ``login`` a user
    name and password. The body is one of ``form``, ``content`` (JSON already) and ``json``.
    """

    vendor: str
    what: str
    method: str
    url: str = field(repr=False)
    repeatable: bool = False
    login: tuple[str, str] | None = field(default=None, repr=False)
    token: str = field(default="", repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    content: bytes | None = field(default=None, repr=False)
    json: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def lost(self) -> Literal["no", "maybe"]:
        """Whether the request may have been carried out if its answer does not come."""
        return "no" if self.repeatable else "maybe"


async def ask(call: Call, time_out: timedelta) -> httpx.Response:
    """Make the call, once, within ``time_out`` in all; the answer, whatever its status.

    Redirects are not followed: a POST must not turn into a GET, nor a token go elsewhere.

    Raises:
        VendorFailure: no usable answer. NotYet if the request surely did not get there, else
            Unclear unless the call can be repeated.
    """
    told = f"{call.what} got no usable answer"
    seconds = time_out.total_seconds()
    try:
        async with asyncio.timeout(seconds), _client(seconds) as client:
            return await _bounded(client, call)
    # "from None": the library's errors carry the request, and with it what must stay private.
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        code = "tls" if _is_about_trust(error) else "refused"
        raise failure(call.vendor, code, told) from None
    except (TimeoutError, httpx.TimeoutException):
        raise failure(call.vendor, "timeout", told, done=call.lost) from None
    except (httpx.TransportError, httpx.InvalidURL):
        raise failure(call.vendor, "disconnected", told, done=call.lost) from None
    except httpx.HTTPError:
        raise failure(call.vendor, "unreadable_answer", told, done=call.lost) from None


def refusal(call: Call, answer: httpx.Response, code: str = "", advice: str = "") -> VendorFailure:
    """The failure that an answer means. Without a ``code`` of the vendor its HTTP status counts."""
    status = answer.status_code
    lost = call.lost if status >= 500 else "no"
    after = answer.headers.get("retry-after", "")
    wait = timedelta(seconds=int(after)) if after.isdecimal() and len(after) < 6 else None
    said = f"{call.what} was answered with {status}{advice}"
    return failure(call.vendor, code or f"http_{status}", said, done=lost, retry_after=wait)


async def _bounded(client: httpx.AsyncClient, call: Call) -> httpx.Response:
    """The whole answer, unpacked, unless it is too long."""
    headers = {"Authorization": f"Bearer {call.token}"} if call.token else {}
    if call.content:
        headers["Content-Type"] = "application/json; charset=utf-8"
    request = client.build_request(
        call.method,
        call.url,
        # None and not nothing: an empty mapping would take the address's own query away.
        params=call.query or None,
        headers=headers,
        data=call.form,
        content=call.content,
        json=call.json,
    )
    response = await client.send(request, auth=call.login, stream=True)
    read = bytearray()
    try:
        async for part in response.aiter_bytes():
            read += part
            if len(read) > LARGEST:
                said = f"{call.what} was answered with more than {LARGEST} bytes"
                raise failure(call.vendor, "unreadable_answer", said, done=call.lost)
    finally:
        await response.aclose()
    kept = [pair for pair in response.headers.multi_items() if pair[0].lower() not in _FRAMING]
    return httpx.Response(response.status_code, headers=kept, content=bytes(read))


def _client(seconds: float) -> httpx.AsyncClient:
    # A proxy of the environment is for the world outside, never for this machine.
    here = {f"all://{host}": None for host in _HERE}
    phases = httpx.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS))
    return httpx.AsyncClient(timeout=phases, verify=_trust(), mounts=here)


def _is_about_trust(error: Exception) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


@functools.cache
def _trust() -> ssl.SSLContext:
    """Reading the certificates takes longer than a call."""
    return httpx.create_ssl_context()
