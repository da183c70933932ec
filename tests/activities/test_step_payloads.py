"""What a step's write asks of Salesforce: fields, days in the assignee's zone, owners."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
from pydantic import JsonValue, ValidationError

from activities.ledger.connections import CenterConnections, SalesforceWrites
from activities.ledger.leads import Lead
from activities.step_payloads import field_payload, record_payload
from activities.templates import TemplateProblem
from activities.vendors.ports import Never
from workflows.engine.effects import AddEvent, AddNote, AddTask, SetField

RECORD = "00Q000000000001AAA"
WRITES = SalesforceWrites(
    writable_fields=("Rating",),
    fallback_owner="ada@dripstone.example",
    zone="America/New_York",
    user_zones={"kim@dripstone.example": "Asia/Tokyo"},
)
ACCOUNTS = CenterConnections(salesforce=WRITES)
EVENING = datetime.fromisoformat("2026-03-06T20:00:00Z")  # Saturday already, in Tokyo
ABOUT: dict[str, Any] = {"enrollment": "e", "entry": 1, "step": "s", "visit": 1}


def lead(lead_id: str = f"sf-{RECORD}", fields: Mapping[str, JsonValue] | None = None) -> Lead:
    return Lead("default", lead_id, "p", None, None, {"first_name": "Lu", **(fields or {})})


def task(**fields: Any) -> AddTask:
    plain = {"kind": "add_task", "subject": "Call {{ lead.first_name }}", "text": "", "days": 2}
    plain |= {"type": "Call", "priority": "High"}
    return AddTask.model_validate(ABOUT | plain | fields)


@pytest.mark.parametrize(
    ("assignee", "due", "reminder", "owners"),
    [
        (None, "2026-03-08", "2026-03-08T12:30:00+00:00", ["ada@dripstone.example"]),
        (
            "kim@dripstone.example",
            "2026-03-09",
            "2026-03-08T23:30:00+00:00",
            ["kim@dripstone.example", "ada@dripstone.example"],
        ),
    ],
)
def test_a_task_is_due_in_the_assignees_zone(
    assignee: str | None, due: str, reminder: str, owners: list[str]
) -> None:
    asked = record_payload(task(time="08:30", assigned_to=assignee), lead(), ACCOUNTS, EVENING)
    assert (asked["object"], asked["owners"]) == ("Task", owners)
    assert asked["fields"] == {
        "Subject": "Call Lu",
        "Description": "",
        "Type": "Call",
        "Priority": "High",
        "Status": "Not Started",
        "ActivityDate": due,
        "IsReminderSet": True,
        "ReminderDateTime": reminder,
        "WhoId": RECORD,
    }


@pytest.mark.parametrize(
    ("owner", "first"),
    [("kim@dripstone.example", "kim@dripstone.example"), ("Kim Lake", "ada@dripstone.example")],
)
def test_what_is_assigned_to_nobody_goes_to_the_leads_owner(owner: str, first: str) -> None:
    asked = record_payload(task(), lead(fields={"owner": owner}), ACCOUNTS, EVENING)
    assert asked["owners"][0] == first


def test_a_task_without_a_time_reminds_nobody() -> None:
    assert "ReminderDateTime" not in record_payload(task(), lead(), ACCOUNTS, EVENING)["fields"]


def test_an_event_starts_and_ends_by_the_clock_of_the_assignee() -> None:
    fields = {"kind": "add_event", "subject": "Demo", "text": "", "days": 1, "time": "10:00"}
    event = AddEvent.model_validate(ABOUT | fields | {"minutes": 45})
    asked = record_payload(event, lead(), ACCOUNTS, EVENING)
    assert asked["object"] == "Event"
    assert asked["fields"]["StartDateTime"] == "2026-03-07T15:00:00+00:00"
    assert asked["fields"]["EndDateTime"] == "2026-03-07T15:45:00+00:00"


def test_a_note_is_a_task_that_is_done_already() -> None:
    note = AddNote.model_validate(ABOUT | {"kind": "add_note", "subject": "Note", "text": "Hi"})
    asked = record_payload(note, lead(), ACCOUNTS, EVENING)
    status, day = asked["fields"]["Status"], asked["fields"]["ActivityDate"]
    assert (asked["object"], status, day) == ("Task", "Completed", "2026-03-06")


def test_a_field_that_the_lead_lacks_is_told_and_so_is_a_lead_that_is_not_there() -> None:
    with pytest.raises(TemplateProblem, match=r"lead\.company has no value"):
        record_payload(task(text="{{ lead.company }}"), lead(), ACCOUNTS, EVENING)
    with pytest.raises(Never, match="needs a lead of Salesforce"):
        record_payload(task(), lead("x-1"), ACCOUNTS, EVENING)


@pytest.mark.parametrize(
    ("fields", "known", "value", "writes"),
    [
        ({}, {}, "Hot", {"Rating": "Hot"}),
        ({}, {"Rating": "Cold"}, "Hot", {"Rating": "Hot"}),
        ({"fill_if_empty": True}, {"Rating": "Cold"}, "Cold", None),
        ({"fill_if_empty": True}, {"Rating": ""}, "Hot", {"Rating": "Hot"}),
        ({"only_here": True}, {}, "Hot", None),
        ({"only_here": True, "field": "mood"}, {}, "Hot", None),
    ],
)
def test_what_set_field_sets(
    fields: dict[str, Any], known: dict[str, JsonValue], value: str, writes: dict[str, str] | None
) -> None:
    plain = {"kind": "set_field", "field": "Rating", "value": "Hot"}
    asked = field_payload(
        SetField.model_validate(ABOUT | plain | fields), lead(fields=known), ACCOUNTS
    )
    assert (asked["value"], asked.get("fields")) == (value, writes)


def test_a_field_that_is_not_allowed_is_refused_and_elsewhere_only_known_here() -> None:
    phone = SetField(**ABOUT, kind="set_field", field="Phone", value="x")
    with pytest.raises(Never, match="not among the writable_fields"):
        field_payload(phone, lead(), ACCOUNTS)
    assert "object" not in field_payload(phone, lead("x-1"), ACCOUNTS)


def test_a_users_zone_must_be_one() -> None:
    with pytest.raises(ValidationError, match="no time zone 'Mars'"):
        SalesforceWrites(user_zones={"kim@dripstone.example": "Mars"})
