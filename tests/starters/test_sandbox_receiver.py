"""The sandbox's system for http_call steps: strict about logins, bodies and keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.patience import PATIENCE
from tests.sandboxed import Running, running_sandbox


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("receiver")) as found:
        yield found


@pytest.fixture
def web(running: Running) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {running.sandbox.secrets.receiver.token}"}
    with httpx.Client(base_url=running.web, headers=headers, timeout=PATIENCE) as client:
        yield client


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"headers": {"Authorization": "Bearer wrong"}}, 401),
        ({"headers": {"Authorization": ""}}, 401),
        ({"content": "a=1", "headers": {"Content-Type": "text/plain"}}, 415),
        ({"content": "{", "headers": {"Content-Type": "application/json"}}, 415),
        ({"json": {"a": 1}}, 200),
        ({"data": {"a": "1"}}, 200),
    ],
)
def test_it_takes_json_and_forms_from_who_has_the_token(
    running: Running, web: httpx.Client, asked: dict[str, Any], status: int
) -> None:
    mark = running.mark()
    assert web.post("/receiver/x", **asked).status_code == status
    assert len(running.logged("receiver", "call", mark)) == (status == 200)


def test_a_key_gets_the_first_answer_again_and_another_request_under_it_none(
    running: Running, web: httpx.Client
) -> None:
    mark, key = running.mark(), {"Idempotency-Key": "k-1"}
    web.post("/_answers", json={"method": "POST", "path": "/y", "body": {"n": 1}})
    first = web.post("/receiver/y", json={"a": 1}, headers=key)
    web.post("/_answers", json={"method": "POST", "path": "/y", "status": 500})
    again = web.post("/receiver/y", json={"a": 1}, headers=key)
    other = web.post("/receiver/y", json={"a": 2}, headers=key)
    assert (first.json(), again.json(), other.status_code) == ({"n": 1}, {"n": 1}, 422)
    assert len(running.logged("receiver", "call", mark)) == 1


def test_an_order_that_is_none_is_refused(web: httpx.Client) -> None:
    assert web.post("/_answers", json={"method": "POST", "path": "no"}).status_code == 400
