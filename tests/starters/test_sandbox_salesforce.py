"""The sandbox org's own rules, asked over plain HTTP as any client would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from starters.sandbox.salesforce.ids import full_id
from tests.patience import PATIENCE
from tests.sandboxed import Running, running_sandbox


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as found:
        yield found


@pytest.fixture(scope="module")
def rest(running: Running) -> Iterator[httpx.Client]:
    with _org(running) as client:
        yield client


def _org(running: Running) -> httpx.Client:
    secrets = running.sandbox.secrets.salesforce
    answer = httpx.post(
        f"{running.web}/salesforce/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(secrets.client_id, secrets.client_secret),
        timeout=PATIENCE,
    )
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    return httpx.Client(
        base_url=f"{running.web}/salesforce/services/data/v59.0", headers=headers, timeout=PATIENCE
    )


def test_ids_are_eighteen_characters_with_the_checksum_of_their_capitals() -> None:
    assert full_id("001A0000006Vm9r") == "001A0000006Vm9rIAC"
    assert full_id("001A0000006Vm9rIAD") is None
    assert full_id("not an id") is None


_EVENT = {"Subject": "Meeting", "StartDateTime": "2026-11-02T09:00:00Z"}


@pytest.mark.parametrize(
    ("path", "fields", "code"),
    [
        ("Lead", {"LastName": "x"}, "REQUIRED_FIELD_MISSING"),
        ("Contact", {}, "REQUIRED_FIELD_MISSING"),
        ("Lead", {"LastName": "x", "Company": "y", "DoNotCall": "yes"}, "JSON_PARSER_ERROR"),
        ("Event", {"Subject": "Meeting"}, "REQUIRED_FIELD_MISSING"),
        ("Event", _EVENT, "REQUIRED_FIELD_MISSING"),
        ("Event", {"IsAllDayEvent": True}, "REQUIRED_FIELD_MISSING"),
        (
            "Event",
            {**_EVENT, "DurationInMinutes": 30, "EndDateTime": "2026-11-02T10:00:00Z"},
            "FIELD_INTEGRITY_EXCEPTION",
        ),
        ("Event", {**_EVENT, "EndDateTime": "2026-11-02T08:00:00Z"}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Event", {**_EVENT, "DurationInMinutes": 99_999}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Note", {"Title": "x"}, "REQUIRED_FIELD_MISSING"),
        ("CampaignMember", {"Status": "Sent"}, "REQUIRED_FIELD_MISSING"),
        ("Spaceship", {}, "NOT_FOUND"),
    ],
)
def test_a_record_that_breaks_a_rule_is_refused(
    rest: httpx.Client, path: str, fields: dict[str, Any], code: str
) -> None:
    answer = rest.post(f"/sobjects/{path}", json=fields)
    assert answer.status_code in (400, 404)
    assert answer.json()[0]["errorCode"] == code


def test_records_are_created_read_changed_and_deleted(rest: httpx.Client) -> None:
    made = rest.post("/sobjects/Lead/", json={"LastName": "Doe", "Company": "Acme"})
    lead = made.json()["id"]
    assert (made.status_code, made.json()["success"]) == (201, True)
    assert rest.patch(f"/sobjects/Lead/{lead[:15]}", json={"FirstName": "Jo"}).status_code == 204
    assert rest.get(f"/sobjects/Lead/{lead}").json()["Name"] == "Jo Doe"
    assert rest.delete(f"/sobjects/Lead/{lead}").status_code == 204
    gone = rest.get(f"/sobjects/Lead/{lead}")
    assert (gone.status_code, gone.json()[0]["errorCode"]) == (404, "ENTITY_IS_DELETED")
    assert "api-usage=" in gone.headers["Sforce-Limit-Info"]


def test_a_key_that_another_record_holds_is_a_duplicate(rest: httpx.Client) -> None:
    body = {"Subject": "x", "Dripstone_Key__c": "one"}
    first = rest.post("/sobjects/Task", json=body).json()["id"]
    answer = rest.post("/sobjects/Task", json={**body, "Dripstone_Key__c": "ONE"}).json()[0]
    assert answer["errorCode"] == "DUPLICATE_VALUE"
    assert first in answer["message"]


def test_a_member_joins_a_campaign_once_and_responds_by_status(
    rest: httpx.Client, running: Running
) -> None:
    org = running.sandbox.salesforce
    body = {"CampaignId": org.seed("Campaign", Name="C"), "LeadId": org.seed_lead(Email="m@x.io")}
    member = rest.post("/sobjects/CampaignMember", json=body).json()["id"]
    again = rest.post("/sobjects/CampaignMember", json=body).json()[0]
    assert again["errorCode"] == "DUPLICATE_VALUE"
    assert "Already a campaign member" in again["message"]
    rest.patch(f"/sobjects/CampaignMember/{member}", json={"Status": "Responded"})
    soql = (
        f"SELECT Id, HasResponded, Lead.Email FROM CampaignMember WHERE LeadId = '{body['LeadId']}'"
        f" AND CampaignId IN ('{body['CampaignId']}', '701000000000000AAA') LIMIT 5"
    )
    found = rest.get("/query/", params={"q": soql}).json()["records"]
    assert [(r["HasResponded"], r["Lead"]["Email"]) for r in found] == [(True, "m@x.io")]


def test_a_query_pages_orders_and_compares(rest: httpx.Client, running: Running) -> None:
    for number in range(201):
        running.sandbox.salesforce.seed_lead(Company="Paged", NumberOfEmployees=number)
    soql = (
        "SELECT NumberOfEmployees FROM Lead WHERE Company = 'paged' AND NumberOfEmployees >= 0"
        " AND CreatedDate > 2020-01-01T00:00:00Z AND Email = null ORDER BY NumberOfEmployees DESC"
    )
    headers = {"Sforce-Query-Options": "batchSize=200"}
    page = rest.get("/query", params={"q": soql}, headers=headers).json()
    assert (page["totalSize"], page["done"], len(page["records"])) == (201, False, 200)
    locator = page["nextRecordsUrl"].rpartition("/")[2]
    last = rest.get(f"/query/{locator}").json()
    assert [r["NumberOfEmployees"] for r in last["records"]] == [0]


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("DELETE FROM Lead", "MALFORMED_QUERY"),
        ("SELECT Id FROM Spaceship", "INVALID_TYPE"),
        ("SELECT Nope FROM Lead", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE Email = bare", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE Email = 'a' OR Email = 'b'", "MALFORMED_QUERY"),
    ],
)
def test_a_query_that_soql_does_not_know_is_refused(
    rest: httpx.Client, soql: str, code: str
) -> None:
    assert rest.get("/query", params={"q": soql}).json()[0]["errorCode"] == code


def test_a_collection_answers_row_by_row(rest: httpx.Client) -> None:
    def row(**fields: Any) -> dict[str, Any]:
        return {"attributes": {"type": "Task"}, **fields}

    rows = [
        row(Dripstone_Key__c="c/1", Subject="one"),
        row(Dripstone_Key__c="c/1", Subject="two"),
        row(Dripstone_Key__c="c/2", Nope="three"),
        row(Subject="four"),
    ]
    url = "/composite/sobjects/Task/Dripstone_Key__c"
    answer = rest.patch(url, json={"allOrNone": False, "records": rows}).json()
    assert [r["success"] for r in answer] == [True, True, False, False]
    assert [r.get("created") for r in answer] == [True, False, None, None]
    assert answer[2]["errors"][0]["statusCode"] == "INVALID_FIELD"
    many = rest.patch(url, json={"records": rows * 51})
    assert many.status_code == 400
