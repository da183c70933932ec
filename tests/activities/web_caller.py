"""A client as tests of it use it: who it calls, and whether it passed the point of no return."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from activities.ledger.http_connections import HttpConnection
from activities.vendors.ports import VendorFailure, WebRequest
from activities.vendors.web import SafeWeb
from tests.sandboxed import Running, running_sandbox

LONGEST = 15
"""Seconds that a connection may wait for an answer at most."""

BEARER = {"kind": "bearer", "token_env": "RECEIVER_TOKEN"}


class Caller:
    """A client, and how often it passed the point of no return."""

    def __init__(self, web: SafeWeb) -> None:
        self.web = web
        self.handed_over = 0

    async def __call__(self, account: HttpConnection, request: WebRequest) -> Any:
        return await self.web.call(account, request, self._hand_over)

    async def fails(self, account: HttpConnection, request: WebRequest) -> VendorFailure:
        with pytest.raises(VendorFailure) as caught:
            await self(account, request)
        assert caught.value.__cause__ is None
        return caught.value

    async def _hand_over(self) -> None:
        self.handed_over += 1


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("receiver")) as found:
        yield found


@pytest.fixture
def caller(running: Running) -> Iterator[Caller]:
    secret = SecretStr(running.sandbox.secrets.receiver.token)
    yield Caller(SafeWeb({"RECEIVER_TOKEN": secret, "BROKEN": SecretStr("hush\r\nX-Evil: 1")}))
    running.sandbox.faults.clear()


def here(running: Running, **fields: Any) -> HttpConnection:
    plain = {"base_url": f"{running.web}/receiver", "allow_loopback": True, "auth": BEARER}
    return HttpConnection.model_validate(plain | {"time_out_seconds": LONGEST} | fields)


def at(port: int, host: str = "127.0.0.1", **fields: Any) -> HttpConnection:
    plain = {"base_url": f"http://{host}:{port}", "allow_loopback": True}
    return HttpConnection.model_validate(plain | {"time_out_seconds": LONGEST} | fields)


def request(account: HttpConnection, method: str = "GET", **fields: Any) -> WebRequest:
    return WebRequest(method, f"{account.base_url}{fields.pop('path', '/x')}", {}, **fields)
