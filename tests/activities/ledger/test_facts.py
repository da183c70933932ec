"""The default write-backs: which fields of which record an event fills, and with what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from pydantic import JsonValue, ValidationError

from activities.ledger.connections import CenterConnections, SalesforceWrites
from activities.ledger.facts import DESCRIPTION_LIMIT, SUBJECT_LIMIT, Planned, writebacks_of
from activities.ledger.leads import Lead
from workflows.engine.events import Event

WHO = "00Q000000000000001"
LEAD = Lead("default", f"sf-{WHO}", "person", "ada@example.com", None, {})
SENT: dict[str, JsonValue] = {
    "subject": "Ground",
    "text": "Hi Ada,",
    "owner": "ada@dripstone.example",
}


def planned(
    kind: str, data: dict[str, JsonValue], at: str = "2026-06-01T21:30:00Z", **writes: Any
) -> list[Planned]:
    event = Event(id="e-1", kind=kind, at=datetime.fromisoformat(at), data=data)
    accounts = CenterConnections(salesforce=SalesforceWrites(**writes))
    return writebacks_of(event, LEAD, accounts)


def test_a_sent_mail_becomes_a_task_with_exactly_the_fields_of_the_original() -> None:
    (task,) = planned("email_sent", SENT, fallback_owner="boss@dripstone.example")
    assert (task.activity, task.connection) == ("create_task", "salesforce")
    assert task.payload == {
        "object": "Task",
        "key_field": "Dripstone_Key__c",
        "fields": {
            "Subject": "Email sent via Qualified: Ground",
            "Description": "Hi Ada,\n\nSent at 2026-06-01T21:30:00+00:00",
            "Type": "Email",
            "Status": "Completed",
            "ActivityDate": "2026-06-01",
            "WhoId": WHO,
        },
        "owners": ["ada@dripstone.example", "boss@dripstone.example"],
    }


@pytest.mark.parametrize(
    ("zone", "day"),
    [("UTC", "2026-06-01"), ("Europe/Berlin", "2026-06-01"), ("Asia/Tokyo", "2026-06-02")],
)
def test_the_due_date_is_the_local_day_and_the_exact_time_stays(zone: str, day: str) -> None:
    (task,) = planned("email_sent", SENT, "2026-06-01T21:30:00Z", zone=zone)
    assert task.payload["fields"]["ActivityDate"] == day
    assert "2026-06-01T21:30:00+00:00" in task.payload["fields"]["Description"]


def test_what_is_too_long_for_a_field_is_cut_visibly() -> None:
    long: dict[str, JsonValue] = {"subject": "s" * 400, "text": "t" * 40_000}
    fields = planned("email_sent", long)[0].payload["fields"]
    assert len(fields["Subject"]) == SUBJECT_LIMIT
    assert fields["Subject"].endswith("...")
    assert len(fields["Description"]) == DESCRIPTION_LIMIT
    assert "[cut: longer than the field]\n\nSent at 2026-06-01" in fields["Description"]


@pytest.mark.parametrize(
    ("owner", "fallback", "owners"),
    [
        ("ada@dripstone.example", None, ["ada@dripstone.example"]),
        (None, "boss@dripstone.example", ["boss@dripstone.example"]),
        (None, None, []),
    ],
)
def test_a_mailbox_without_a_user_falls_back_to_the_configured_owner(
    owner: str | None, fallback: str | None, owners: list[str]
) -> None:
    (task,) = planned("email_sent", SENT | {"owner": owner}, fallback_owner=fallback)
    assert task.payload["owners"] == owners


def test_a_booked_meeting_becomes_an_event_with_how_it_was_booked() -> None:
    data: dict[str, JsonValue] = {
        "owner_name": "Ada Fox",
        "owner": "ada@dripstone.example",
        "starts_at": "2026-07-01T10:00:00+02:00",
        "ends_at": "2026-07-01T10:45:00+02:00",
        "type": "demo",
        "channel": "email",
    }
    (event,) = planned("meeting_booked", data)
    assert event.activity == "create_event"
    assert event.payload["fields"] == {
        "Subject": "Meeting Booked via Qualified with Ada Fox",
        "Description": "Meeting type: demo\nBooked through: email\n"
        "Booked at: 2026-06-01T21:30:00+00:00",
        "StartDateTime": "2026-07-01T08:00:00+00:00",
        "EndDateTime": "2026-07-01T08:45:00+00:00",
        "WhoId": WHO,
    }
    assert event.payload["owners"] == ["ada@dripstone.example"]


def test_a_meeting_without_times_is_booked_for_half_an_hour_from_the_event() -> None:
    fields = planned("meeting_booked", {"starts_at": "next week"})[0].payload["fields"]
    assert fields["StartDateTime"] == "2026-06-01T21:30:00+00:00"
    assert fields["EndDateTime"] == "2026-06-01T22:00:00+00:00"


@pytest.mark.parametrize(
    ("kind", "data", "writes", "count"),
    [
        ("email_sent", SENT, {"log_emails": False}, 0),
        ("email_sent", SENT, {"log_meetings": False}, 1),
        ("meeting_booked", {}, {"log_meetings": False}, 0),
        ("meeting_booked", {}, {"log_emails": False}, 1),
        ("unsubscribe", {}, {"unsubscribe_field": None}, 0),
        ("complaint", {}, {"unsubscribe_field": "Out__c"}, 1),
        ("bounce", {"type": "hard"}, {"hard_bounce_field": "Bounced__c"}, 1),
        ("bounce", {"type": "soft"}, {"hard_bounce_field": "Bounced__c"}, 0),
        ("bounce", {"type": "hard"}, {}, 0),
        ("reply", {}, {}, 0),
    ],
)
def test_each_default_write_back_can_be_switched_off(
    kind: str, data: dict[str, JsonValue], writes: dict[str, Any], count: int
) -> None:
    assert len(planned(kind, data, **writes)) == count


def test_a_lead_that_is_not_in_salesforce_has_no_write_backs() -> None:
    event = Event(id="e", kind="unsubscribe", at=datetime.fromisoformat("2026-06-01T00:00:00Z"))
    accounts = CenterConnections(salesforce=SalesforceWrites())
    elsewhere = Lead("default", "crm-1", "person", None, None, {})
    assert writebacks_of(event, elsewhere, accounts) == []
    assert writebacks_of(event, LEAD, CenterConnections()) == []


def test_a_contact_is_written_as_a_contact() -> None:
    event = Event(id="e", kind="unsubscribe", at=datetime.fromisoformat("2026-06-01T00:00:00Z"))
    accounts = CenterConnections(salesforce=SalesforceWrites())
    contact = Lead("default", "sf-003000000000000001", "person", None, None, {})
    assert writebacks_of(event, contact, accounts)[0].payload["object"] == "Contact"


@pytest.mark.parametrize(
    "wrong",
    [{"task_subject": "{body}"}, {"event_subject": "{0}"}, {"task_subject": "{"}, {"zone": "Mars"}],
)
def test_a_setting_that_would_fail_at_every_mail_is_refused_when_it_is_read(
    wrong: dict[str, str],
) -> None:
    with pytest.raises(ValidationError):
        SalesforceWrites(**wrong)  # type: ignore[arg-type]
