"""POST /webhooks/twilio over real HTTP: signatures, opt-outs, answers, and what became of texts."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest

from activities.ledger.effects import Intent, Settlement, settle, write_intent
from activities.ledger.leads import new_lead
from activities.ledger.suppressions import phone_key
from activities.ledger.tables import admissions, effects, inbox, suppressions
from activities.ledger.text_correlation import mark_of, pair_key
from tests.starters.arrivals import (
    ACCOUNT,
    ADA,
    ADDRESSES,
    AUTH_TOKEN,
    BOB,
    ENROLLMENT,
    OUR_PHONE,
    Arrivals,
    open_ingress,
)

PHONE, STRANGER = "+12025550123", "+12025550199"
PUBLIC = "http://127.0.0.1:8480/webhooks/twilio"
KEY = f"{ENROLLMENT}/1/text/1/send_sms"


@pytest.fixture
async def arrivals(tmp_path: Path) -> AsyncIterator[Arrivals]:
    async with open_ingress(tmp_path) as found:
        await send_text(found)
        yield found


async def send_text(arrivals: Arrivals, state: str = "SENT", lead: str = ADA) -> None:
    """Note in the ledger that the lead was sent a text message."""
    ledger = arrivals.ledger
    person = new_lead(ledger, "default", {"email": ADDRESSES[lead]}, lead).person
    about = {"enrollment": ENROLLMENT, "entry": 1, "step": "text", "visit": 1, "lead": lead}
    key = KEY.replace(ADA, lead)
    about |= {"person": person, "message_id": mark_of(ledger, key)}
    about |= {"token": pair_key(ledger, OUR_PHONE, PHONE)}
    payload = {"from": OUR_PHONE, "to": PHONE, "text": "Hi"}
    intent = Intent(key, "default", "send_sms", "twilio", payload, "hash", about)
    async with ledger.transaction() as tx:
        await write_intent(ledger, tx, intent, "test")
        await settle(ledger, tx, key, Settlement(state, "lost" if state == "UNKNOWN" else ""))


def signature(url: str, form: Mapping[str, str], token: str = AUTH_TOKEN) -> str:
    said = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), said.encode(), hashlib.sha1).digest()).decode()


async def post(
    arrivals: Arrivals, form: Mapping[str, str], query: str = "", signed: str = ""
) -> httpx.Response:
    """Post a webhook as Twilio does."""
    header = signed or signature(PUBLIC + query, form)
    headers = {"X-Twilio-Signature": header}
    return await arrivals.http.post(f"/webhooks/twilio{query}", data=dict(form), headers=headers)


def answer(body: str, sender: str = PHONE, sid: str = "1", **more: str) -> dict[str, str]:
    return {
        "AccountSid": ACCOUNT,
        "MessageSid": f"SM{sid:0>32}",
        "From": sender,
        "To": OUR_PHONE,
        "Body": body,
        "SomethingNew": "to come",
    } | more


def status(said: str, code: str = "") -> dict[str, str]:
    form = {"AccountSid": ACCOUNT, "MessageSid": f"SM{'7' * 32}", "MessageStatus": said}
    return form | ({"ErrorCode": code} if code else {})


def callback(arrivals: Arrivals) -> str:
    return f"?key={mark_of(arrivals.ledger, KEY)}"


async def kinds(arrivals: Arrivals) -> list[tuple[str, str | None]]:
    """(kind, lead) of every event in the inbox."""
    return [tuple(row) for row in await arrivals.rows(inbox, "kind", "lead")]


async def test_an_answer_is_a_reply_of_whom_the_newest_message_went_to(arrivals: Arrivals) -> None:
    posted = await post(arrivals, answer("Sounds good, call me"))
    assert (posted.status_code, posted.text) == (200, "<Response></Response>")
    assert posted.headers["content-type"].startswith("text/xml")
    assert await kinds(arrivals) == [("reply", ADA)]
    assert await arrivals.rows(admissions, "stop_reason") == [("reply_received",)]
    await post(arrivals, answer("Sounds good, call me"))
    assert await kinds(arrivals) == [("reply", ADA)]
    await send_text(arrivals, lead=BOB)
    await post(arrivals, answer("Me too", sid="2"))
    assert await kinds(arrivals) == [("reply", ADA), ("reply", BOB)]


async def test_an_answer_of_nobody_that_is_known_is_kept_and_stops_nobody(
    arrivals: Arrivals,
) -> None:
    await post(arrivals, answer("Who is this?", sender=STRANGER))
    assert await kinds(arrivals) == [("reply", None)]
    assert await arrivals.rows(admissions, "stop_reason") == [(None,)]


async def test_stop_suppresses_texts_to_person_record_and_number_and_start_lifts_it(
    arrivals: Arrivals,
) -> None:
    assert (await post(arrivals, answer("Stop!"))).status_code == 200
    number = phone_key(arrivals.ledger, "default", PHONE)
    found = await arrivals.rows(suppressions, "scope", "channel", "reason")
    assert found == [(scope, "sms", "sms_opt_out") for scope in ("lead", "person", "phone")]
    assert ("phone", number) in await arrivals.rows(suppressions, "scope", "subject")
    # The mails of this campaign go on.
    assert await arrivals.rows(admissions, "stop_reason") == [(None,)]
    await post(arrivals, answer("yes", sid="2"))
    assert len(await arrivals.rows(suppressions, "scope")) == 3
    await post(arrivals, answer("START", sid="3"))
    assert await arrivals.rows(suppressions, "scope") == []
    assert [kind for kind, _ in await kinds(arrivals)] == ["reply", "sms_opt_in", "sms_opt_out"]


async def test_a_stop_from_a_phone_that_nobody_wrote_to_holds_for_the_number(
    arrivals: Arrivals,
) -> None:
    await post(arrivals, answer("Bitte keine SMS mehr", sender=STRANGER))
    assert await arrivals.rows(suppressions, "scope", "channel") == [("phone", "sms")]


async def test_twilios_own_reading_of_a_word_counts_too(arrivals: Arrivals) -> None:
    await post(arrivals, answer("foobar", OptOutType="STOP"))
    assert [kind for kind, _ in await kinds(arrivals)] == ["sms_opt_out"]


@pytest.mark.parametrize(
    ("said", "code", "kind", "scopes"),
    [
        ("queued", "", None, []),
        ("delivered", "", "sms_delivered", []),
        ("undelivered", "30003", "sms_undelivered", []),
        ("undelivered", "30006", "sms_undelivered", ["phone"]),
        ("failed", "21610", "sms_opt_out", ["lead", "person", "phone"]),
    ],
)
async def test_what_became_of_a_message_is_a_fact_about_its_lead(
    arrivals: Arrivals, said: str, code: str, kind: str | None, scopes: list[str]
) -> None:
    for _ in range(2):
        posted = await post(arrivals, status(said, code), callback(arrivals))
        assert posted.status_code == 200
    assert await kinds(arrivals) == ([(kind, ADA)] if kind else [])
    assert [row[0] for row in await arrivals.rows(suppressions, "scope")] == scopes


async def test_a_message_whose_end_was_unknown_is_sent_once_twilio_tells_of_it(
    arrivals: Arrivals,
) -> None:
    await arrivals.run_sql(f"UPDATE effects SET state = 'UNKNOWN' WHERE key = '{KEY}'")
    await post(arrivals, status("failed", "30008"), callback(arrivals))
    texts = {"key", "state", "vendor_ref"}
    row = next(row for row in await arrivals.rows(effects, *sorted(texts)) if row[0] == KEY)
    assert row[1] == "UNKNOWN"
    await post(arrivals, status("sent"), callback(arrivals))
    row = next(row for row in await arrivals.rows(effects, *sorted(texts)) if row[0] == KEY)
    assert row == (KEY, "SENT", f"SM{'7' * 32}")


async def test_a_status_of_a_message_that_is_not_ours_is_acknowledged_and_forgotten(
    arrivals: Arrivals,
) -> None:
    for query in ("", "?key=" + "0" * 40):
        assert (await post(arrivals, status("undelivered", "30006"), query)).status_code == 200
    assert await kinds(arrivals) == []


async def test_what_is_not_signed_is_refused_and_changes_nothing(arrivals: Arrivals) -> None:
    for signed in ("none", signature(PUBLIC, answer("START"))):
        refused = await post(arrivals, answer("STOP"), signed=signed)
        assert refused.status_code == 403
        assert "DRIPSTONE_TWILIO__AUTH_TOKEN" in refused.json()["error"]
    assert (await arrivals.http.post("/webhooks/twilio", content=b"\xff=\xff")).status_code == 400
    assert await kinds(arrivals) == []


async def test_what_is_signed_and_cannot_be_read_is_kept_and_not_asked_for_again(
    arrivals: Arrivals,
) -> None:
    for _ in range(2):
        assert (await post(arrivals, status("vanished"))).status_code == 200
    assert await kinds(arrivals) == [("malformed", None)]
    assert "MessageStatus" in str(await arrivals.rows(inbox, "data"))
