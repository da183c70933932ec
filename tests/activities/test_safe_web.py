"""The client for hosts that definitions name: what arrives, what comes back, what it tells."""

from __future__ import annotations

import logging

import pytest
from pydantic import SecretStr

from activities.vendors.ports import Never, NotYet, Unclear, WebRequest
from activities.vendors.web import SafeWeb
from starters.sandbox.faults import Fault
from starters.sandbox.receiver import Canned
from tests.activities.web_caller import Caller, at, caller, here, request, running
from tests.activities.web_servers import answering
from tests.sandboxed import Running

__all__ = ["caller", "running"]


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
        (Fault("slow", 600), "timeout", 0),
    ],
)
async def test_a_lost_answer_is_unclear_because_the_request_had_left(
    running: Running, caller: Caller, fault: Fault, code: str, calls: int
) -> None:
    running.sandbox.faults.set("receiver", "call", fault.kind, value=fault.value)
    mark = running.mark()
    account = here(running, time_out_seconds=1) if fault.kind == "slow" else here(running)
    problem = await caller.fails(account, request(account, "POST"))
    assert (type(problem), problem.code) == (Unclear, code)
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
        account = at(served.port, time_out_seconds=1) if drip else at(served.port)
        problem = await caller.fails(account, request(account))
    assert (type(problem), problem.code) == (Unclear, code)


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
