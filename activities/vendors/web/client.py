"""The client that calls hosts which a definition names, and that no definition can lead astray.

A host is asked for in DNS once, every address of the answer is checked, and the connection goes
to a checked address: what DNS says afterwards does not matter (no rebinding).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence

import httpx
from pydantic import SecretStr

from activities.errors import failure
from activities.ledger.http_connections import Basic, Bearer, HttpConnection
from activities.vendors.ports import HandOver, Never, WebAnswer, WebRequest
from activities.vendors.web.addresses import objection_to
from activities.vendors.web.exchange import Terms, exchange
from activities.vendors.web.urls import checked_url

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The IP addresses of a host; raises OSError if it has none."""

_MOST_TRIED = 4


async def ask_dns(host: str, port: int) -> Sequence[str]:
    """What this machine's resolver says, in the order in which addresses are to be tried."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class SafeWeb:
    """``Web`` over HTTP/1.1. ``secrets`` are the values of the variables that connections name."""

    def __init__(
        self,
        secrets: Mapping[str, SecretStr],
        resolve: Resolve = ask_dns,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._secrets = secrets
        self._resolve = resolve
        self._tls = tls

    async def call(
        self, account: HttpConnection, request: WebRequest, hand_over: HandOver
    ) -> WebAnswer:
        """Make one request to an allowed host, logged in, with the key if the receiver takes one.

        Raises:
            Never: the address, the host or a header may not be used, or a secret is not set.
            NotYet: it could not be connected to.
            Unclear: the answer was lost.
        """
        url = checked_url(account, request.url)
        headers = self._headers(account, request, url)

        async def prepare() -> Sequence[httpx.Request]:
            addresses = await self._addresses(account, url)
            wait = account.time_out_seconds / len(addresses)
            name = url.raw_host.decode("ascii").rstrip(".")
            return [
                httpx.Request(
                    request.method,
                    url.copy_with(host=address),
                    headers=headers,
                    content=request.content,
                    extensions={"sni_hostname": name, "timeout": {"connect": wait}},
                )
                for address in addresses
            ]

        terms = Terms("http", account.time_out_seconds, account.largest_answer, self._tls)
        return await exchange(prepare, terms, hand_over)

    async def _addresses(self, account: HttpConnection, url: httpx.URL) -> Sequence[str]:
        """Checked addresses. One that may not be called spoils the whole answer."""
        try:
            # An IP address in any spelling goes through the resolver too, which reads them all.
            port = url.port or (443 if url.scheme == "https" else 80)
            found = await self._resolve(url.raw_host.decode("ascii"), port)
        except (OSError, UnicodeError):
            raise failure("http", "unresolved", "its host is not known in DNS") from None
        for address in found:
            plain = address.partition("%")[0]
            why = objection_to(plain, loopback=account.allow_loopback)
            if why is None and url.scheme == "http" and objection_to(plain) is None:
                why = "not this machine, which plain http is for"
            if why:
                raise failure("http", "forbidden_address", f"its host has {why}")
        if not found:
            raise failure("http", "unresolved", "its host has no address")
        return list(dict.fromkeys(found))[:_MOST_TRIED]

    def _headers(
        self, account: HttpConnection, request: WebRequest, url: httpx.URL
    ) -> dict[str, str]:
        own = {"Host": url.netloc.decode("ascii"), "User-Agent": "Dripstone"}
        own |= {"Accept-Encoding": "identity", "Connection": "close"}
        if account.idempotency_header and request.key:
            own[account.idempotency_header] = request.key
        own |= self._login(account)
        taken = {name.casefold() for name in own}
        for name in request.headers:
            if name.casefold() in taken:
                raise failure("http", "bad_header", f"the header {name!r} is not the step's to set")
        return {"Accept": "application/json", **request.headers, **own}

    def _login(self, account: HttpConnection) -> dict[str, str]:
        login = account.auth
        if login is None:
            return {}
        secret = self._secrets.get(login.variable)
        if secret is None:
            text = f"the environment variable {login.variable} is not set where the worker runs"
            raise Never("http", "not_configured", f"{text}: set it, then retry")
        value = secret.get_secret_value()
        if not (value.isascii() and value.isprintable()):
            text = f"the value of {login.variable} has a character that no header can carry"
            raise Never("http", "bad_secret", f"{text}: set it anew, then retry")
        if isinstance(login, Bearer):
            return {"Authorization": f"Bearer {value}"}
        if isinstance(login, Basic):
            pair = b64encode(f"{login.username}:{value}".encode()).decode("ascii")
            return {"Authorization": f"Basic {pair}"}
        return {login.header: value}
