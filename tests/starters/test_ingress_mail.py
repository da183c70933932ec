"""POST /webhooks/mail over real HTTP: whom a mail is about, and what follows from it."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from activities.ledger.leads import person_of
from activities.ledger.tables import admissions, deliveries, effects, inbox, suppressions
from tests.starters.arrivals import (
    ADA,
    BOB,
    MESSAGE_ID,
    Arrivals,
    open_ingress,
)

FORGED = "<" + "f" * 40 + "@dripstone.example>"
ANSWERS = f"In-Reply-To: {MESSAGE_ID}"
AUTOMATIC = "Auto-Submitted: auto-replied"
INES = "Ines <ines@dripstone.example>"


@pytest.fixture
async def arrivals(tmp_path: Path) -> AsyncIterator[Arrivals]:
    async with open_ingress(tmp_path) as found:
        yield found


def letter(
    text: str,
    *headers: str,
    sender: str = "Ada <ada@lead.example>",
    message_id: str = "<answer@lead.example>",
) -> bytes:
    head = [f"From: {sender}", "Subject: Re: Hello", f"Message-ID: {message_id}", *headers]
    return ("\r\n".join(head) + "\r\n\r\n" + text).encode()


def report(kind: str, fields: str, about: str = MESSAGE_ID) -> bytes:
    return f"""From: Mail Delivery System <MAILER-DAEMON@mx.example>
Subject: Report
Message-ID: <report@mx.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type={kind}; boundary="b"

--b
Content-Type: message/{kind}

{fields}

--b
Content-Type: text/rfc822-headers

Message-ID: {about}
--b--
""".encode()


def bounce(status: str, about: str = MESSAGE_ID, action: str = "failed") -> bytes:
    fields = "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; ada@lead.example\n"
    return report("delivery-status", f"{fields}Action: {action}\nStatus: {status}", about)


def complaint(about: str = MESSAGE_ID) -> bytes:
    return report("feedback-report", "Feedback-Type: abuse\nVersion: 1", about)


REMOVE, MORE = "Please remove me.", "Tell me more."
BY_ID, BY_ADDRESS = "message_id", "address"
NOTHING: tuple[list[str], None] = ([], None)


@pytest.mark.parametrize(
    ("raw", "kind", "matched", "follows"),
    [
        (letter(MORE, ANSWERS), "reply", BY_ID, ([], "reply_received")),
        (letter(MORE, ANSWERS, sender="a@home.example"), "reply", BY_ID, ([], "reply_received")),
        (letter(MORE), "reply", BY_ADDRESS, ([], "reply_received")),
        (letter(MORE, sender="eve@else.example"), "reply", None, NOTHING),
        (letter(REMOVE, ANSWERS), "unsubscribe", BY_ID, (["unsubscribed"], "unsubscribed")),
        (letter(REMOVE), "unsubscribe", BY_ADDRESS, (["unsubscribed"], "unsubscribed")),
        (letter(REMOVE, sender="eve@else.example"), "unsubscribe", None, (["unsubscribed"], None)),
        (bounce("5.1.1"), "bounce", BY_ID, (["bounced"], "email_bounced")),
        (bounce("4.2.2"), "bounce", BY_ID, NOTHING),
        (bounce("4.4.1", action="delayed"), "auto_reply", BY_ID, NOTHING),
        (bounce("5.1.1", FORGED), "bounce", None, NOTHING),
        (complaint(), "complaint", BY_ID, (["complained"], "unsubscribed")),
        (complaint(FORGED), "complaint", None, NOTHING),
        (letter("I am out of office.", ANSWERS, AUTOMATIC), "out_of_office", BY_ID, NOTHING),
        (letter("We got your mail.", ANSWERS, AUTOMATIC), "auto_reply", BY_ID, NOTHING),
        (letter("We got your mail.", AUTOMATIC), "auto_reply", None, NOTHING),
        (letter(MORE, ANSWERS, sender=INES), "own_mail", BY_ID, NOTHING),
        (letter(REMOVE, sender=INES), "own_mail", None, NOTHING),
        (letter("Hello", message_id=MESSAGE_ID, sender=INES), "own_mail", BY_ID, NOTHING),
        (letter(REMOVE, message_id=MESSAGE_ID), "own_mail", BY_ID, NOTHING),
    ],
)
async def test_what_a_mail_is_and_what_follows(
    arrivals: Arrivals, raw: bytes, kind: str, matched: str | None, follows: tuple[Any, ...]
) -> None:
    answer = await arrivals.post_mail(raw)
    told = {"kind": kind, "matched": matched, "duplicate": False}
    assert (answer.status_code, answer.json()) == (200, told)
    assert await arrivals.rows(inbox, "kind", "lead") == [(kind, ADA if matched else None)]
    suppressed = sorted({row[0] for row in await arrivals.rows(suppressions, "reason")})
    ((stopped,),) = await arrivals.rows(admissions, "stop_reason")
    assert (suppressed, stopped) == follows


async def test_a_mail_that_comes_twice_is_one_event(arrivals: Arrivals) -> None:
    raw = letter(MORE, ANSWERS)
    assert not (await arrivals.post_mail(raw)).json()["duplicate"]
    assert (await arrivals.post_mail(raw)).json()["duplicate"]
    assert len(await arrivals.rows(inbox, "id")) == 1


async def test_an_opt_out_is_not_hidden_by_an_earlier_mail_under_its_message_id(
    arrivals: Arrivals,
) -> None:
    await arrivals.post_mail(letter(MORE, ANSWERS))
    assert not (await arrivals.post_mail(letter(REMOVE, ANSWERS))).json()["duplicate"]
    scopes = sorted(row[0] for row in await arrivals.rows(suppressions, "scope"))
    assert scopes == ["lead", "person"]


async def test_words_and_addresses_stay_in_the_ledger(arrivals: Arrivals) -> None:
    await arrivals.post_mail(letter("x" * 20_000, ANSWERS))
    ((data,),) = await arrivals.rows(inbox, "data")
    assert (len(data["text"]), data["from"]) == (10_000, "ada@lead.example")
    ((body,),) = await arrivals.rows(deliveries, "body")
    assert set(body) == {"id", "at", "kind", "recorded", "data"}
    assert body["data"] == {"class": "NEUTRAL", "sure": False}


async def test_a_bounce_tells_its_step_and_is_written_back_after_the_exit(
    arrivals: Arrivals,
) -> None:
    await arrivals.run_sql("UPDATE admissions SET state = 'CLOSED'")
    await arrivals.post_mail(bounce("5.1.1"))
    ((data,),) = await arrivals.rows(inbox, "data")
    assert (data["type"], data["step"], data["status"]) == ("hard", "hello", "5.1.1")
    assert "mark_bounced" in [row[0] for row in await arrivals.rows(effects, "activity")]


async def test_a_bounce_of_another_address_of_a_lead_is_about_that_address(
    arrivals: Arrivals,
) -> None:
    await arrivals.run_sql(
        'UPDATE effects SET payload = \'{"mail": {"to_address": "ada@work.example"}}\''
    )
    await arrivals.post_mail(bounce("5.1.1"))
    ((subject, reason),) = await arrivals.rows(suppressions, "subject", "reason")
    assert (subject, reason) == (
        person_of(arrivals.ledger, "default", "ada@work.example", ""),
        "bounced",
    )
    ((stop,),) = await arrivals.rows(admissions, "stop_reason")
    assert stop == "email_bounced"


async def test_the_day_of_return_reaches_the_enrollment(arrivals: Arrivals) -> None:
    date = "Date: Fri, 20 Nov 2026 10:00:00 +0000"
    text = "I am out of office until 30 November 2026."
    await arrivals.post_mail(letter(text, ANSWERS, AUTOMATIC, date))
    ((body,),) = await arrivals.rows(deliveries, "body")
    assert body["data"]["until"].startswith("2026-1")


async def test_a_lead_with_the_address_of_a_mailbox_may_reply(arrivals: Arrivals) -> None:
    await arrivals.run_sql(
        'UPDATE effects SET payload = \'{"mail": {"to_address": "ines@dripstone.example"}}\''
    )
    answer = await arrivals.post_mail(letter(MORE, ANSWERS, sender=INES))
    assert answer.json()["kind"] == "reply"


async def test_of_several_mails_the_one_answered_counts(arrivals: Arrivals) -> None:
    await arrivals.enroll(BOB)
    first = "In-Reply-To: <unknown@else.example>"
    answer = await arrivals.post_mail(letter(MORE, first, f"References: {FORGED} {MESSAGE_ID}"))
    assert answer.json()["matched"] == BY_ID
    assert await arrivals.rows(admissions, "lead", "stop_reason") == [
        (ADA, "reply_received"),
        (BOB, None),
    ]


@pytest.mark.parametrize("raw", [b"{}", b"\x00\xff\xfe", b"no header at all\r\n\r\nRemove me"])
async def test_what_cannot_be_read_is_acknowledged_and_kept_whole(
    arrivals: Arrivals, raw: bytes
) -> None:
    answer = await arrivals.post_mail(raw)
    assert (answer.status_code, answer.json()["kind"]) == (200, "malformed")
    ((kind, data),) = await arrivals.rows(inbox, "kind", "data")
    assert (kind, base64.b64decode(data["raw"]), data["bytes"]) == ("malformed", raw, len(raw))


@pytest.mark.parametrize(
    "header",
    [
        b"In-Reply-To: <\xff\xfe@\x00x>",
        b"From: \xff\xfe <\xed\xa0\x80@x>",
        b"Subject: =?utf-8?b?7aCA?= \x00",
        b"References: " + b"<a@b> " * 5_000,
        b"Content-Type: multipart/mixed; boundary=b",
    ],
)
async def test_hostile_bytes_are_kept_and_never_an_error(arrivals: Arrivals, header: bytes) -> None:
    raw = b"Message-ID: <\xff@x>\r\n" + header + b"\r\n\r\nHello \xff\x00"
    answer = await arrivals.post_mail(raw)
    assert (answer.status_code, answer.json()["matched"]) == (200, None)
    assert len(await arrivals.rows(inbox, "id")) == 1


@pytest.mark.parametrize("token", ["", "wrong", "a mailbox's toke", "a mailbox's token2", "é"])
async def test_without_the_token_no_mail_is_taken(arrivals: Arrivals, token: str) -> None:
    headers = {b"Authorization": f"Bearer {token}".strip().encode("latin-1")}
    answer = await arrivals.http.post("/webhooks/mail", content=letter(MORE), headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert await arrivals.rows(inbox, "id") == []


async def test_an_empty_body_is_a_mistake_of_the_sender(arrivals: Arrivals) -> None:
    assert (await arrivals.post_mail(b" \r\n")).status_code == 400


async def test_a_mail_that_cannot_be_committed_is_not_acknowledged(arrivals: Arrivals) -> None:
    await arrivals.run_sql(
        "CREATE TRIGGER full BEFORE INSERT ON inbox BEGIN"
        " SELECT RAISE(ABORT, 'database or disk is full'); END"
    )
    assert (await arrivals.post_mail(letter(MORE, ANSWERS))).status_code == 503
    await arrivals.run_sql("DROP TRIGGER full")
    assert not (await arrivals.post_mail(letter(MORE, ANSWERS))).json()["duplicate"]
