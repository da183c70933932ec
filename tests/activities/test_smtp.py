"""The SMTP mailer against a real server on loopback: what each fault at each phase means."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from activities.message import compose
from activities.vendors.ports import Never, NoSuchMailbox, NotYet, Unclear, VendorFailure
from activities.vendors.smtp import SmtpMailer, _reference
from tests.activities.mail_post import ENOUGH, LONG, PARTS, SHORT, Post, Watch, open_post
from tests.patience import until


async def _never() -> None:
    raise AssertionError("handed over without a connection")


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    async with open_post(tmp_path) as running:
        yield running


async def test_a_message_arrives_byte_for_byte(post: Post) -> None:
    message = compose(PARTS)
    reference = await post.send(message=message)
    (stored,) = post.sandbox.messages()
    assert stored.path.read_bytes() == message.as_bytes()
    assert stored.path.stem == reference
    assert (stored.to_address, stored.from_address) == ("ada@lead.example", PARTS.from_address)
    assert (stored.subject, stored.message_id) == (PARTS.subject, PARTS.message_id)
    assert post.watch.calls == 1
    assert post.watch.stored_before == 0


@pytest.mark.parametrize("end", [b"", b"\r\n", b"\n\n\r\n"])
async def test_bare_line_ends_leave_as_crlf(post: Post, end: bytes) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "a@b.example", "c@d.example"
    message.set_payload("one\ntwo\n.\n" + end.decode())
    await post.send(message=message)
    stored = post.sandbox.messages()[0].path.read_bytes()
    assert b"\r\n\r\none\r\ntwo\r\n.\r\n" in stored
    assert stored.count(b"\n") == stored.count(b"\r\n")


@pytest.mark.parametrize("point", ["connect", "ehlo", "mail", "rcpt", "data"])
@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("drop", None, (NotYet, "disconnected")),
        ("status", 451, (NotYet, "451")),
        ("status", 421, (NotYet, "421")),
        ("status", 554, (Never, "554")),
        ("slow", 30, (NotYet, "timeout")),
    ],
)
async def test_a_fault_before_the_content_is_surely_not_sent(
    post: Post, point: str, kind: str, value: int | None, expected: tuple[type[Exception], str]
) -> None:
    post.sandbox.faults.set("smtp", point, kind, value=value)
    failure = await post.failure(SHORT if kind == "slow" else LONG)
    assert (type(failure), failure.code) == expected
    assert post.watch.calls == 0
    assert post.sandbox.messages() == []


@pytest.mark.parametrize(
    ("fault", "value", "verdict", "stored"),
    [
        ("before_dot drop", None, Unclear, 0),
        ("before_dot slow", 30, Unclear, 0),
        ("after_dot drop", None, Unclear, 1),
        ("after_dot slow", 30, Unclear, 1),
        ("after_dot status", 354, Unclear, 0),
        ("after_dot status", 451, NotYet, 0),
        ("after_dot status", 554, Never, 0),
    ],
)
async def test_a_drop_after_the_content_is_ambiguous_and_a_refusal_is_not(
    post: Post, fault: str, value: int | None, verdict: type[VendorFailure], stored: int
) -> None:
    point, kind = fault.split()
    post.sandbox.faults.set("smtp", point, kind, value=value)
    post.answers_within = ENOUGH if kind == "slow" else None
    failure = await post.failure()
    assert type(failure) is verdict
    assert post.watch.calls == 1
    assert post.watch.stored_before == 0
    assert len(post.sandbox.messages()) == stored


@pytest.mark.parametrize(
    ("point", "code", "verdict"),
    [("rcpt", 550, NoSuchMailbox), ("rcpt", 554, Never), ("mail", 550, Never)],
)
async def test_only_a_refused_recipient_is_a_missing_mailbox(
    post: Post, point: str, code: int, verdict: type[VendorFailure]
) -> None:
    post.sandbox.faults.set("smtp", point, "status", value=code)
    assert type(await post.failure()) is verdict


async def test_a_drop_instead_of_a_goodbye_is_success(post: Post) -> None:
    post.sandbox.faults.set("smtp", "after_250", "drop")
    assert await post.send() == post.sandbox.messages()[0].path.stem


async def test_what_hand_over_raises_stops_the_message(post: Post) -> None:
    post.watch = Watch(post.sandbox, TimeoutError("the stop came first"))
    with pytest.raises(TimeoutError, match="the stop came first"):
        await post.send()
    post.watch = Watch(post.sandbox)
    await post.send()
    assert len(post.sandbox.messages()) == 1


async def test_a_connection_lost_during_hand_over_is_surely_not_sent(post: Post) -> None:
    async def heard_of_it() -> bool:
        return not post.mailer.client.is_connected

    class Stopping(Watch):
        async def __call__(self) -> None:
            await super().__call__()
            await post.sandbox.stop()
            await until(heard_of_it)

    post.watch = Stopping(post.sandbox)
    failure = await post.failure()
    assert (type(failure), failure.code) == (NotYet, "disconnected")
    assert post.watch.calls == 1


async def test_a_closed_port_is_worth_another_try() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        mailer = SmtpMailer("127.0.0.1", taken.getsockname()[1], tls="none")
        with pytest.raises(NotYet, match="refused"):
            await mailer.send(compose(PARTS), _never)


@pytest.mark.parametrize(
    ("field", "value"),
    [("To", "a@b.example, c@d.example"), ("Cc", "c@d.example"), ("To", "ü@b.example")],
)
async def test_exactly_one_plain_recipient_is_served(post: Post, field: str, value: str) -> None:
    message = compose(PARTS)
    del message[field]
    message[field] = value
    with pytest.raises(Never, match="553"):
        await post.send(message=message)
    assert post.watch.calls == 0


async def test_failures_and_the_mailer_never_show_people_or_secrets(post: Post) -> None:
    post.sandbox.faults.set("smtp", "rcpt", "status", value=550)
    shown = f"{await post.failure()!r} {SmtpMailer('h', 25, 'me', 'pass-w0rd')!r}"
    assert not [secret for secret in ("ada", "lead.example", "pass-w0rd") if secret in shown]


@pytest.mark.parametrize(
    ("answer", "reference"),
    [
        ("2.0.0 Ok: queued as 4F3A21B0C", "4F3A21B0C"),
        ("OK id=1rX2yz-0001Ab-CD", "1rX2yz-0001Ab-CD"),
        ("2.6.0 <k3y@a.example> [InternalId=123456, Hostname=x] Queued mail", "123456"),
        ("2.0.0 OK  1700000000 ab12-3cd.45 - gsmtp", "2.0.0-OK-1700000000-ab12-3cd.45---gsmtp"),
        ("for ada@lead.example", "for"),
        ("", "accepted"),
        ("x" * 300, "x" * 64),
    ],
)
def test_the_reference_is_a_safe_token(answer: str, reference: str) -> None:
    assert _reference(answer) == reference
