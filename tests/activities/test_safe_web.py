"""The client for hosts that definitions name: what it reaches, what it never does, what it tells.

Where a plain client would have been led astray, a test shows that it would.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from activities.ledger.http_connections import HttpConnection
from activities.vendors.ports import Never, NotYet, Unclear, VendorFailure, WebRequest
from activities.vendors.web import SafeWeb
from starters.sandbox.faults import Fault
from starters.sandbox.receiver import Canned
from tests.activities.web_servers import answering, contexts_for
from tests.sandboxed import Running, running_sandbox

BEARER = {"kind": "bearer", "token_env": "RECEIVER_TOKEN"}
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


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
    return HttpConnection.model_validate(plain | {"time_out_seconds": 1} | fields)


def at(port: int, host: str = "127.0.0.1", **fields: Any) -> HttpConnection:
    plain = {"base_url": f"http://{host}:{port}", "allow_loopback": True, "time_out_seconds": 0.5}
    return HttpConnection.model_validate(plain | fields)


def request(account: HttpConnection, method: str = "GET", **fields: Any) -> WebRequest:
    return WebRequest(method, f"{account.base_url}{fields.pop('path', '/x')}", {}, **fields)


async def test_a_request_arrives_logged_in_with_its_key_and_comes_back_with_its_answer(
    running: Running, caller: Caller
) -> None:
    running.sandbox.receiver.answer_with(Canned(method="POST", path="/leads", body={"tier": "A"}))
    account, mark = here(running, idempotency_header="Idempotency-Key"), running.mark()
    headers = {"Content-Type": "application/json", "X-Source": "drip"}
    asked = WebRequest("POST", f"{account.base_url}/leads?a=b%20c", headers, '{"n": 1}', key="k-1")
    answer = await caller(account, asked)
    again = await caller(account, asked)
    assert (answer.status, answer.body) == (200, b'{"tier":"A"}')
    assert again == answer
    (call,) = running.logged("receiver", "call", mark)
    assert (call["method"], call["path"], call["query"]) == ("POST", "/leads", {"a": "b c"})
    assert (call["body"], call["key"], call["headers"]["x-source"]) == ({"n": 1}, "k-1", "drip")
    assert len(running.logged("receiver", "replay", mark)) == 1
    assert caller.handed_over == 2


@pytest.mark.parametrize(
    ("fault", "code", "calls"),
    [
        (Fault("drop"), "disconnected", 0),
        (Fault("drop_after_commit"), "disconnected", 1),
        (Fault("slow", 1.2), "timeout", None),
    ],
)
async def test_a_lost_answer_is_unclear_because_the_request_had_left(
    running: Running, caller: Caller, fault: Fault, code: str, calls: int | None
) -> None:
    running.sandbox.faults.set("receiver", "call", fault.kind, value=fault.value)
    mark = running.mark()
    problem = await caller.fails(here(running), request(here(running), "POST"))
    assert (type(problem), problem.code) == (Unclear, code)
    if calls is not None:
        assert len(running.logged("receiver", "call", mark)) == calls


async def test_who_cannot_be_connected_to_was_surely_not_told(caller: Caller) -> None:
    problem = await caller.fails(at(1), request(at(1)))
    assert (type(problem), problem.code, caller.handed_over) == (NotYet, "refused", 0)


async def test_what_stops_at_the_point_of_no_return_never_arrives(running: Running) -> None:
    web = SafeWeb({"RECEIVER_TOKEN": SecretStr(running.sandbox.secrets.receiver.token)})

    async def too_late() -> None:
        raise NotYet("dripstone", "lease_lost", "another attempt has it")

    mark = running.mark()
    with pytest.raises(NotYet, match="lease_lost"):
        await web.call(here(running), request(here(running), "POST"), too_late)
    assert running.mark() == mark


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
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b"x" * 9000, None),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 9000, None),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxyz", b"xyz"),
    ],
)
async def test_no_more_is_read_than_was_allowed_and_nothing_is_unpacked(
    caller: Caller, answer: bytes, body: bytes | None
) -> None:
    async with answering(answer) as served:
        account = at(served.port, largest_answer=4096)
        assert (await caller(account, request(account))).body == body


@pytest.mark.parametrize(
    ("answer", "drip", "code"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", True, "timeout"),
        (b"HTTP/1.1 200 OK\r\nX-A: ", True, "timeout"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort", False, "disconnected"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", False, "disconnected"),
        (b"", False, "disconnected"),
    ],
)
async def test_an_answer_that_never_ends_or_is_none_ends_unclear(
    caller: Caller, answer: bytes, drip: bool, code: str
) -> None:
    async with answering(answer, drip=drip) as served:
        problem = await caller.fails(at(served.port), request(at(served.port)))
    assert (type(problem), problem.code) == (Unclear, code)


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


@pytest.mark.parametrize("name", ["BROKEN", "NOT_SET"])
async def test_a_secret_is_named_and_never_told(
    running: Running, caller: Caller, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    account = here(running, auth={"kind": "header", "header": "X-API-Key", "value_env": name})
    problem = await caller.fails(account, request(account, path="/hush"))
    assert type(problem) is Never
    assert name in str(problem)
    assert "hush" not in f"{problem}{problem!r}{caplog.text}"


async def test_neither_secrets_nor_addresses_reach_a_log(
    running: Running, caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    account = here(running)
    await caller(account, request(account, path="/person@quarry.example", content='{"a": "hush"}'))
    running.sandbox.faults.set("receiver", "call", "drop")
    problem = await caller.fails(account, request(account, path="/person@quarry.example"))
    told = f"{caplog.text}{problem}{problem!r}"
    secret = running.sandbox.secrets.receiver.token
    assert not [word for word in ("hush", "quarry", secret) if word in told]
