"""The HubSpot client against the sandbox portal, over real HTTP."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from activities.vendors.hubspot import Hubspot
from activities.vendors.ports import LoggedMeeting, Never, NotYet, RecordKey, TimelineEvent
from starters.sandbox.faults import Fault
from tests.activities.platform_clients import failure_of, hubspot_of
from tests.sandboxed import Running, running_sandbox

_Kind = type[NotYet] | type[Never]
TIMES = {"hs_timestamp": "2026-03-09T09:00:00.000Z", "hs_meeting_title": "Demo"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("hubspot")) as found:
        yield found


@pytest.fixture
def hubspot(running: Running) -> Iterator[Hubspot]:
    yield hubspot_of(running)
    running.sandbox.faults.clear()


def ours(record: str | None = None) -> RecordKey:
    return RecordKey(record, "dripstone_key", f"default:crm-{uuid4()}")


def event(contact: str, **changes: Any) -> TimelineEvent:
    plain: dict[str, Any] = {
        "key": str(uuid4()),
        "template": "1234567",
        "record": contact,
        "at": datetime(2026, 3, 9, 9, tzinfo=UTC),
        "tokens": {"title": "Wrote"},
        "extra": {"transcript": "Visitor: Hello?"},
    }
    return TimelineEvent(**plain | changes)


async def test_a_contact_is_found_by_our_key_and_then_by_its_id(
    running: Running, hubspot: Hubspot
) -> None:
    key = ours()
    first = await hubspot.push(key, {"firstname": "Lu"})
    second = await hubspot.push(key, {"firstname": "Lou"})
    third = await hubspot.push(ours(first.reference), {"jobtitle": 7, "company": True})
    assert [one.note for one in (first, second, third)] == ["created", "updated", "updated"]
    assert first.reference == second.reference == third.reference
    rows = running.sandbox.hubspot.rows("contacts")
    (row,) = [row for row in rows if row["id"] == first.reference]
    assert (row["firstname"], row["jobtitle"], row["company"]) == ("Lou", "7", "true")


async def test_an_address_that_somebody_has_is_a_conflict_and_no_match(
    running: Running, hubspot: Hubspot
) -> None:
    running.sandbox.hubspot.seed_contact(email="taken@example.com")
    problem = await failure_of(hubspot.push(ours(), {"email": "taken@example.com"}))
    assert (type(problem), problem.code) == (Never, "CONFLICT")
    assert "hubspot_id" in str(problem)
    assert "taken" not in str(problem)


@pytest.mark.parametrize(
    ("which", "fields", "code"),
    [
        (ours(), {"shoe_size": "45"}, "PROPERTY_DOESNT_EXIST"),
        (ours("999"), {"firstname": "Lu"}, "OBJECT_NOT_FOUND"),
        (RecordKey(None, "email", "a@example.com"), {}, "VALIDATION_ERROR"),
    ],
)
async def test_what_hubspot_refuses_is_never_and_names_the_property(
    hubspot: Hubspot, which: RecordKey, fields: dict[str, str], code: str
) -> None:
    problem = await failure_of(hubspot.push(which, fields))
    assert (type(problem), problem.code) == (Never, code)
    assert all(name in str(problem) for name in fields if code == "PROPERTY_DOESNT_EXIST")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("rate_limit", 1), (NotYet, "RATE_LIMIT_SECONDLY", timedelta(seconds=2))),
        (
            Fault("rate_limit"),
            (NotYet, "RATE_LIMIT_TEN_SECONDLY_ROLLING", timedelta(seconds=10)),
        ),
        (Fault("rate_limit", 86400), (NotYet, "RATE_LIMIT_DAILY", timedelta(hours=2))),
        (Fault("multi_status"), (Never, "CONFLICT", None)),
        (Fault("status", 423), (NotYet, "http_423", None)),
        (Fault("status", 502), (NotYet, "http_502", None)),
        (Fault("html"), (NotYet, "http_503", None)),
        (Fault("drop_after_commit"), (NotYet, "disconnected", None)),
        (Fault("slow", 600), (NotYet, "timeout", None)),
    ],
)
async def test_what_may_pass_is_tried_again_after_a_fitting_wait(
    running: Running, hubspot: Hubspot, fault: Fault, expected: tuple[_Kind, str, timedelta | None]
) -> None:
    running.sandbox.faults.set("hubspot", "contacts", fault.kind, value=fault.value)
    if fault.kind == "slow":
        hubspot = hubspot_of(running, seconds=1)
    problem = await failure_of(hubspot.push(ours(), {}))
    wait = problem.retry_after if isinstance(problem, NotYet) else None
    assert (type(problem), problem.code, wait) == expected


async def test_an_event_that_is_sent_again_is_there_once(
    running: Running, hubspot: Hubspot
) -> None:
    contact = running.sandbox.hubspot.seed_contact(firstname="Lu")
    first = event(contact)
    await hubspot.add_event(first)
    await hubspot.add_event(first)
    (row,) = [one for one in running.sandbox.hubspot.rows("events") if one["objectId"] == contact]
    assert (row["id"], row["timestamp"]) == (first.key, "2026-03-09T09:00:00Z")
    assert row["extraData"] == {"transcript": "Visitor: Hello?"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"template": "1"}, "OBJECT_NOT_FOUND"),
        ({"record": "999"}, "OBJECT_NOT_FOUND"),
        ({"tokens": {"colour": "red"}}, "VALIDATION_ERROR"),
    ],
)
async def test_an_event_without_its_template_or_contact_is_never(
    running: Running, hubspot: Hubspot, changes: dict[str, Any], code: str
) -> None:
    contact = running.sandbox.hubspot.seed_contact()
    problem = await failure_of(hubspot.add_event(event(contact, **changes)))
    assert (type(problem), problem.code) == (Never, code)


@pytest.mark.parametrize(
    ("users", "attendees", "body"),
    [
        (("ada", "kim"), ("ada", "kim"), "Type: demo"),
        (("lee",), ("lee", "guest"), "Type: demo\nAlso invited: guest@drip.example"),
        ((), ("stranger",), "Type: demo\nAlso invited: stranger@drip.example"),
        ((), (), "Type: demo"),
    ],
)
async def test_attendees_are_linked_if_they_are_users_and_named_if_not(
    running: Running,
    hubspot: Hubspot,
    users: tuple[str, ...],
    attendees: tuple[str, ...],
    body: str,
) -> None:
    portal = running.sandbox.hubspot
    owners = [portal.seed_owner(f"{name}@Drip.example") for name in users]
    contact = portal.seed_contact()
    addresses = tuple(f"{name}@drip.example" for name in attendees)
    fields = {**TIMES, "hs_meeting_body": "Type: demo"}
    meeting = LoggedMeeting(ours(), contact, fields, addresses)
    receipts = [await hubspot.log_meeting(meeting) for _ in range(2)]
    assert receipts[0].reference == receipts[1].reference
    assert (
        receipts[1].note == f"updated, {len(users)} of {len(attendees)} attendees are users there"
    )
    (row,) = [one for one in portal.rows("meetings") if one["id"] == receipts[0].reference]
    assert row["hs_meeting_body"] == body
    assert row.get("hs_attendee_owner_ids") == (";".join(owners) or None)
    assert [one["meeting"] for one in portal.rows("links") if one["contact"] == contact] == [
        row["id"]
    ]


async def test_a_wrong_token_names_the_setting_and_not_the_token(running: Running) -> None:
    problem = await failure_of(hubspot_of(running, "hush").push(ours(), {}))
    assert (type(problem), problem.code) == (Never, "INVALID_AUTHENTICATION")
    assert "DRIPSTONE_HUBSPOT__TOKEN" in str(problem)
    assert "hush" not in str(problem)


async def test_a_portal_that_cannot_be_reached_is_not_yet(running: Running) -> None:
    client = hubspot_of(running, "x", "http://127.0.0.1:1")
    problem = await failure_of(client.push(ours(), {}))
    assert (type(problem), problem.code) == (NotYet, "refused")


async def test_no_address_reaches_a_log(
    running: Running, hubspot: Hubspot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    contact = running.sandbox.hubspot.seed_contact()
    await hubspot.log_meeting(LoggedMeeting(ours(), contact, TIMES, ("hush@drip.example",)))
    assert "hush" not in caplog.text
