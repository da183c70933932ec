"""Google Analytics 4: what it counts, what it would drop, and the ways of failing."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from activities.vendors.google_analytics import GoogleAnalytics, StreamLogin
from activities.vendors.ports import Never, NotYet, Unclear, VendorFailure
from starters.sandbox.faults import Fault
from tests.patience import PATIENCE
from tests.sandboxed import Running, running_sandbox


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("analytics")) as found:
        yield found


@pytest.fixture
def analytics(running: Running) -> Iterator[GoogleAnalytics]:
    yield _client(running, running.sandbox.secrets.google_analytics.api_secret)
    running.sandbox.faults.clear()


def _client(
    running: Running, secret: str, base_url: str = "", seconds: float = PATIENCE
) -> GoogleAnalytics:
    login = StreamLogin(
        measurement_id=running.sandbox.secrets.google_analytics.measurement_id,
        api_secret=SecretStr(secret),
        base_url=base_url or f"{running.web}/google-analytics",
    )
    return GoogleAnalytics(login, time_out_seconds=seconds)


async def _hand_over() -> None:
    pass


async def _failure(client: GoogleAnalytics) -> VendorFailure:
    with pytest.raises(VendorFailure) as caught:
        await client.track("1.2", "demo", {"hush": "hush"}, _hand_over)
    assert caught.value.__cause__ is None
    return caught.value


async def test_an_event_is_counted_with_its_properties(
    running: Running, analytics: GoogleAnalytics
) -> None:
    mark = running.mark()
    await analytics.track("123.456", "demo", {"n": 1, "long": "x" * 200}, _hand_over)
    (event,) = running.logged("google_analytics", "event", mark)
    assert (event["client_id"], event["name"]) == ("123.456", "demo")
    assert event["params"] == {"n": 1, "long": "x" * 100}


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("drop"), (Unclear, "disconnected")),
        (Fault("drop_after_commit"), (Unclear, "disconnected")),
        (Fault("slow", 600), (Unclear, "timeout")),
        (Fault("status", 500), (Unclear, "http_500")),
        (Fault("status", 429), (NotYet, "http_429")),
        (Fault("status", 404), (Never, "http_404")),
    ],
)
async def test_each_way_of_failing_is_told_apart(
    running: Running,
    analytics: GoogleAnalytics,
    fault: Fault,
    expected: tuple[type[VendorFailure], str],
) -> None:
    running.sandbox.faults.set("google_analytics", "collect", fault.kind, value=fault.value)
    if fault.kind == "slow":
        secret = running.sandbox.secrets.google_analytics.api_secret
        analytics = _client(running, secret, seconds=1)
    problem = await _failure(analytics)
    assert (type(problem), problem.code) == expected


async def test_who_cannot_be_reached_was_not_told(running: Running) -> None:
    problem = await _failure(_client(running, "hush", "http://127.0.0.1:1"))
    assert (type(problem), problem.code) == (NotYet, "refused")


async def test_the_secret_in_the_address_reaches_neither_log_nor_error(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client, mark = _client(running, "hush"), running.mark()
    await client.track("1.2", "demo", {}, _hand_over)
    ((problem,),) = [one["problems"] for one in running.logged("google_analytics", "dropped", mark)]
    assert problem == ["api_secret", "is not that of the data stream"]
    running.sandbox.faults.set("google_analytics", "collect", "drop")
    assert "hush" not in f"{await _failure(client)}{caplog.text}"


def with_params(**params: object) -> dict[str, Any]:
    return {"client_id": "1", "events": [{"name": "a", "params": params}]}


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ({"client_id": "1.2", "events": [{"name": "demo"}]}, None),
        ({"events": [{"name": "demo"}]}, "client_id"),
        ({"client_id": "a@x.example", "events": [{"name": "demo"}]}, "client_id"),
        ({"client_id": "1", "events": []}, "events"),
        ({"client_id": "1", "event": "demo", "events": [{"name": "demo"}]}, "event"),
        ({"client_id": "1", "events": [{"name": "a b"}]}, "events.name"),
        ({"client_id": "1", "events": [{"name": "session_start"}]}, "events.name"),
        ({"client_id": "1", "events": [{"name": "ga_x"}]}, "events.name"),
        (with_params(_x=1), "events.params._x"),
        (with_params(x="y" * 101), "events.params.x"),
        (with_params(x="a@b.cd"), "events.params.x"),
    ],
)
async def test_the_sandbox_is_as_strict_as_the_protocol_and_only_its_debug_address_says_so(
    running: Running, sent: dict[str, Any], path: str | None
) -> None:
    address = f"{running.web}/google-analytics"
    async with httpx.AsyncClient(base_url=address, timeout=PATIENCE) as client:
        told = (await client.post("/debug/mp/collect", json=sent)).json()["validationMessages"]
        assert (await client.post("/mp/collect", json=sent)).status_code == 204
    assert [one["fieldPath"] for one in told] == ([path] if path else [])
