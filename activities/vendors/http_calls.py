"""One HTTP call to a vendor: the answer, or whether the request may have been carried out."""

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

# It logs every address at level INFO, and with it secrets and phone numbers.
logging.getLogger("httpx").setLevel(logging.WARNING)

_CONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked. ``what`` names it in errors; a ``repeatable`` call may simply be made again.

    Its address, login and contents are never shown.
    """

    vendor: str
    what: str
    method: Literal["GET", "POST"]
    url: str = field(repr=False)
    repeatable: bool = False
    login: tuple[str, str] | None = field(default=None, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    content: bytes | None = field(default=None, repr=False)


async def ask(call: Call, time_out: timedelta) -> httpx.Response:
    """Make the call, once, within ``time_out`` in all.

    Redirects are not followed: a POST must not turn into a GET.

    Raises:
        VendorFailure: no answer. NotYet if the request surely did not get there, else Unclear
            unless the call can be repeated.
    """
    seconds = time_out.total_seconds()
    phases = httpx.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS))
    client = httpx.AsyncClient(timeout=phases, verify=_trust())
    lost: Literal["no", "maybe"] = "no" if call.repeatable else "maybe"
    told = f"{call.what} got no answer"
    headers = {"Content-Type": "application/json; charset=utf-8"} if call.content else {}
    # None and not nothing: an empty mapping would take the address's own query away.
    arguments: dict[str, Any] = {
        "params": call.query or None,
        "auth": call.login,
        "headers": headers,
    }
    try:
        async with asyncio.timeout(seconds), client:
            return await client.request(
                call.method, call.url, data=call.form, content=call.content, **arguments
            )
    # "from None": the library's errors carry the request, and with it what must stay private.
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        code = "tls" if _is_about_trust(error) else "refused"
        raise failure(call.vendor, code, told) from None
    except (TimeoutError, httpx.TimeoutException):
        raise failure(call.vendor, "timeout", told, done=lost) from None
    except (httpx.HTTPError, httpx.InvalidURL):
        raise failure(call.vendor, "disconnected", told, done=lost) from None


def refusal(call: Call, answer: httpx.Response, code: str = "", advice: str = "") -> VendorFailure:
    """The failure that an answer means. Without a ``code`` of the vendor its HTTP status counts."""
    status = answer.status_code
    lost: Literal["no", "maybe"] = "maybe" if status >= 500 and not call.repeatable else "no"
    after = answer.headers.get("retry-after", "")
    wait = timedelta(seconds=int(after)) if after.isdecimal() and len(after) < 6 else None
    said = f"{call.what} was answered with {status}{advice}"
    return failure(call.vendor, code or f"http_{status}", said, done=lost, retry_after=wait)


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
