"""POST /events and the state of the ingress, over real HTTP; Temporal is down throughout."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from activities.ledger.tables import (
    admissions,
    deliveries,
    effects,
    inbox,
    refusals,
    suppressions,
)
from tests.starters.arrivals import (
    ADA,
    ADDRESSES,
    BOB,
    ENROLLMENT,
    EVENTS_SECRET,
    Arrivals,
    event,
    open_ingress,
)

OTHER_SECRET = "whsec_" + "b3RoZXJz" * 5
STRANGER = "sf-00Q000000000009AAA"


@pytest.fixture
async def arrivals(tmp_path: Path) -> AsyncIterator[Arrivals]:
    async with open_ingress(tmp_path) as found:
        yield found


async def test_an_event_is_committed_and_stops_the_enrollment_with_temporal_down(
    arrivals: Arrivals,
) -> None:
    answer = await arrivals.post_events(event(kind="unsubscribe"))
    assert (answer.status_code, answer.json()) == (
        200,
        {"id": "e-1", "duplicate": False, "enrollments": 1},
    )
    assert await arrivals.rows(inbox, "id", "kind", "lead") == [("e-1", "unsubscribe", ADA)]
    assert await arrivals.rows(admissions, "stop_reason") == [("unsubscribed",)]
    assert await arrivals.rows(deliveries, "event", "enrollment") == [("e-1", ENROLLMENT)]
    assert {row[0] for row in await arrivals.rows(suppressions, "reason")} == {"unsubscribed"}
    assert ("e-1/mark_unsubscribed", "PLANNED") in await arrivals.rows(effects, "key", "state")


async def test_an_event_sent_twice_is_one(arrivals: Arrivals) -> None:
    assert not (await arrivals.post_events(event())).json()["duplicate"]
    again = await arrivals.post_events(event(at="2026-11-20T10:00:01Z"))
    assert (again.status_code, again.json()["duplicate"]) == (200, True)
    assert len(await arrivals.rows(inbox, "id")) == 1


@pytest.mark.parametrize("other", [{"kind": "unsubscribe"}, {"lead": BOB}])
async def test_an_id_that_another_event_has_is_a_conflict_and_nothing_is_acknowledged(
    arrivals: Arrivals, other: dict[str, str]
) -> None:
    await arrivals.post_events(event())
    answer = await arrivals.post_events(event(**other))
    assert answer.status_code == 409
    assert "give each its own id" in answer.json()["conflict"]
    fresh = await arrivals.post_events(event(**other, id="e-2"))
    assert not fresh.json()["duplicate"]


async def test_a_list_is_answered_in_its_order(arrivals: Arrivals) -> None:
    answer = await arrivals.post_events([event(), event(id="e-2", kind="pause"), event()])
    results = answer.json()["results"]
    assert [(one["id"], one["duplicate"]) for one in results] == [
        ("e-1", False),
        ("e-2", False),
        ("e-1", True),
    ]


async def test_of_a_list_with_a_bad_event_nothing_is_taken(arrivals: Arrivals) -> None:
    bad = {"id": "e-2", "kind": "reply", "at": "yesterday", "lead": "sf-1", "mail@x.example": 1}
    answer = await arrivals.post_events([event(), bad])
    assert answer.status_code == 400
    assert [problem["where"] for problem in answer.json()["problems"]] == ["[1].at", "[1]"]
    assert "x.example" not in answer.text
    assert await arrivals.rows(inbox, "id") == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"lead": "sf-1"}, "18-character"),
        ({"lead": "crm-ada@lead.example"}, "ids are not private"),
        ({"email": "ada@@lead.example"}, "no address"),
        ({"center": "moon"}, "no such center"),
    ],
)
async def test_an_event_about_what_cannot_be_is_refused_without_quoting_it(
    arrivals: Arrivals, wrong: dict[str, str], said: str
) -> None:
    answer = await arrivals.post_events(event(**wrong))
    assert answer.status_code == 400
    assert said in answer.text
    assert "lead.example" not in answer.text


async def test_an_opt_out_of_an_unknown_lead_is_kept_and_holds_when_the_lead_comes(
    arrivals: Arrivals,
) -> None:
    answer = await arrivals.post_events(event(kind="opt_out", lead=STRANGER))
    assert answer.status_code == 202
    assert "no lead of this id is known" in answer.json()["note"]
    assert await arrivals.rows(inbox, "kind", "lead") == [("unsubscribe", STRANGER)]
    asked = event(
        id="e-2", kind="enroll", automation="spring", lead=STRANGER, email="new@lead.example"
    )
    assert (await arrivals.post_events(asked)).json()["refused"] == "suppressed: unsubscribed"


async def test_an_opt_out_by_address_alone_reaches_the_person_and_their_record(
    arrivals: Arrivals,
) -> None:
    body = event(kind="unsubscribe", email="Ada+x@lead.example")
    del body["lead"]
    assert (await arrivals.post_events(body)).json()["enrollments"] == 1
    assert ("e-1/mark_unsubscribed",) in await arrivals.rows(effects, "key")
    assert "lead.example" not in str(await arrivals.rows(deliveries, "body"))


async def test_an_opt_out_from_another_address_of_a_lead_holds_for_both(
    arrivals: Arrivals,
) -> None:
    await arrivals.post_events(event(kind="unsubscribe", email="ada@home.example"))
    await arrivals.run_sql("UPDATE admissions SET state = 'CLOSED', closed_at = 0")
    for place, address in enumerate((ADDRESSES[ADA], "ada@home.example")):
        asked = event(id=f"in-{place}", kind="enroll", automation="spring", email=address)
        answer = (await arrivals.post_events(asked)).json()
        assert answer["refused"] == "suppressed: unsubscribed"
    assert len([key for (key,) in await arrivals.rows(effects, "key") if "mark_" in key]) == 1


async def test_an_enroll_event_admits_once_and_gets_the_same_answer_again(
    arrivals: Arrivals,
) -> None:
    asked = event(id="in-1", kind="enroll", automation="spring", lead=BOB, email=ADDRESSES[BOB])
    first, second = await arrivals.post_events(asked), await arrivals.post_events(asked)
    admitted = {"id": "in-1", "enrollment": f"enrollment:spring:{BOB}", "entry": 1}
    assert first.json() == admitted | {"duplicate": False}
    assert second.json() == admitted | {"duplicate": True}
    assert ("in-1", BOB) in await arrivals.rows(admissions, "cause", "lead")


async def test_a_refused_enroll_event_is_answered_with_the_reason(arrivals: Arrivals) -> None:
    asked = event(id="in-2", kind="enroll", automation="spring")
    answer = await arrivals.post_events(asked)
    assert (answer.status_code, answer.json()["refused"]) == (200, "already enrolled")
    assert await arrivals.rows(refusals, "cause") == [("in-2",)]


@pytest.mark.parametrize(
    ("secret", "off", "status"),
    [
        (EVENTS_SECRET, timedelta(minutes=4), 200),
        (OTHER_SECRET, timedelta(), 401),
        (EVENTS_SECRET, timedelta(minutes=6), 401),
        (EVENTS_SECRET, timedelta(minutes=-6), 401),
    ],
)
async def test_a_signature_counts_for_five_minutes(
    arrivals: Arrivals, secret: str, off: timedelta, status: int
) -> None:
    answer = await arrivals.post_events(event(), secret, datetime.now(UTC) + off)
    assert answer.status_code == status
    assert len(await arrivals.rows(inbox, "id")) == (status == 200)


@pytest.mark.parametrize("signature", ["", "v1", "v1,%%%", "v1,AAAA v2,BBBB", "v1a,QQ=="])
async def test_a_broken_signature_is_refused(arrivals: Arrivals, signature: str) -> None:
    headers = {"webhook-id": "m", "webhook-timestamp": str(int(datetime.now(UTC).timestamp()))}
    headers |= {"webhook-signature": signature}
    answer = await arrivals.http.post("/events", content=b"\xff{}", headers=headers)
    assert answer.status_code == 401


async def test_two_secrets_are_good_while_one_is_replaced(tmp_path: Path) -> None:
    both = SecretStr(f"{OTHER_SECRET} {EVENTS_SECRET}")
    async with open_ingress(tmp_path, events_secret=both) as arrivals:
        assert (await arrivals.post_events(event())).status_code == 200
        assert (await arrivals.post_events(event(id="e-2"), OTHER_SECRET)).status_code == 200


async def test_without_secrets_the_endpoints_say_which_variable_to_set(tmp_path: Path) -> None:
    async with open_ingress(tmp_path, events_secret=None, mail_token=None) as arrivals:
        events, mail = await arrivals.post_events(event()), await arrivals.post_mail(b"x")
    assert (events.status_code, mail.status_code) == (503, 503)
    assert "DRIPSTONE_INGRESS__EVENTS_SECRET" in events.text
    assert "DRIPSTONE_INGRESS__MAIL_TOKEN" in mail.text


async def test_a_body_over_a_megabyte_is_refused_also_when_its_length_is_not_declared(
    arrivals: Arrivals,
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b" " * 100_000

    declared = await arrivals.http.post("/events", content=b" " * 1_100_000)
    streamed = await arrivals.http.post("/events", content=pieces())
    assert (declared.status_code, streamed.status_code) == (413, 413)


async def test_a_ledger_that_cannot_be_written_acknowledges_nothing(arrivals: Arrivals) -> None:
    await arrivals.run_sql(
        "CREATE TRIGGER full BEFORE INSERT ON inbox BEGIN"
        " SELECT RAISE(ABORT, 'database or disk is full'); END"
    )
    refused = await arrivals.post_events(event())
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert "send it again" in refused.json()["error"]
    await arrivals.run_sql("DROP TRIGGER full")
    assert (await arrivals.post_events(event())).json()["duplicate"] is False


async def test_it_is_up_and_ready_without_temporal_and_not_ready_without_the_ledger(
    arrivals: Arrivals,
) -> None:
    ready = {"ledger": "answers", "temporal": "does not answer"}
    assert (await arrivals.http.get("/readyz")).json() == ready
    await arrivals.run_sql("ALTER TABLE inbox RENAME TO elsewhere")
    assert (await arrivals.http.get("/readyz")).status_code == 503
    assert (await arrivals.http.get("/healthz")).json() == {"status": "up"}
