"""Ways of leading the client astray, none of which works; some do with a plain client.

Where one would, the test shows that it does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from activities.ledger.http_connections import HttpConnection
from activities.vendors.ports import Never, NotYet, WebRequest
from activities.vendors.web import SafeWeb
from starters.sandbox.receiver import Canned
from tests.activities.web_caller import Caller, at, caller, here, request, running
from tests.activities.web_servers import answering, contexts_for
from tests.sandboxed import Running

__all__ = ["caller", "running"]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


async def test_a_redirect_is_an_answer_and_is_not_followed(
    running: Running, caller: Caller
) -> None:
    for status in (301, 302, 303, 307, 308):
        trap = Canned(
            method="GET", path="/moved", status=status, headers={"Location": f"{running.web}/_log"}
        )
        running.sandbox.receiver.answer_with(trap)
        answer = await caller(here(running), request(here(running), path="/moved"))
        assert (answer.status, answer.body) == (status, b"null")
    token = {"Authorization": f"Bearer {running.sandbox.secrets.receiver.token}"}
    async with httpx.AsyncClient(follow_redirects=True, headers=token) as plain:
        followed = await plain.get(f"{running.web}/receiver/moved")
    assert (followed.status_code, len(followed.history)) == (200, 1)


async def test_no_proxy_of_the_environment_gets_the_request(
    running: Running, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with answering(b"HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n") as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        answer = await caller(here(running), request(here(running)))
        assert (answer.status, proxy.heads) == (200, [])
        async with httpx.AsyncClient() as plain:
            assert (await plain.get(running.web)).status_code == 502
        assert len(proxy.heads) == 1


@pytest.mark.parametrize(
    "addresses",
    [
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["::ffff:169.254.169.254"],
        ["fe80::1%lo"],
        ["8.8.8.8"],  # public, but plain http is for this machine alone
        ["127.0.0.1", "192.168.1.1"],
        ["192.168.1.1", "127.0.0.1"],
    ],
)
async def test_one_forbidden_address_spoils_the_whole_answer_of_dns(addresses: list[str]) -> None:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return addresses

    caller = Caller(SafeWeb({}, resolve))
    async with answering(OK) as served:
        account = at(served.port, "crm.example.com")
        problem = await caller.fails(account, request(account))
        assert (type(problem), problem.code) == (Never, "forbidden_address")
        assert (served.heads, caller.handed_over) == ([], 0)


@pytest.mark.parametrize("spelling", ["127.0.0.1", "127.1", "0x7f.0.0.1", "2130706433", "0"])
async def test_no_spelling_of_loopback_gets_by_where_it_is_not_allowed(spelling: str) -> None:
    account = HttpConnection.model_validate({"base_url": f"https://{spelling}"})
    problem = await Caller(SafeWeb({})).fails(account, request(account))
    assert (type(problem), problem.code) == (Never, "forbidden_address")


async def test_dns_is_asked_once_and_the_connection_goes_where_it_said() -> None:
    asked: list[str] = []

    async def rebinding(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.255.255.1"]

    async with answering(OK) as served:
        account = at(served.port, "crm.example.com")
        answer = await Caller(SafeWeb({}, rebinding))(account, request(account))
        assert (answer.status, asked) == (200, ["crm.example.com"])
        assert f"\r\nHost: crm.example.com:{served.port}\r\n" in served.heads[0]


async def test_a_host_without_an_address_is_asked_again_later() -> None:
    async def nobody(_host: str, _port: int) -> Sequence[str]:
        raise OSError("no such host")

    problem = await Caller(SafeWeb({}, nobody)).fails(at(1, "gone.example"), request(at(1)))
    assert type(problem) is Never  # another host than the connection's
    problem = await Caller(SafeWeb({}, nobody)).fails(
        at(1, "gone.example"), request(at(1, "gone.example"))
    )
    assert (type(problem), problem.code) == (NotYet, "unresolved")


async def test_a_certificate_must_be_for_the_name_though_the_address_is_pinned(
    tmp_path: Path,
) -> None:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    server, trusting = contexts_for("crm.example.com", tmp_path)
    async with answering(OK, tls=server) as served:
        caller = Caller(SafeWeb({}, resolve, trusting))
        right = at(
            served.port, "crm.example.com", base_url=f"https://crm.example.com:{served.port}"
        )
        assert (await caller(right, request(right))).status == 200
        wrong = at(served.port, base_url=f"https://evil.example.com:{served.port}")
        problem = await caller.fails(wrong, request(wrong))
        assert (type(problem), problem.code) == (Never, "tls")
        unknown = await Caller(SafeWeb({}, resolve)).fails(right, request(right))
        assert (type(unknown), unknown.code, len(served.heads)) == (Never, "tls", 1)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"X-A": "1\r\nX-Evil: 1"}, "bad_request"),
        ({"X-A: 1\r\nX-Evil": "1"}, "bad_request"),
        ({"X-A": "zoë"}, "bad_request"),
        ({"authorization": "Bearer mine"}, "bad_header"),
        ({"HOST": "evil.example"}, "bad_header"),
        ({"idempotency-key": "mine"}, "bad_header"),
    ],
)
async def test_a_header_that_would_say_more_than_it_may_is_refused(
    running: Running, caller: Caller, headers: dict[str, str], code: str
) -> None:
    account, mark = here(running, idempotency_header="Idempotency-Key"), running.mark()
    asked = WebRequest("GET", f"{account.base_url}/x", headers, key="k")
    problem = await caller.fails(account, asked)
    assert (type(problem), problem.code, running.mark()) == (Never, code, mark)


async def test_a_name_server_that_never_answers_is_not_waited_for() -> None:
    async def silent(_host: str, _port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return []

    account = at(1, "slow.example", time_out_seconds=0.1)
    problem = await Caller(SafeWeb({}, silent)).fails(account, request(account))
    assert (type(problem), problem.code) == (NotYet, "timeout")
