"""The Marketo client against the sandbox instance, over real HTTP."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from activities.vendors.marketo import Marketo, until_midnight
from activities.vendors.ports import Never, NotYet, RecordKey
from starters.sandbox.faults import Fault
from tests.activities.platform_clients import failure_of, marketo_of
from tests.sandboxed import Running, running_sandbox

_Kind = type[NotYet] | type[Never]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("marketo")) as found:
        yield found


@pytest.fixture
def marketo(running: Running) -> Iterator[Marketo]:
    yield marketo_of(running)
    running.sandbox.faults.clear()


def ours(record: str | None = None) -> RecordKey:
    return RecordKey(record, "dripstoneKey", f"default:crm-{uuid4()}")


async def test_a_lead_is_found_by_our_key_and_then_by_its_id(
    running: Running, marketo: Marketo
) -> None:
    key = ours()
    first = await marketo.push(key, {"firstName": "Lu", "email": "lu@example.com"})
    second = await marketo.push(key, {"firstName": "Lou"})
    third = await marketo.push(ours(first.reference), {"leadStatus": "Meeting Booked"})
    assert [one.note for one in (first, second, third)] == ["created", "updated", "updated"]
    assert first.reference == second.reference == third.reference
    (row,) = [row for row in running.sandbox.marketo.leads() if str(row["id"]) == first.reference]
    assert (row["firstName"], row["leadStatus"]) == ("Lou", "Meeting Booked")


async def test_two_leads_of_one_address_stay_two(marketo: Marketo) -> None:
    first, second = [await marketo.push(ours(), {"email": "two@example.com"}) for _ in range(2)]
    assert first.reference != second.reference


async def test_a_token_is_used_until_it_ends_and_renewed_once(
    running: Running, marketo: Marketo
) -> None:
    since = running.mark()
    await marketo.push(ours(), {})
    await marketo.push(ours(), {})
    assert len(running.logged("marketo", "login", since)) == 1
    running.sandbox.faults.set("marketo", "leads", "expired_session")
    await marketo.push(ours(), {})
    assert len(running.logged("marketo", "login", since)) == 2
    running.sandbox.faults.set("marketo", "leads", "expired_session", times=2)
    problem = await failure_of(marketo.push(ours(), {}))
    assert (type(problem), problem.code) == (NotYet, "602")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("rate_limit"), (NotYet, "606", timedelta(seconds=20))),
        (Fault("rate_limit", 615), (NotYet, "615", timedelta(seconds=5))),
        (Fault("rate_limit", 611), (NotYet, "611", None)),
        (Fault("rate_limit", 603), (Never, "603", None)),
        (Fault("status", 502), (NotYet, "http_502", None)),
        (Fault("status", 413), (Never, "http_413", None)),
        (Fault("html"), (NotYet, "http_503", None)),
        (Fault("drop"), (NotYet, "disconnected", None)),
        (Fault("drop_after_commit"), (NotYet, "disconnected", None)),
        (Fault("slow", 600), (NotYet, "timeout", None)),
    ],
)
async def test_a_failure_that_came_with_200_is_told_apart_like_any_other(
    running: Running, marketo: Marketo, fault: Fault, expected: tuple[_Kind, str, timedelta | None]
) -> None:
    running.sandbox.faults.set("marketo", "leads", fault.kind, value=fault.value)
    if fault.kind == "slow":
        marketo = marketo_of(running, seconds=1)
    problem = await failure_of(marketo.push(ours(), {}))
    wait = problem.retry_after if isinstance(problem, NotYet) else None
    assert (type(problem), problem.code, wait) == expected


async def test_the_daily_quota_waits_for_midnight_in_chicago(
    running: Running, marketo: Marketo
) -> None:
    running.sandbox.faults.set("marketo", "leads", "rate_limit", value=607)
    problem = await failure_of(marketo.push(ours(), {}))
    assert isinstance(problem, NotYet)
    assert problem.retry_after is not None
    assert timedelta(0) < problem.retry_after <= timedelta(hours=25)
    winter, change = "2026-01-10T05:00:00Z", "2026-11-01T06:00:00Z"  # that day has 25 hours
    assert until_midnight(datetime.fromisoformat(winter)) == timedelta(hours=1)
    assert until_midnight(datetime.fromisoformat(change)) == timedelta(hours=24)


@pytest.mark.parametrize(
    ("record", "fields", "code"),
    [
        (None, {"email": "ü@example.com"}, "1003"),
        (None, {"shoeSize": "45"}, "1006"),
        ("99999", {"firstName": "Lu"}, "1004"),
        ("A1", {"firstName": "Lu"}, "not_an_id"),
    ],
)
async def test_a_skipped_record_is_never_done(
    marketo: Marketo, record: str | None, fields: dict[str, str], code: str
) -> None:
    problem = await failure_of(marketo.push(ours(record), fields))
    assert (type(problem), problem.code) == (Never, code)
    assert "example.com" not in str(problem)


async def test_a_status_in_a_program_goes_forward_and_a_step_back_changes_nothing(
    running: Running, marketo: Marketo
) -> None:
    program = running.sandbox.marketo.seed_program("Invited", "Registered", "Attended")
    lead = str(running.sandbox.marketo.seed_lead(firstName="Lu"))
    notes = [
        (await marketo.add_member(str(program), lead, status)).note
        for status in ("Invited", "Attended", "Attended", "Registered")
    ]
    assert notes == ["created", "updated", *["had this status or a later one"] * 2]
    assert running.sandbox.marketo.members(program) == {int(lead): "Attended"}


@pytest.mark.parametrize(
    ("asked", "code"),
    [((0, 0, "Nonsense"), "1025"), ((9000, 0, "Invited"), "1013"), ((0, 9000, "Invited"), "1004")],
)
async def test_a_program_a_status_or_a_lead_that_is_not_there_is_never(
    running: Running, marketo: Marketo, asked: tuple[int, int, str], code: str
) -> None:
    known = running.sandbox.marketo.seed_program("Invited")
    there = running.sandbox.marketo.seed_lead()
    program, lead, status = asked
    problem = await failure_of(
        marketo.add_member(str(program or known), str(lead or there), status)
    )
    assert (type(problem), problem.code) == (Never, code)


async def test_wrong_credentials_name_the_settings_and_not_the_secret(running: Running) -> None:
    problem = await failure_of(marketo_of(running, "hush").push(ours(), {}))
    assert (type(problem), problem.code) == (Never, "invalid_client")
    assert "DRIPSTONE_MARKETO__CLIENT_ID" in str(problem)
    assert "hush" not in str(problem)


async def test_an_instance_that_cannot_be_reached_is_not_yet(running: Running) -> None:
    problem = await failure_of(marketo_of(running, "x", "http://127.0.0.1:1").push(ours(), {}))
    assert (type(problem), problem.code) == (NotYet, "refused")


async def test_no_value_and_no_secret_reaches_a_log(
    running: Running, marketo: Marketo, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await marketo.push(ours(), {"firstName": "hush"})
    assert "hush" not in caplog.text
    assert running.sandbox.secrets.marketo.client_secret not in caplog.text
