"""JSON over HTTP with httpx: one call, its time-outs, and what a lost answer is called.

Each call has a connection of its own: nothing is to be closed, or shared by event loops.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from activities.errors import failure
from activities.vendors.ports import VendorFailure

# httpx tells its logger every address it calls, and some have a colleague's mail address in them.
logging.getLogger("httpx").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``what`` names it in messages, without values."""

    what: str
    method: str
    path: str
    query: Mapping[str, str] | None = None
    body: Mapping[str, Any] | None = None
    form: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Web:
    """Where a vendor is, and for how many seconds its answer is waited for."""

    vendor: str
    base_url: str
    seconds: float = 15.0

    async def ask(self, call: Call, token: str = "") -> httpx.Response:
        """The answer, whatever its status.

        Raises:
            NotYet, Never: there was no answer. Calls through here can be repeated, so it is never
                Unclear.
        """
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            async with self._client() as client:
                return await client.request(
                    call.method,
                    self.base_url.rstrip("/") + call.path,
                    params=call.query,
                    json=call.body,
                    data=call.form,
                    headers=headers,
                )
        # "from None": the library's errors hold the request, and a cause is kept in histories.
        except httpx.HTTPError as error:
            raise failure(self.vendor, _code(error), f"{call.what} got no usable answer") from None

    def document(self, call: Call, answer: httpx.Response) -> dict[str, Any]:
        """The answer's JSON object; an error page is judged by its status."""
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise self.unusable(call, answer)
        return found

    def unusable(self, call: Call, answer: httpx.Response) -> VendorFailure:
        """The failure of an answer that is not as the vendor describes its answers."""
        code = "unreadable_answer" if answer.status_code < 300 else f"http_{answer.status_code}"
        return failure(self.vendor, code, f"{call.what} got HTTP {answer.status_code}")

    def _client(self) -> httpx.AsyncClient:
        # A proxy of the environment is for the world outside, never for this machine.
        here = {f"all://{host}": None for host in ("127.0.0.1", "localhost", "[::1]")}
        return httpx.AsyncClient(timeout=self.seconds, verify=_trusted(), mounts=here)


@cache
def _trusted() -> ssl.SSLContext:
    """Reading the certificates takes longer than a call."""
    return httpx.create_ssl_context()


def _code(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "timeout"
    if isinstance(error, httpx.ConnectError):
        return "tls" if "CERTIFICATE_VERIFY" in str(error) else "refused"
    return "disconnected" if isinstance(error, httpx.TransportError) else "unreadable_answer"
