"""What platform steps ask for: fields that are allowed, records that are known, meetings."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import JsonValue

from activities.ledger.connections import (
    CenterConnections,
    HubspotWrites,
    MarketoWrites,
    SalesforceWrites,
)
from activities.ledger.conversations import Booked, Conversation
from activities.ledger.leads import Lead
from activities.platform_payloads import (
    campaign_payload,
    program_payload,
    push_payload,
    status_payload,
)
from activities.platforms import Platforms
from activities.templates import TemplateProblem
from activities.timeline_payloads import meeting_payload, timeline_payload
from activities.vendors.ports import Never
from workflows.engine.platform_effects import (
    AddToCampaign,
    HubspotMeeting,
    HubspotTimelineEvent,
    MarketoProgram,
    MarketoStatus,
    Push,
)

NOW = datetime(2026, 3, 9, 9, tzinfo=UTC)
ABOUT: dict[str, Any] = {"enrollment": "e", "entry": 1, "step": "s", "visit": 1}
HUBSPOT = HubspotWrites(writable_fields=("email", "firstname", "company"), timeline_template="7")
ACCOUNTS = CenterConnections(
    salesforce=SalesforceWrites(writable_fields=("LastName",)),
    hubspot=HUBSPOT,
    marketo=MarketoWrites(status_field="leadStage"),
)
NOTHING = CenterConnections()
CAMPAIGN = AddToCampaign(**ABOUT, kind="add_to_campaign", campaign="701000000000001AAA")
PROGRAM = MarketoProgram(**ABOUT, kind="marketo_program", program=1001, status="Member")
STATUS = MarketoStatus(**ABOUT, kind="marketo_status", status="Meeting Booked")
TOLD = HubspotTimelineEvent(**ABOUT, kind="hubspot_timeline_event", title="{{ lead.first_name }}")
MET = HubspotMeeting(**ABOUT, kind="hubspot_meeting", title="Demo")


def lead(**fields: JsonValue) -> Lead:
    return Lead("north", "crm-1", "p", "lu@example.com", None, {"first_name": "Lu"} | fields)


def push(**fields: str) -> Push:
    return Push(**ABOUT, kind="push", system="hubspot", fields=fields)


def test_a_push_writes_what_the_lead_has_and_empties_nothing() -> None:
    asked = push_payload(
        push(email="email", firstname="first_name", company="company"), lead(company=""), ACCOUNTS
    )
    assert asked["fields"] == {"email": "lu@example.com", "firstname": "Lu"}
    assert (asked["key_field"], asked["key"]) == ("dripstone_key", "north:crm-1")


def test_a_field_that_nobody_has_allowed_is_refused_by_name_and_without_its_value() -> None:
    with pytest.raises(Never, match="'phone' not among the writable_fields of hubspot") as caught:
        push_payload(push(email="email", phone="phone"), lead(phone="+49 555"), ACCOUNTS)
    assert "555" not in str(caught.value)


def test_a_center_without_the_account_or_a_lead_without_a_record_is_told() -> None:
    for accounts, said in ((NOTHING, "has no 'marketo'"), (ACCOUNTS, "let a push step come")):
        with pytest.raises(Never, match=said):
            status_payload(STATUS, lead(), None, accounts)
        with pytest.raises(Never, match=said):
            program_payload(PROGRAM, None, accounts)
        with pytest.raises(Never, match=said.replace("marketo", "salesforce")):
            campaign_payload(CAMPAIGN, None, accounts)
    assert status_payload(STATUS, lead(), "7", ACCOUNTS)["fields"] == {
        "leadStage": "Meeting Booked"
    }


@pytest.mark.parametrize("system", ["salesforce", "hubspot", "marketo"])
def test_a_system_that_is_not_configured_any_more_is_named_with_its_settings(system: str) -> None:
    with pytest.raises(Never, match=f"set DRIPSTONE_{system.upper()}__") as caught:
        Platforms().lead_system(system)
    assert caught.value.code == "not_configured"
    with pytest.raises(Never, match="DRIPSTONE_HUBSPOT__TOKEN"):
        _ = Platforms().timeline


def test_an_event_has_the_words_the_link_and_the_transcript() -> None:
    said = Conversation("Visitor: Hello?", "https://chat.example/1")
    asked = timeline_payload(TOLD, lead(), "51", ACCOUNTS, (said, NOW))
    assert asked["tokens"] == {"title": "Lu", "text": "", "link": "https://chat.example/1"}
    assert asked["extra"] == {"transcript": "Visitor: Hello?"}
    quiet = TOLD.model_copy(update={"transcript": False})
    assert timeline_payload(quiet, lead(), "51", ACCOUNTS, (said, NOW))["extra"] == {}
    nothing = Conversation("", "")
    assert timeline_payload(TOLD, lead(), "51", ACCOUNTS, (nothing, NOW))["extra"] == {}


def test_an_event_needs_a_template_and_its_words() -> None:
    said = Conversation("", "")
    bare = CenterConnections(hubspot=HubspotWrites())
    with pytest.raises(Never, match="timeline_template"):
        timeline_payload(TOLD, lead(), "51", bare, (said, NOW))
    nameless = TOLD.model_copy(update={"title": "{{ lead.nickname }}"})
    with pytest.raises(TemplateProblem, match=r"lead\.nickname has no value"):
        timeline_payload(nameless, lead(), "51", ACCOUNTS, (said, NOW))


@pytest.mark.parametrize(
    ("data", "starts", "ends", "attendees"),
    [
        ({}, "2026-03-09T09:00:00.000Z", "2026-03-09T09:30:00.000Z", []),
        (
            {"starts_at": "2026-03-10T10:00:00+01:00", "ends_at": "2026-03-10T10:45:00+01:00"},
            "2026-03-10T09:00:00.000Z",
            "2026-03-10T09:45:00.000Z",
            [],
        ),
        (
            {"owner": "Ada@x.io", "attendees": ["ada@x.io", {"email": "Lu@example.com"}, 7, "K"]},
            "2026-03-09T09:00:00.000Z",
            "2026-03-09T09:30:00.000Z",
            ["ada@x.io"],
        ),
        (
            {"owner": "Ada Fox", "attendees": [{"email": "kim@x.io", "name": "Kim"}]},
            "2026-03-09T09:00:00.000Z",
            "2026-03-09T09:30:00.000Z",
            ["kim@x.io"],
        ),
    ],
)
def test_a_meeting_has_its_times_in_utc_and_everybody_but_the_lead(
    data: dict[str, Any], starts: str, ends: str, attendees: list[str]
) -> None:
    asked = meeting_payload(MET, lead(), "51", ACCOUNTS, Booked("e1", NOW, data))
    fields = asked["fields"]
    assert (fields["hs_meeting_start_time"], fields["hs_meeting_end_time"]) == (starts, ends)
    assert asked["attendees"] == attendees


def test_two_steps_about_one_meeting_have_one_key_and_without_a_meeting_there_is_none() -> None:
    other = MET.model_copy(update={"step": "again", "visit": 2})
    told = [Booked(f"e{n}", NOW, {"id": "m1"}) for n in (1, 2)]
    keys = {
        meeting_payload(effect, lead(), "51", ACCOUNTS, booked)["key"]
        for effect, booked in zip((MET, other), told, strict=True)
    }
    assert len(keys) == 1
    with pytest.raises(Never, match="no meeting of this lead is known"):
        meeting_payload(MET, lead(), "51", ACCOUNTS, None)
