"""The Salesforce client's reads and writes against the sandbox org, over real HTTP."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from simple_salesforce.exceptions import SalesforceMalformedRequest

from activities.vendors.ports import Never, NotYet
from activities.vendors.salesforce.failures import code_of
from starters.sandbox.faults import Fault
from tests.activities.salesforce_org import (
    Connect,
    connect,
    failure_of,
    new_task,
    running,
    tasks_of,
)
from tests.sandboxed import Running

__all__ = ["connect", "running"]


async def test_an_upsert_twice_makes_one_record_and_keeps_the_later_fields(
    running: Running, connect: Connect
) -> None:
    key, fields = new_task(running)
    client = connect()
    first = await client.upsert("Task", "Dripstone_Key__c", key, fields)
    second = await client.upsert("Task", "Dripstone_Key__c", key, {**fields, "Subject": "Later"})
    assert first.reference == second.reference
    assert (first.note, second.note) == ("created", "updated")
    assert [row["Subject"] for row in tasks_of(running, key)] == ["Later"]


async def test_a_key_with_slashes_spaces_and_percent_signs_arrives_whole(
    running: Running, connect: Connect
) -> None:
    _, fields = new_task(running)
    key = f"a b/{uuid.uuid4()}/50%/ü?#+"
    await connect().upsert("Task", "Dripstone_Key__c", key, fields)
    assert len(tasks_of(running, key)) == 1


async def test_an_update_by_id_changes_the_lead(running: Running, connect: Connect) -> None:
    lead = running.sandbox.salesforce.seed_lead()
    receipt = await connect().update("Lead", lead, {"HasOptedOutOfEmail": True})
    row = next(r for r in running.sandbox.salesforce.rows("Lead") if r["Id"] == lead)
    assert receipt.reference == lead
    assert row["HasOptedOutOfEmail"] is True


async def test_dates_and_times_are_written_as_salesforce_reads_them(
    running: Running, connect: Connect
) -> None:
    start = datetime(2026, 11, 2, 9, tzinfo=UTC)
    _, fields = new_task(running)
    key = str(uuid.uuid4())
    event = {**fields, "StartDateTime": start, "EndDateTime": start + timedelta(minutes=30)}
    await connect().upsert("Event", "Dripstone_Key__c", key, event)
    row = running.sandbox.salesforce.rows("Event")[-1]
    assert (row["ActivityDate"], row["DurationInMinutes"]) == ("2026-11-02", 30)


async def test_a_query_reads_every_page(running: Running, connect: Connect) -> None:
    company = str(uuid.uuid4())
    for _ in range(3):
        running.sandbox.salesforce.seed_lead(Company=company)
    rows = await connect().query(f"SELECT Id, Company FROM Lead WHERE Company = '{company}'")
    assert [set(row) for row in rows] == [{"Id", "Company"}] * 3


async def test_a_user_is_found_by_address_once_and_remembered(
    running: Running, connect: Connect
) -> None:
    email = f"o'brien-{uuid.uuid4()}@example.com"
    user = running.sandbox.salesforce.seed_user(email)
    client = connect()
    assert await client.user_id_by_email(email) == user
    running.sandbox.faults.set("salesforce", "query", "html", times=9)
    assert await client.user_id_by_email(email.upper()) == user


async def test_an_unknown_address_is_nobody(connect: Connect) -> None:
    assert await connect().user_id_by_email("nobody@example.com") is None


async def test_describe_tells_an_external_id_field(connect: Connect) -> None:
    fields = {field["name"]: field for field in (await connect().describe("Task"))["fields"]}
    assert fields["Dripstone_Key__c"]["externalId"] is True
    assert fields["Subject"]["length"] == 255


@pytest.mark.parametrize(
    ("fault", "code", "wait"),
    [
        (Fault("html"), "http_503", None),
        (Fault("status", 503), "SERVER_UNAVAILABLE", None),
        (Fault("status", 500), "UNKNOWN_EXCEPTION", None),
        (Fault("lock_row", 0), "UNABLE_TO_LOCK_ROW", None),
        (Fault("lock_row", 1), "UNABLE_TO_LOCK_ROW", None),
        (Fault("rate_limit", 7), "REQUEST_LIMIT_EXCEEDED", 7),
        (Fault("drop"), "disconnected", None),
        (Fault("slow", 600), "timeout", None),
    ],
)
async def test_a_passing_trouble_is_not_yet(
    running: Running, connect: Connect, fault: Fault, code: str, wait: int | None
) -> None:
    key, fields = new_task(running)
    running.sandbox.faults.set("salesforce", "upsert", fault.kind, value=fault.value)
    client = connect(seconds=0.4) if fault.kind == "slow" else connect()
    problem = await failure_of(client.upsert("Task", "Dripstone_Key__c", key, fields))
    assert (type(problem), problem.code) == (NotYet, code)
    assert isinstance(problem, NotYet)
    assert problem.retry_after == (None if wait is None else timedelta(seconds=wait))


async def test_a_lost_answer_and_a_retry_make_exactly_one_task(
    running: Running, connect: Connect
) -> None:
    key, fields = new_task(running)
    client = connect()
    running.sandbox.faults.set("salesforce", "upsert", "drop_after_commit")
    problem = await failure_of(client.upsert("Task", "Dripstone_Key__c", key, fields))
    assert isinstance(problem, NotYet)
    assert len(tasks_of(running, key)) == 1
    await client.upsert("Task", "Dripstone_Key__c", key, fields)
    assert len(tasks_of(running, key)) == 1


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"No_Such__c": 1}, "INVALID_FIELD"),
        ({"Subject": "x" * 256}, "STRING_TOO_LONG"),
        ({"Description": "x" * 32_001}, "STRING_TOO_LONG"),
        ({"WhoId": "00Q5e00000000zzAAA"}, "MALFORMED_ID"),
        ({"WhoId": "00Q5e0000000zzz"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"OwnerId": "00Q5e0000000zzz"}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"ActivityDate": "2026-02-30"}, "JSON_PARSER_ERROR"),
        ({"ActivityDate": "2026-02-03T10:00:00Z"}, "JSON_PARSER_ERROR"),
        ({"TaskSubtype": "Fax"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"Id": "00T5e0000000001"}, "INVALID_FIELD"),
        ({"CreatedDate": "2026-02-03T10:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
    ],
)
async def test_a_field_that_salesforce_refuses_is_never(
    running: Running, connect: Connect, fields: dict[str, Any], code: str
) -> None:
    key, valid = new_task(running)
    problem = await failure_of(
        connect().upsert("Task", "Dripstone_Key__c", key, {**valid, **fields})
    )
    assert (type(problem), problem.code) == (Never, code)
    assert tasks_of(running, key) == []


async def test_a_refusal_names_the_field_and_not_its_value(
    running: Running, connect: Connect
) -> None:
    lead = running.sandbox.salesforce.seed_lead()
    problem = await failure_of(connect().update("Lead", lead, {"Email": "jane doe"}))
    unknown = await failure_of(connect().update("Lead", lead, {"Emial": "jane@example.com"}))
    assert "Email" in str(problem)
    assert "Emial" in str(unknown)
    assert "jane" not in str(problem) + str(unknown)


async def test_records_that_are_gone_or_ambiguous_are_never(
    running: Running, connect: Connect
) -> None:
    org, client = running.sandbox.salesforce, connect()
    gone = org.seed_lead(IsDeleted=True)
    converted = org.seed_lead(IsConverted=True)
    legacy = str(uuid.uuid4())
    for _ in range(2):
        org.seed_lead(Legacy_Key__c=legacy)
    body = {"Title": "Boss"}
    for asked, code in [
        (client.update("Lead", gone, body), "ENTITY_IS_DELETED"),
        (client.update("Lead", "00Q5e0000000zzz", body), "NOT_FOUND"),
        (client.update("Lead", "hello", body), "MALFORMED_ID"),
        (client.update("Lead", converted, body), "CANNOT_UPDATE_CONVERTED_LEAD"),
        (client.upsert("Lead", "Legacy_Key__c", legacy, body), "http_300"),
        (client.upsert("Lead", "Email", "a@example.com", body), "NOT_FOUND"),
    ]:
        problem = await failure_of(asked)
        assert (type(problem), problem.code) == (Never, code)


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("DUPLICATE_VALUE", "duplicate value found: Key__c duplicates value on", "_OF_KEY"),
        ("DUPLICATE_VALUE", "duplicate value found: Other__c duplicates value on", ""),
    ],
)
def test_only_a_duplicate_of_the_key_itself_passes_by_repeating(
    code: str, message: str, expected: str
) -> None:
    answer: Any = [{"errorCode": code, "message": message}]
    error = SalesforceMalformedRequest("https://x", 400, "Task", answer)
    assert code_of(error, "Key__c") == f"{code}{expected}"
