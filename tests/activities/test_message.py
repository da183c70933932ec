"""The composed message: headers that cannot be injected, threading, one-click unsubscribing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from activities.message import MessageParts, compose, message_id_for, payload_hash

URL = "https://mail.dripstone.example/u/" + "t0k3n" * 20


def parts(**changes: Any) -> MessageParts:
    given_parts: dict[str, Any] = {
        "from_address": "ines@dripstone.example",
        "from_name": "Ines Röth, Dripstone",
        "to_address": "ada@lead.example",
        "subject": "Ground movement at Steinbruch Süd",
        "text": "Hi Ada,\nÜber alles.\n",
        "html": "<p>Hi Ada</p>",
        "message_id": "<k3y@dripstone.example>",
        "date": datetime(2026, 11, 21, 9, 30, tzinfo=UTC),
        "unsubscribe_url": URL,
    }
    return MessageParts(**(given_parts | changes))


def reread(**changes: Any) -> EmailMessage:
    return message_from_bytes(compose(parts(**changes)).as_bytes(), policy=policy.default)


def test_a_message_says_what_its_parts_say() -> None:
    message = reread()
    assert str(message["From"]) == '"Ines Röth, Dripstone" <ines@dripstone.example>'
    assert str(message["To"]) == "ada@lead.example"
    assert message["Subject"] == "Ground movement at Steinbruch Süd"
    assert message["Date"] == "Sat, 21 Nov 2026 09:30:00 +0000"
    assert message["Message-ID"] == "<k3y@dripstone.example>"
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert text.get_content().splitlines() == ["Hi Ada,", "Über alles."]
    assert html.get_content().splitlines() == ["<p>Hi Ada</p>"]
    assert html.get_content_type() == "text/html"


def test_text_alone_makes_a_single_part() -> None:
    assert reread(html=None).get_content_type() == "text/plain"


def test_unsubscribing_takes_one_click() -> None:
    raw = compose(parts(unsubscribe_mailto="mailto:off@dripstone.example?subject=off")).as_bytes()
    header = f"List-Unsubscribe: <{URL}>,\r\n <mailto:off@dripstone.example?subject=off>\r\n"
    assert header.encode() in raw
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


def test_an_out_of_office_answer_is_welcome() -> None:
    names = {name.lower() for name in reread()}
    assert names.isdisjoint({"x-auto-response-suppress", "auto-submitted", "precedence", "bcc"})


def test_a_follow_up_is_threaded() -> None:
    first, second = "<one@dripstone.example>", "<two@lead.example>"
    message = reread(in_reply_to=second, references=(first, second, first))
    assert message["In-Reply-To"] == second
    assert message["References"] == f"{first} {second}"


def test_a_long_thread_keeps_its_first_and_its_latest_references_whole() -> None:
    chain = tuple(f"<{n}-{'x' * 80}@dripstone.example>" for n in range(40))
    message = reread(references=chain)
    assert str(message["References"]).split() == [chain[0], *chain[-19:]]
    raw = compose(parts(references=chain, in_reply_to=chain[-1])).as_bytes()
    assert b"=?" not in raw[raw.index(b"In-Reply-To") : raw.index(b"List-Unsubscribe")]


def test_a_long_subject_is_encoded_within_line_limits() -> None:
    raw = compose(parts(subject="Grüße " * 40)).as_bytes()
    assert max(map(len, raw.split(b"\r\n"))) < 200
    assert raw.isascii()
    assert reread(subject="Grüße " * 40)["Subject"] == "Grüße " * 40


@pytest.mark.parametrize("character", ["\r", "\n", "\r\n ", "\0", "\x1f", "\x7f", "\x85", "\u2028"])
@pytest.mark.parametrize(
    "field",
    [
        "from_address",
        "from_name",
        "to_address",
        "subject",
        "message_id",
        "unsubscribe_url",
        "unsubscribe_mailto",
        "in_reply_to",
        "references",
    ],
)
def test_no_header_can_be_injected(field: str, character: str) -> None:
    plain = {
        "message_id": "<k3y@dripstone.example>",
        "in_reply_to": "<k3y@dripstone.example>",
        "references": "<k3y@dripstone.example>",
        "unsubscribe_url": URL,
        "unsubscribe_mailto": "mailto:off@dripstone.example",
    }.get(field, "ada@lead.example")
    for bad in (f"{plain}{character}Bcc: x@y.example", f"{character}{plain}"):
        with pytest.raises(ValidationError) as caught:
            parts(**{field: (bad,) if field == "references" else bad})
        assert field in str(caught.value)
        assert plain not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "a@b.example, c@d.example",
        "a@b.example;c@d.example",
        "Ada <a@b.example>",
        "<a@b.example>",
        "a@b.example\n",
        " a@b.example",
        "a b@c.example",
        "ü@b.example",
        "a@b.example>",
        '"a b"@c.example',
        "a@b@c.example",
    ],
)
def test_exactly_one_plain_address_is_taken(address: str) -> None:
    with pytest.raises(ValidationError, match=r"exactly one address|line break"):
        parts(to_address=address)


@pytest.mark.parametrize(
    "changes",
    [
        {"unsubscribe_url": "ftp://x.example/u"},
        {"unsubscribe_url": "https://x.example/u>,<mailto:a@b.example"},
        {"unsubscribe_url": "https://x.example/a b"},
        {"unsubscribe_mailto": "off@dripstone.example"},
        {"message_id": "k3y@dripstone.example"},
        {"message_id": "<k3y>"},
        {"message_id": "<a b@c.example>"},
        {"references": ("<a@b.example> <c@d.example>",)},
        {"date": datetime(2026, 11, 21)},  # noqa: DTZ001 (naive on purpose)
        {"subject": ""},
        {"text": "\ud800"},
        {"bcc": "x@y.example"},
    ],
)
def test_other_parts_are_refused_too(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        parts(**changes)


def test_an_international_domain_is_written_in_its_ascii_form() -> None:
    assert parts(to_address="ada@bücher.example").to_address == "ada@xn--bcher-kva.example"


def test_a_date_elsewhere_is_written_in_utc() -> None:
    local = datetime(2026, 11, 21, 10, 30, tzinfo=timezone(timedelta(hours=1)))
    assert reread(date=local)["Date"] == "Sat, 21 Nov 2026 09:30:00 +0000"


@settings(max_examples=40)
@given(st.text(min_size=1, max_size=200), st.text(max_size=60), st.text(min_size=1, max_size=300))
def test_whatever_is_taken_reads_back_as_one_message(subject: str, name: str, text: str) -> None:
    try:
        taken = parts(subject=subject, from_name=name, text=text)
    except ValidationError:
        return
    message = message_from_bytes(compose(taken).as_bytes(), policy=policy.default)
    assert sorted(message.keys()) == sorted(compose(parts()).keys())
    assert str(message["To"]) == "ada@lead.example"
    assert len(message["From"].addresses) == 1


def test_the_same_parts_make_the_same_bytes() -> None:
    assert compose(parts()).as_bytes() == compose(parts()).as_bytes()


def test_a_message_id_belongs_to_one_effect() -> None:
    made = message_id_for("a/1/intro/1/send", b"secret", "Dripstone.example")
    assert made == message_id_for("a/1/intro/1/send", b"secret", "dripstone.example")
    assert made.endswith("@dripstone.example>")
    assert made != message_id_for("a/1/intro/2/send", b"secret", "dripstone.example")
    assert made != message_id_for("a/1/intro/1/send", b"other", "dripstone.example")
    assert parts(message_id=made).message_id == made


@pytest.mark.parametrize(
    ("changes", "is_other"),
    [
        ({}, False),
        ({"date": datetime(2027, 1, 1, tzinfo=UTC)}, False),
        ({"unsubscribe_url": "https://other.example/u/1"}, False),
        ({"references": ("<a@b.example>",)}, False),
        ({"from_address": "else@dripstone.example"}, True),
        ({"from_name": "Else"}, True),
        ({"to_address": "bob@lead.example"}, True),
        ({"subject": "Other"}, True),
        ({"text": "Other"}, True),
        ({"html": None}, True),
        ({"html": ""}, True),
    ],
)
def test_the_hash_covers_what_a_reader_sees(changes: dict[str, Any], is_other: bool) -> None:
    assert (payload_hash(parts(**changes)) != payload_hash(parts())) is is_other
