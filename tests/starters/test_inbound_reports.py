"""Reports by mail systems: bounces by their status codes, delays, complaints."""

from __future__ import annotations

from pathlib import Path

import pytest

from starters.webhooks.mail import InboundMail, parse

OURS = "<k3y@dripstone.example>"


def report(kind: str, machine_part: str) -> str:
    return f"""From: Mail Delivery System <MAILER-DAEMON@mx.example>
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Message-ID: <report@mx.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type={kind}; boundary="b"

--b
Content-Type: text/plain

This is the mail system at mx.example. Please remove me.
--b
Content-Type: message/{kind}

{machine_part}
--b
Content-Type: message/rfc822

From: ines@dripstone.example
Message-ID: {OURS}
To: ada@lead.example
Subject: Ground movement

Hello. Unsubscribe
--b--
"""


def dsn(status: str, action: str = "failed", diagnostic: str = "") -> InboundMail:
    fields = [f"Action: {action}", f"Status: {status}", f"Diagnostic-Code: smtp; {diagnostic}"]
    block = "\n".join(field for field in fields if not field.endswith((": ", "smtp; ")))
    part = (
        "Reporting-MTA: dns; mx.example\nArrival-Date: Mon, 23 Nov 2026 10:00:00 +0000\n\n"
        f"Final-Recipient: rfc822; ada@lead.example\n{block}\n"
    )
    return parse(report("delivery-status", part).encode())


@pytest.mark.parametrize(
    ("status", "bounce", "category"),
    [
        ("5.0.0", "hard", "other"),
        ("5.1.0", "hard", "address"),
        ("5.1.1", "hard", "address"),
        ("5.1.2", "hard", "address"),
        ("5.1.3", "hard", "address"),
        ("5.1.6", "hard", "address"),
        ("5.1.10", "hard", "address"),
        ("5.2.0", "hard", "mailbox"),
        ("5.2.1", "hard", "mailbox"),
        ("5.2.2", "soft", "mailbox"),
        ("5.2.3", "soft", "mailbox"),
        ("5.3.0", "hard", "system"),
        ("5.3.4", "soft", "system"),
        ("5.4.1", "hard", "network"),
        ("5.4.4", "hard", "network"),
        ("5.4.6", "soft", "network"),
        ("5.4.7", "soft", "network"),
        ("5.5.0", "hard", "protocol"),
        ("5.6.0", "soft", "content"),
        ("5.7.0", "soft", "policy"),
        ("5.7.1", "soft", "policy"),
        ("5.7.13", "hard", "policy"),
        ("5.7.26", "soft", "policy"),
        ("5.7.515", "soft", "policy"),
        ("4.2.2", "soft", "mailbox"),
        ("4.4.1", "soft", "network"),
        ("4.4.7", "soft", "network"),
    ],
)
def test_a_failed_delivery_bounces(status: str, bounce: str, category: str) -> None:
    mail = dsn(status)
    assert (mail.kind, mail.bounce, mail.status) == ("bounce", bounce, status)
    assert mail.category == category
    assert mail.final_recipient == "ada@lead.example"
    assert mail.references == (OURS,)


@pytest.mark.parametrize(
    ("status", "action", "kind"),
    [
        ("4.4.1", "delayed", "delayed"),
        ("5.1.1", "delayed", "delayed"),
        ("4.2.2", "", "delayed"),
        ("2.0.0", "delivered", "auto_reply"),
        ("2.1.5", "relayed", "auto_reply"),
        ("", "delayed", "delayed"),
    ],
)
def test_a_delay_is_not_a_bounce_yet(status: str, action: str, kind: str) -> None:
    mail = dsn(status, action)
    assert (mail.kind, mail.bounce) == (kind, None)
    assert mail.references == (OURS,)


@pytest.mark.parametrize(
    ("status", "diagnostic", "expected"),
    [
        ("5.0.0", "550 5.1.1 no such user", ("hard", "5.1.1")),
        ("5.0.0", "550-5.7.1 rejected for policy", ("soft", "5.7.1")),
        ("5.1.1", "550 5.7.1 whatever", ("hard", "5.1.1")),
        ("", "552 mailbox full", ("soft", "5.2.2")),
        ("", "550 no such user", ("hard", "5.0.0")),
        ("", "554 refused", ("soft", "5.7.0")),
        ("", "451 try later", ("soft", "4.0.0")),
        ("", "", ("soft", None)),
        ("5.0.0", "host 10.5.1.1 said no", ("hard", "5.0.0")),
    ],
)
def test_the_more_telling_status_counts(
    status: str, diagnostic: str, expected: tuple[str, str | None]
) -> None:
    mail = dsn(status, diagnostic=diagnostic)
    assert (mail.bounce, mail.status) == expected


@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/rfc822-headers"])
def test_returned_headers_alone_name_our_message(kind: str) -> None:
    raw = report("delivery-status", "Action: failed\nStatus: 5.1.1")
    raw = raw.replace("Content-Type: message/rfc822\n", f"Content-Type: {kind}\n")
    assert parse(raw.encode()).references == (OURS,)


@pytest.mark.parametrize(
    ("sender", "subject", "text", "expected"),
    [
        (
            "MAILER-DAEMON@mx.example",
            "failure notice",
            f"Hi. This is the mail program.\nuser unknown (#5.1.1)\n\nMessage-ID: {OURS}",
            ("bounce", "hard"),
        ),
        (
            "postmaster@mx.example",
            "Undeliverable: Ground",
            "mailbox full 5.2.2",
            ("bounce", "soft"),
        ),
        ("postmaster@mx.example", "Unzustellbar: Ground", "unbekannt", ("bounce", "soft")),
        (
            "mailer-daemon@mx.example",
            "Warning: mail delayed 4 hours",
            "4.4.1",
            ("delayed", None),
        ),
        ("postmaster@mx.example", "Re: your question", "Let us talk.", ("reply", None)),
        ("ada@lead.example", "Undeliverable goods", "Let us talk.", ("reply", None)),
    ],
)
def test_bounces_older_than_the_standard(
    sender: str, subject: str, text: str, expected: tuple[str, str | None]
) -> None:
    mail = parse(f"From: {sender}\nSubject: {subject}\n\n{text}\n".encode())
    assert (mail.kind, mail.bounce) == expected
    assert mail.references == ((OURS,) if OURS in text else ())


def test_exim_names_the_failed_recipient_in_a_header() -> None:
    raw = "From: x@mx.example\nX-Failed-Recipients: ada@lead.example\n\n550 5.1.1 unknown\n"
    mail = parse(raw.encode())
    assert (mail.kind, mail.bounce, mail.final_recipient) == ("bounce", "hard", "ada@lead.example")


@pytest.mark.parametrize(
    ("fields", "recipient"),
    [
        ("Feedback-Type: abuse\nOriginal-Rcpt-To: <ada@lead.example>", "ada@lead.example"),
        ("Feedback-Type: fraud\nOriginal-Rcpt-To: rfc822; redacted", None),
        ("Feedback-Type: other\nUser-Agent: feedback/1.0", None),
        ("User-Agent: feedback/1.0", None),
    ],
)
def test_a_complaint_is_known_even_when_redacted(fields: str, recipient: str | None) -> None:
    mail = parse(report("feedback-report", f"Version: 1\n{fields}").encode())
    assert (mail.kind, mail.final_recipient) == ("complaint", recipient)
    assert mail.references == (OURS,)


def test_not_spam_is_no_complaint() -> None:
    assert parse(report("feedback-report", "Feedback-Type: not-spam").encode()).kind == "auto_reply"


def test_a_read_receipt_is_no_reply() -> None:
    part = "Final-Recipient: rfc822; ada@lead.example\nDisposition: manual-action; displayed"
    assert parse(report("disposition-notification", part).encode()).kind == "auto_reply"


def test_parsing_reads_no_clock_and_no_ledger() -> None:
    for path in Path(__file__).parents[2].glob("starters/webhooks/mail*.py"):
        source = path.read_text(encoding="utf-8")
        assert not [word for word in (".now(", "ledger.", "starlette", "httpx") if word in source]
