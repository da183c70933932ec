"""The client that vendors share: bounded in time and size, and never led elsewhere."""

from __future__ import annotations

import gzip
from datetime import timedelta

import pytest

from activities.vendors.http_calls import LARGEST, Call, ask
from activities.vendors.ports import NotYet, Unclear, VendorFailure
from tests.activities.web_servers import Served, answering

PATIENCE = timedelta(seconds=30)
PACKED = "Content-Encoding: gzip"


def reply(body: bytes = b"{}", status: str = "200 OK", *headers: str) -> bytes:
    head = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers)
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def call(served: Served, *, repeatable: bool = True) -> Call:
    url = f"http://127.0.0.1:{served.port}/"
    return Call("hubspot", "a look", "GET", url, repeatable, token="a-token")


@pytest.mark.parametrize(
    "answer",
    [
        reply(b"x" * (LARGEST + 1)),
        reply(gzip.compress(b" " * (LARGEST * 4)), "200 OK", PACKED),
        reply(b"x" * (LARGEST + 1), "500 No"),
    ],
    ids=["plain", "packed", "error"],
)
@pytest.mark.parametrize(("repeatable", "failure"), [(True, NotYet), (False, Unclear)])
async def test_an_answer_that_is_far_too_long_is_not_read_to_its_end(
    answer: bytes, repeatable: bool, failure: type[VendorFailure]
) -> None:
    async with answering(answer) as served:
        with pytest.raises(failure, match="unreadable_answer"):
            await ask(call(served, repeatable=repeatable), PATIENCE)


async def test_a_packed_answer_is_unpacked_once() -> None:
    async with answering(reply(gzip.compress(b'{"a": 1}'), "200 OK", PACKED)) as served:
        answer = await ask(call(served), PATIENCE)
    assert (answer.status_code, answer.json()) == (200, {"a": 1})


async def test_a_redirect_is_not_followed_and_the_token_stays_here() -> None:
    async with answering(reply()) as elsewhere:
        there = f"Location: http://127.0.0.1:{elsewhere.port}/there"
        async with answering(reply(b"", "307 Moved", there)) as served:
            assert (await ask(call(served), PATIENCE)).status_code == 307
    assert "Bearer a-token" in served.heads[0]
    assert elsewhere.heads == []


async def test_no_proxy_of_the_environment_is_asked_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with answering(reply()) as proxy, answering(reply()) as served:
        for name in ("HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert (await ask(call(served), PATIENCE)).status_code == 200
    assert proxy.heads == []


async def test_an_answer_that_never_ends_is_left_in_time() -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx"
    async with answering(endless, drip=True) as served:
        with pytest.raises(NotYet, match="timeout"):
            await ask(call(served), timedelta(seconds=0.5))


def test_nothing_private_stands_in_a_call_that_is_shown() -> None:
    secret = "s3cret"
    url = f"https://x.example/?k={secret}"
    shown = repr(Call("x", "a look", "GET", url, token=secret, login=(secret, secret)))
    assert secret not in shown
